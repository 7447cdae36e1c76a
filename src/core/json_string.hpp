#pragma once

#include <string>
#include <string_view>

namespace convoke {

// Appends `text` as a JSON string, quotes included. Bytes that are no UTF-8 become U+FFFD, so that the result is always valid JSON.
void append_json_string(std::string& out, std::string_view text);

}  // namespace convoke
