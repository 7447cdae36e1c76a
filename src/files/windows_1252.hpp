#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace convoke::files {

// The code points of 0x80 to 0x9F (Unicode's CP1252.TXT); 0 where none is assigned. Every other byte is its own code point.
inline constexpr std::array<char16_t, 32> windows_1252_upper{
    0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0, 0x017D, 0,
    0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0, 0x017E, 0x0178};

// 0 for NUL and for bytes without a code point.
[[nodiscard]] constexpr char32_t from_windows_1252(unsigned char byte) noexcept {
  return byte < 0x80 || byte > 0x9F ? byte : windows_1252_upper[byte - 0x80U];
}

[[nodiscard]] constexpr std::optional<unsigned char> to_windows_1252(char32_t c) noexcept {
  if (c < 0x80 || (c > 0x9F && c <= 0xFF)) return static_cast<unsigned char>(c);
  for (std::size_t i = 0; i < windows_1252_upper.size(); ++i) {
    if (windows_1252_upper[i] == c && c != 0) return static_cast<unsigned char>(0x80 + i);
  }
  return std::nullopt;
}

}  // namespace convoke::files
