#include "csv/raw_fields.hpp"

#include <cstddef>

namespace convoke::csv {

std::vector<std::string_view> raw_fields(std::string_view record, char delimiter) {
  std::vector<std::string_view> out;
  std::size_t begin = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < record.size(); ++i) {
    const char c = record[i];
    // A quote opens a field only at its start; inside, a doubled quote closes and opens again, which comes to the same.
    if (c == '"' && (quoted || i == begin)) quoted = !quoted;
    if (c == '"' && !quoted && i + 1 < record.size() && record[i + 1] == '"') {
      quoted = true;
      ++i;
      continue;
    }
    if (c == delimiter && !quoted) {
      out.push_back(record.substr(begin, i - begin));
      begin = i + 1;
    }
  }
  out.push_back(record.substr(begin));
  return out;
}

}  // namespace convoke::csv
