#pragma once

// The chat of a channel, in which createOrGet of Graph's beta endpoint makes a meeting (`chatInfo.threadId`).

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace convoke::core {

// The name of its column, and of the field in which a stored meeting may differ.
inline constexpr std::string_view chat_thread_field = "chat_thread_id";

// The longest id that is taken, in bytes. Those that were seen have up to 80.
inline constexpr std::size_t longest_chat_thread = 256;

// Null where `text` is the id of a thread: `19:`, then ASCII letters, digits and `-` `_` `:` `.` `=`, then `@thread.` with `tacv2`, `v2`
// or `skype` (older channels). Letter case counts. Nothing in such an id has to be escaped in JSON or in a log. Else the reason, for
// people: the rest of a sentence that begins with the value.
[[nodiscard]] const char* why_no_chat_thread(std::string_view text) noexcept;

// Whether an update can correct a difference of this field. The chat of a meeting is fixed when it is made: Graph's page of the update does
// not list chatInfo.
[[nodiscard]] constexpr bool can_be_updated(std::string_view field) noexcept {
  return field != chat_thread_field;
}

// Whether an update can correct any of these differences. A meeting that differs in others alone would get an update in every run.
[[nodiscard]] bool any_can_be_updated(std::span<const std::string> fields) noexcept;

}  // namespace convoke::core
