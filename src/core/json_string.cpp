#include "core/json_string.hpp"

#include <algorithm>
#include <cstddef>

#include "core/hidden.hpp"
#include "core/utf8.hpp"

namespace convoke::core {

namespace {

bool plain(char c) noexcept {
  const auto b = static_cast<unsigned char>(c);
  return b >= 0x20 && b < 0x80 && b != '"' && b != '\\';
}

// The number of bytes at the beginning that can be copied as they are. A block has no early exit, so that the compiler vectorises it.
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

void append_escape(std::string& out, char32_t unit) {
  constexpr std::string_view digits = "0123456789abcdef";
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out += digits[(unit >> static_cast<unsigned>(shift)) & 0xFU];
}

void append_escaped(std::string& out, char c) {
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
      append_escape(out, static_cast<unsigned char>(c));
  }
}

bool beyond_ascii(char c) noexcept {
  return static_cast<unsigned char>(c) >= 0x7F;
}

// Characters beyond ASCII occur within JSON strings only, so they can be escaped without parsing. What is escaped already is ASCII.
void append_visible(std::string& out, std::string_view json) {
  while (!json.empty()) {
    const auto plain = static_cast<std::size_t>(std::ranges::find_if(json, beyond_ascii) - json.begin());
    out += json.substr(0, plain);
    json.remove_prefix(plain);
    if (json.empty()) return;
    const auto c = decode_utf8(json);
    const auto length = c.length == 0 ? 1 : c.length;
    const bool control = c.length != 0 && c.code_point >= 0x7F && c.code_point < 0xA0;
    if (!control && !hides_or_reorders(c.code_point)) {
      out += json.substr(0, length);
    } else if (c.code_point < 0x10000) {
      append_escape(out, c.code_point);
    } else {
      append_escape(out, 0xD800 + ((c.code_point - 0x10000) >> 10U));
      append_escape(out, 0xDC00 + ((c.code_point - 0x10000) & 0x3FFU));
    }
    json.remove_prefix(length);
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

void append_visible_json_string(std::string& out, std::string_view text) {
  const std::size_t before = out.size();
  append_json_string(out, text);
  if (std::ranges::none_of(text, beyond_ascii)) return;
  const std::string written = out.substr(before);
  out.resize(before);
  append_visible(out, written);
}

std::string visible_json(std::string_view json) {
  std::string out;
  out.reserve(json.size());
  append_visible(out, json);
  return out;
}

}  // namespace convoke::core
