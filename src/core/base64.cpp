#include "core/base64.hpp"

#include <cstddef>
#include <cstdint>

#include "core/decoded.hpp"

namespace convoke::core {

namespace {

// The value of a digit; digits::none where the alphabet does not have it.
std::uint8_t digit(char c, base64_alphabet alphabet) noexcept {
  const std::string_view only_in_the_other = alphabet == base64_alphabet::url ? "+/" : "-_";
  return only_in_the_other.contains(c) ? digits::none : digits::value(digits::base64, c);
}

}  // namespace

std::optional<std::string> decode_base64(std::string_view text, base64_alphabet alphabet) {
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  const bool bare = padding == 0 && alphabet == base64_alphabet::url;
  if (bare ? text.size() % 4 == 1 : text.size() % 4 != 0) return std::nullopt;
  text.remove_suffix(padding);
  std::string out;
  out.reserve(text.size() / 4 * 3 + 2);
  std::uint32_t bits = 0;
  unsigned pending = 0;  // bits that do not make a byte yet
  for (const char c : text) {
    const auto value = digit(c, alphabet);
    if (value == digits::none) return std::nullopt;
    bits = (bits << 6U) | value;
    pending += 6;
    if (pending < 8) continue;
    pending -= 8;
    out += static_cast<char>(static_cast<unsigned char>((bits >> pending) & 0xFFU));
  }
  if ((bits & ((1U << pending) - 1U)) != 0) return std::nullopt;
  return out;
}

void append_base64url(std::string& out, std::string_view bytes) {
  constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  out.reserve(out.size() + (bytes.size() * 4 + 2) / 3);
  std::uint32_t bits = 0;
  unsigned pending = 0;  // bits that do not make a letter yet
  for (const char c : bytes) {
    bits = (bits << 8U) | static_cast<unsigned char>(c);
    pending += 8;
    for (; pending >= 6; pending -= 6) out += letters[(bits >> (pending - 6)) & 0x3FU];
  }
  if (pending > 0) out += letters[(bits << (6 - pending)) & 0x3FU];
}

}  // namespace convoke::core
