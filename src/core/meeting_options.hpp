#pragma once

// The options of a meeting that createOrGet cannot set and PATCH can: their names, and the values that they take. Source: Graph's page
// "Update onlineMeeting" of 2025-08-20.

#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>

#include <convoke/spec.hpp>

namespace convoke::core {

enum class option_kind : std::uint8_t {
  boolean,   // true, false
  word,      // one of meeting_option::values
  words,     // a list of such words
  language,  // a language tag such as en-US
  guid,
};

struct meeting_option {
  std::uint8_t number;    // stands for the option in stored specs, so it never changes, and is not given to another option
  std::string_view name;  // the path of the member in JSON: `allowedPresenters`, `lobbyBypassSettings.scope`
  option_kind kind;
  std::string_view values = {};  // word, words: the words, with blanks between
  bool lasting = false;          // once set it cannot be taken back
};

// A member of a meeting, or what people call it, that is no option, and the reason.
struct refused_option {
  std::string_view name;
  std::string_view reason;  // the rest of a sentence: `cannot be chosen: …`
};

// All of them, by name.
[[nodiscard]] std::span<const meeting_option> meeting_options() noexcept;
[[nodiscard]] std::span<const refused_option> refused_options() noexcept;

// Null where no option has this number.
[[nodiscard]] const meeting_option* option_numbered(std::uint8_t number) noexcept;
// By the exact name. Null where there is none.
[[nodiscard]] const meeting_option* option_at(std::string_view path) noexcept;
// By a name as people write it: case, `_`, `-` and blanks do not count. The error is what is wrong with it, for people: why it is refused,
// or the nearest name.
[[nodiscard]] std::expected<const meeting_option*, std::string> option_named(std::string_view written);

// The one form in which a value is stored, compared and sent: `true`, the word as Graph writes it, a GUID in lower case; of a list the
// words in order with `;` between. Case does not count in what is given. The error is the rest of a sentence for people.
[[nodiscard]] std::expected<std::string, std::string> canonical_value(const meeting_option& option, std::string_view text);

// What an option takes, for people: `true or false`, `everyone, organization, roleIsPresenter or organizer`.
[[nodiscard]] std::string values_text(const meeting_option& option);

// Appends a value in its one form as JSON.
void append_option_json(std::string& out, const meeting_option& option, std::string_view value);

// What stands in front of an option's name where fields of a meeting are named: `option.allowedPresenters`.
inline constexpr std::string_view option_field = "option.";

}  // namespace convoke::core
