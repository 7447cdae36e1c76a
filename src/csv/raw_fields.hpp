#pragma once

#include <string_view>
#include <vector>

namespace convoke::csv {

// The fields of one record that the reader accepts, which has no line end here, with their quotes and blanks as written. Joined by the
// delimiter they make the record.
[[nodiscard]] std::vector<std::string_view> raw_fields(std::string_view record, char delimiter);

}  // namespace convoke::csv
