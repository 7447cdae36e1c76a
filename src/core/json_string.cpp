#include "core/json_string.hpp"

#include <cstddef>

#include "core/utf8.hpp"

namespace convoke {

namespace {

bool plain(char c) noexcept {
  const auto b = static_cast<unsigned char>(c);
  return b >= 0x20 && b < 0x80 && b != '"' && b != '\\';
}

// How many bytes from the beginning can be copied as they are. Whole blocks without an early exit, so that the compiler vectorises it.
std::size_t plain_prefix(std::string_view text) noexcept {
  constexpr std::size_t block = 16;
  std::size_t i = 0;
  for (; i + block <= text.size(); i += block) {
    unsigned char odd = 0;
    for (std::size_t j = 0; j < block; ++j) {
      const auto b = static_cast<unsigned char>(text[i + j]);
      odd |= static_cast<unsigned char>((b < 0x20) | (b >= 0x80) | (b == '"') | (b == '\\'));
    }
    if (odd != 0) break;
  }
  while (i < text.size() && plain(text[i])) ++i;
  return i;
}

void append_escaped(std::string& out, char c) {
  constexpr std::string_view digits = "0123456789abcdef";
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      out += "\\u00";
      out += digits[static_cast<unsigned char>(c) >> 4U];
      out += digits[static_cast<unsigned char>(c) & 0xFU];
  }
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const auto length = plain_prefix(text);
    out += text.substr(0, length);
    text.remove_prefix(length);
    if (text.empty()) break;

    std::size_t used = 1;
    if (static_cast<unsigned char>(text.front()) < 0x80) {
      append_escaped(out, text.front());
    } else if (const auto character = decode_utf8(text); character.length != 0) {
      used = character.length;
      out += text.substr(0, used);
    } else {
      out += "\xEF\xBF\xBD";
    }
    text.remove_prefix(used);
  }
  out += '"';
}

}  // namespace convoke
