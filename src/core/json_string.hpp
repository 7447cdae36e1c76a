#pragma once

#include <string>
#include <string_view>

namespace convoke::core {

// Appends `text` as a JSON string, quotes included. Bytes that are no UTF-8 become U+FFFD, so that the result is always valid JSON.
void append_json_string(std::string& out, std::string_view text);

// The same JSON value, written so that a terminal shows it: DEL, C1, bidirectional marks and invisible characters are escapes too.
void append_visible_json_string(std::string& out, std::string_view text);
// The same for JSON that is written already. `json` is UTF-8.
[[nodiscard]] std::string visible_json(std::string_view json);

}  // namespace convoke::core
