#pragma once

#include <string_view>
#include <vector>

namespace convoke::csv {

// The fields of one record (no line end) with their quotes and blanks as written: joined by the delimiter they give the record again.
[[nodiscard]] std::vector<std::string_view> raw_fields(std::string_view record, char delimiter);

}  // namespace convoke::csv
