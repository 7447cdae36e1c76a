#include "core/percent.hpp"

#include "core/text.hpp"

namespace convoke::core {

namespace {

bool unreserved(char c) noexcept {
  return ascii_letter(c) || ascii_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

}  // namespace

void append_percent_encoded(std::string& out, std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  for (const char c : text) {
    if (unreserved(c)) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += digits[byte >> 4U];
    out += digits[byte & 0xFU];
  }
}

}  // namespace convoke::core
