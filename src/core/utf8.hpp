#pragma once

// Strict UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF.

#include <cstddef>
#include <string>
#include <string_view>

namespace convoke::core {

struct utf8_char {
  char32_t code_point = 0;
  std::size_t length = 0;  // in bytes; 0: the text does not begin with a character
};

// The character at the beginning of `text`.
[[nodiscard]] utf8_char decode_utf8(std::string_view text) noexcept;

// The number of bytes at the beginning of `text` that are whole, valid characters.
[[nodiscard]] std::size_t valid_utf8_prefix(std::string_view text) noexcept;

// The same, but a NUL ends them too.
[[nodiscard]] std::size_t valid_text_prefix(std::string_view text) noexcept;

// The number of bytes at the beginning of `text` that are ASCII and not NUL.
[[nodiscard]] std::size_t plain_ascii_prefix(std::string_view text) noexcept;

// True where `text` is a part of a character that further bytes could complete.
[[nodiscard]] bool incomplete_utf8(std::string_view text) noexcept;

void append_utf8(std::string& out, char32_t code_point);

}  // namespace convoke::core
