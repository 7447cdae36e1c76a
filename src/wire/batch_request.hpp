#pragma once

// The body of a `$batch` of calls for meetings, item by item. Pure.

#include <string>
#include <string_view>

namespace convoke::wire {

// What stands around the items.
inline constexpr std::string_view batch_begin = R"({"requests":[)", batch_end = "]}";

// One item without a body, or the beginning of one whose body is appended next, as JSON, and then batch_item_end. `id`: letters, digits
// and `-`. `path`: after the version of the API, `/users/…`, as create_or_get_path and meeting_path make it, which needs no escape in JSON.
// The first item of an envelope has no comma before it.
void append_batch_item(std::string& out, bool first, std::string_view id, std::string_view method, std::string_view path, bool has_body);
inline constexpr std::string_view batch_item_end = "}";

}  // namespace convoke::wire
