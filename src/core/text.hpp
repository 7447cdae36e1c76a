#pragma once

// Small helpers for text that people read or write.

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

// Compares without regard to ASCII case.
[[nodiscard]] bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept;

// A name as headers, roles and encodings are compared: in ASCII lower case, without `_` and `-`.
[[nodiscard]] std::string fold_name(std::string_view name);

// Without blanks and tabs at either end.
[[nodiscard]] std::string_view trim(std::string_view text) noexcept;

// Text from outside, fit for a terminal, a log line or an error message: control characters, escape sequences, bidirectional
// marks, invisible characters and bad UTF-8 become visible (`\n`, `\x1b`, `\u{202e}`); cut with `…` after `max_characters`.
[[nodiscard]] std::string escape_for_people(std::string_view text, std::size_t max_characters = 200);

// Where a text goes that is to keep its bytes.
enum class shown_in : std::uint8_t { file, terminal };

// `text` byte for byte but for its control characters, which become visible as escape_for_people shows them; nothing is cut. In a file
// these are C0 but tab, LF and the CR of CR LF; DEL; C1; and bytes that are not UTF-8. On a terminal every CR, bidirectional marks and
// invisible characters as well.
void append_without_controls(std::string& out, std::string_view text, shown_in where);
[[nodiscard]] std::string without_controls(std::string_view text, shown_in where);

// The candidate most like `word`, for "did you mean"; nullopt where none is near. Case, `_` and `-` do not count.
[[nodiscard]] std::optional<std::string_view> nearest(std::string_view word, std::span<const std::string_view> candidates);
[[nodiscard]] std::optional<std::string_view> nearest(std::string_view word, std::initializer_list<std::string_view> candidates);

}  // namespace convoke::core
