#pragma once

#include <string>
#include <string_view>

namespace convoke {

// Replaces by `***` whatever of `hidden` occurs in `text`: in full, or any 12 bytes of it in a row.
[[nodiscard]] std::string withhold(std::string_view text, std::string_view hidden);

}  // namespace convoke
