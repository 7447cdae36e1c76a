#pragma once

// The texts that a text from outside may mean where parts of it are encoded.

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace convoke::core {

// The values of digits, by character; `none` for every other character.
namespace digits {

using table = std::array<std::uint8_t, 256>;
inline constexpr std::uint8_t none = 0xFF;

consteval table of_base64() {
  table of{};
  of.fill(none);
  constexpr std::string_view all = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (std::size_t i = 0; i < all.size(); ++i) of[static_cast<unsigned char>(all[i])] = static_cast<std::uint8_t>(i);
  of['-'] = 62;
  of['_'] = 63;
  return of;
}
consteval table of_hex() {
  table of{};
  of.fill(none);
  for (std::uint8_t i = 0; i < 10; ++i) of[std::size_t{'0'} + i] = i;
  for (std::uint8_t i = 0; i < 6; ++i) of[std::size_t{'a'} + i] = of[std::size_t{'A'} + i] = static_cast<std::uint8_t>(10 + i);
  return of;
}
inline constexpr table base64 = of_base64();  // both alphabets
inline constexpr table hex = of_hex();

[[nodiscard]] constexpr std::uint8_t value(const table& of, char c) noexcept {
  return of[static_cast<unsigned char>(c)];
}

}  // namespace digits

// Decoded bytes, and for each the part of the text that it was decoded from.
struct decoded {
  struct part {
    std::uint32_t begin, end;
  };
  std::string bytes;
  std::vector<part> from;
};

// `text` with its percent-encoding and its JSON escapes decoded.
[[nodiscard]] std::string unescaped(std::string_view text);

// Calls `look` with every decoding of `text`, which is shorter than 4 GiB: the text with its percent-encoding and its JSON escapes decoded,
// and each run of digits in base64 (either alphabet) or hexadecimal that can hold 12 bytes, decoded from each place in the run where the
// encoding may begin.
void for_each_decoding(std::string_view text, const std::function<void(const decoded&)>& look);

}  // namespace convoke::core
