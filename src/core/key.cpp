#include <convoke/key.hpp>

#include <algorithm>

#include "core/text.hpp"

namespace convoke {

std::string to_lower(std::string_view text) {
  std::string out(text);
  core::make_lower(out);
  return out;
}

std::optional<std::string> parse_guid(std::string_view text) {
  constexpr std::size_t length = 36;
  if (text.size() != length) return std::nullopt;
  std::string out(length, '-');
  for (std::size_t i = 0; i < length; ++i) {
    const char c = core::ascii_lower(text[i]);
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    const bool fits = dash ? c == '-' : (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
    if (!fits) return std::nullopt;
    out[i] = c;
  }
  return out;
}

bool valid_external_id(std::string_view text) noexcept {
  return !text.empty() && text.size() <= longest_valid_external_id &&
         std::ranges::all_of(text, [](char c) { return c >= 0x21 && c <= 0x7E; });
}

}  // namespace convoke
