#pragma once

#include <string_view>
#include <vector>

namespace convoke::csv {

// The fields of one record, which has no line end, with their quotes and blanks as written. Joined by the delimiter they make the record.
[[nodiscard]] std::vector<std::string_view> raw_fields(std::string_view record, char delimiter);

}  // namespace convoke::csv
