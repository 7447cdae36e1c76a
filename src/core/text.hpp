#pragma once

// Helpers for text that people read or write.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace convoke::core {

[[nodiscard]] constexpr char ascii_lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}
[[nodiscard]] constexpr bool ascii_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}
[[nodiscard]] constexpr bool ascii_letter(char c) noexcept {
  return ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z';
}

// `text` without spaces and tabs at its beginning and end: the blanks of HTTP (RFC 9110, section 5.6.3). trim() removes more.
[[nodiscard]] constexpr std::string_view trim_http(std::string_view text) noexcept {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  return text.substr(0, text.find_last_not_of(" \t") + 1);
}

// Changes ASCII letters to lower case in place; to_lower (convoke/key.hpp) does so in a copy.
void make_lower(std::string& text) noexcept;

// Compares without regard to ASCII case.
[[nodiscard]] bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept;

// Where the first `what` begins in `text`, without regard to ASCII case; npos where there is none.
[[nodiscard]] std::size_t find_ignoring_case(std::string_view text, std::string_view what) noexcept;

// The form in which names of headers, roles and encodings are compared: ASCII lower case, without `_`, `-`, blanks and invisible
// characters.
[[nodiscard]] std::string fold_name(std::string_view name);

// True for blanks of Unicode (White_Space, line ends included) and for characters that show nothing: soft hyphen, zero-width characters,
// the byte-order mark, marks of writing direction.
[[nodiscard]] bool blank_or_invisible(char32_t c) noexcept;

// `text` without such characters at its beginning and end.
[[nodiscard]] std::string_view trim(std::string_view text) noexcept;

// The id in lower case where it is one (a GUID): what comes from a file or the network must not become another part of a command. Else the
// placeholder.
[[nodiscard]] std::string guid_or(std::string_view id, std::string_view placeholder);

// Text from outside in a form that is fit for a terminal, a log line or an error message: control characters, escape sequences,
// bidirectional marks, invisible characters, blanks other than the space and bad UTF-8 become visible (`\n`, `\x1b`, `\u{202e}`,
// `\u{a0}`). Cut with `…` after `max_characters`.
[[nodiscard]] std::string escape_for_people(std::string_view text, std::size_t max_characters = 200);

// Where a text is shown of which as many bytes as possible are kept.
enum class shown_in : std::uint8_t { file, terminal };

// `text` with its control characters made visible as escape_for_people does; every other byte is kept and nothing is cut. In a file these
// are C0 except tab, LF and the CR of CR LF; DEL; C1; and bytes that are not UTF-8. On a terminal they are also every other CR,
// bidirectional marks and invisible characters.
void append_without_controls(std::string& out, std::string_view text, shown_in where);
[[nodiscard]] std::string without_controls(std::string_view text, shown_in where);

// The number of edits of bytes (insertion, deletion, replacement, swap of neighbours) that turn one into the other: optimal string
// alignment. Quadratic.
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

// The candidate that is most similar to `word`, for a question such as "did you mean"; nullopt where none is similar. Case, `_` and `-` do
// not count. The distance is that of optimal string alignment.
[[nodiscard]] std::optional<std::string_view> nearest(std::string_view word, std::span<const std::string_view> candidates);
[[nodiscard]] std::optional<std::string_view> nearest(std::string_view word, std::initializer_list<std::string_view> candidates);

}  // namespace convoke::core
