#include "core/utf8.hpp"

#include <bit>
#include <cstdint>
#include <cstring>

namespace convoke::core {

namespace {

// The length that a lead byte announces, and the range of its second byte (RFC 3629, section 4).
struct lead {
  std::size_t length;
  unsigned char low, high;
};

lead read_lead(unsigned char b) noexcept {
  if (b < 0x80) return {1, 0, 0};
  if (b < 0xC2) return {0, 0, 0};
  if (b < 0xE0) return {2, 0x80, 0xBF};
  if (b == 0xE0) return {3, 0xA0, 0xBF};
  if (b == 0xED) return {3, 0x80, 0x9F};
  if (b < 0xF0) return {3, 0x80, 0xBF};
  if (b == 0xF0) return {4, 0x90, 0xBF};
  if (b < 0xF4) return {4, 0x80, 0xBF};
  if (b == 0xF4) return {4, 0x80, 0x8F};
  return {0, 0, 0};
}

unsigned char byte(std::string_view text, std::size_t i) noexcept {
  return static_cast<unsigned char>(text[i]);
}

bool follows(std::string_view text, const lead& l, std::size_t i) noexcept {
  const unsigned char b = byte(text, i);
  return i == 1 ? b >= l.low && b <= l.high : (b & 0xC0U) == 0x80;
}

}  // namespace

utf8_char decode_utf8(std::string_view text) noexcept {
  if (text.empty()) return {};
  const unsigned char first = byte(text, 0);
  const lead l = read_lead(first);
  if (l.length == 1) return {first, 1};
  if (l.length == 0 || text.size() < l.length) return {};
  char32_t code_point = first & (0x7FU >> l.length);
  for (std::size_t i = 1; i < l.length; ++i) {
    if (!follows(text, l, i)) return {};
    code_point = (code_point << 6) | (byte(text, i) & 0x3FU);
  }
  return {code_point, l.length};
}

bool incomplete_utf8(std::string_view text) noexcept {
  if (text.empty()) return false;
  const lead l = read_lead(byte(text, 0));
  if (text.size() >= l.length) return false;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (!follows(text, l, i)) return false;
  }
  return true;
}

std::size_t plain_ascii_prefix(std::string_view text) noexcept {
  constexpr std::uint64_t high = 0x8080808080808080U;
  constexpr std::uint64_t ones = 0x0101010101010101U;
  // The high bit of every byte that is not ASCII, and of the lowest that is zero: (w - ones) borrows into it.
  const auto odd = [](std::uint64_t w) { return (w | ((w - ones) & ~w)) & high; };
  std::size_t i = 0;
  for (; i + 32 <= text.size(); i += 32) {
    std::uint64_t w[4];
    std::memcpy(w, text.data() + i, 32);
    if ((odd(w[0]) | odd(w[1]) | odd(w[2]) | odd(w[3])) != 0) break;
  }
  if constexpr (std::endian::native == std::endian::little) {
    for (; i + 8 <= text.size(); i += 8) {
      std::uint64_t w = 0;
      std::memcpy(&w, text.data() + i, 8);
      if (const std::uint64_t found = odd(w); found != 0) return i + static_cast<std::size_t>(std::countr_zero(found)) / 8;
    }
  }
  while (i < text.size() && static_cast<signed char>(text[i]) > 0) ++i;
  return i;
}

namespace {

std::size_t valid_prefix(std::string_view text, bool nul_ends) noexcept {
  std::size_t i = 0;
  while (i < text.size()) {
    i += plain_ascii_prefix(text.substr(i));
    // Text that is not ASCII mostly goes on so, and plain_ascii_prefix would be called for each character.
    while (i < text.size()) {
      const utf8_char c = decode_utf8(text.substr(i, 4));
      if (c.length == 0 || (nul_ends && c.code_point == 0)) return i;
      i += c.length;
      if (c.length == 1 && c.code_point != 0) break;
    }
  }
  return i;
}

}  // namespace

std::size_t valid_utf8_prefix(std::string_view text) noexcept {
  return valid_prefix(text, false);
}
std::size_t valid_text_prefix(std::string_view text) noexcept {
  return valid_prefix(text, true);
}

void append_utf8(std::string& out, char32_t code_point) {
  const auto put = [&out](char32_t b) { out += static_cast<char>(static_cast<unsigned char>(b)); };
  if (code_point < 0x80) {
    put(code_point);
  } else if (code_point < 0x800) {
    put(0xC0 | (code_point >> 6));
    put(0x80 | (code_point & 0x3F));
  } else if (code_point < 0x10000) {
    put(0xE0 | (code_point >> 12));
    put(0x80 | ((code_point >> 6) & 0x3F));
    put(0x80 | (code_point & 0x3F));
  } else {
    put(0xF0 | (code_point >> 18));
    put(0x80 | ((code_point >> 12) & 0x3F));
    put(0x80 | ((code_point >> 6) & 0x3F));
    put(0x80 | (code_point & 0x3F));
  }
}

}  // namespace convoke::core
