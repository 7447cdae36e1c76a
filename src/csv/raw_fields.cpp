#include "csv/raw_fields.hpp"

#include <cstddef>

namespace convoke::csv {

std::vector<std::string_view> raw_fields(std::string_view record, char delimiter) {
  std::vector<std::string_view> out;
  std::size_t begin = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < record.size(); ++i) {
    const char c = record[i];
    if (c == '"' && !quoted) {
      quoted = i == begin;  // further on it is a character like any other
    } else if (c == '"' && i + 1 < record.size() && record[i + 1] == '"') {
      ++i;  // doubled
    } else if (c == '"') {
      quoted = false;
    } else if (c == delimiter && !quoted) {
      out.push_back(record.substr(begin, i - begin));
      begin = i + 1;
    }
  }
  out.push_back(record.substr(begin));
  return out;
}

}  // namespace convoke::csv
