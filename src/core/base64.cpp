#include "core/base64.hpp"

#include <cstddef>
#include <cstdint>

namespace convoke {

namespace {

// -1: not of the alphabet.
int digit(char c, base64_alphabet alphabet) noexcept {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  const bool url = alphabet == base64_alphabet::url;
  if (c == (url ? '-' : '+')) return 62;
  return c == (url ? '_' : '/') ? 63 : -1;
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
  unsigned held = 0;
  for (const char c : text) {
    const auto value = digit(c, alphabet);
    if (value < 0) return std::nullopt;
    bits = (bits << 6U) | static_cast<std::uint32_t>(value);
    held += 6;
    if (held < 8) continue;
    held -= 8;
    out += static_cast<char>(static_cast<unsigned char>((bits >> held) & 0xFFU));
  }
  if ((bits & ((1U << held) - 1U)) != 0) return std::nullopt;
  return out;
}

}  // namespace convoke
