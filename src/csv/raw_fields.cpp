#include "csv/raw_fields.hpp"

#include <cstddef>

#include "csv/blanks.hpp"

namespace convoke::csv {

std::vector<std::string_view> raw_fields(std::string_view record, char delimiter) {
  std::vector<std::string_view> out;
  std::size_t begin = 0;
  bool quoted = false;
  bool may_open = true;  // nothing but blanks so far in this field
  for (std::size_t i = 0; i < record.size(); ++i) {
    const char c = record[i];
    if (c == '"' && !quoted) {
      quoted = may_open && skip_blanks(record, begin, i) == i;  // further on it is a character like any other
      may_open = false;
    } else if (c == '"' && i + 1 < record.size() && record[i + 1] == '"') {
      ++i;  // doubled
    } else if (c == '"') {
      quoted = false;
    } else if (c == delimiter && !quoted) {
      out.push_back(record.substr(begin, i - begin));
      begin = i + 1;
      may_open = true;
    }
  }
  out.push_back(record.substr(begin));
  return out;
}

}  // namespace convoke::csv
