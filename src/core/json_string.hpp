#pragma once

#include <string>
#include <string_view>

namespace convoke::core {

// Appends `text` as a JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD, so the result is always valid JSON.
void append_json_string(std::string& out, std::string_view text);

// Appends the same JSON value in a form that a terminal shows: DEL, C1, bidirectional marks and invisible characters are escaped too.
void append_visible_json_string(std::string& out, std::string_view text);
// Escapes these characters in JSON that is already written. `json` is UTF-8.
[[nodiscard]] std::string visible_json(std::string_view json);

}  // namespace convoke::core
