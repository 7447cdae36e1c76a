#pragma once

// Takes pieces from the beginning of a cell.

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string_view>

#include "core/text.hpp"
#include "core/utf8.hpp"

namespace convoke::spec {

struct scanner {
  std::string_view rest;

  [[nodiscard]] bool done() const noexcept { return rest.empty(); }
  [[nodiscard]] char next() const noexcept { return rest.empty() ? '\0' : rest.front(); }

  bool take(char c) noexcept {
    if (next() != c || rest.empty()) return false;
    rest.remove_prefix(1);
    return true;
  }
  // Without regard to ASCII case.
  bool take_word(std::string_view word) noexcept {
    if (rest.size() < word.size() || !core::equal_ignoring_case(rest.substr(0, word.size()), word)) return false;
    rest.remove_prefix(word.size());
    return true;
  }
  // Blanks of Unicode and invisible characters. False where there is none.
  bool take_blanks() noexcept {
    const std::size_t before = rest.size();
    while (!rest.empty()) {
      const core::utf8_char c = core::decode_utf8(rest);
      if (c.length == 0 || !core::blank_or_invisible(c.code_point)) break;
      rest.remove_prefix(c.length);
    }
    return rest.size() != before;
  }
  [[nodiscard]] std::size_t digits() const noexcept {
    std::size_t n = 0;
    while (n < rest.size() && core::ascii_digit(rest[n])) ++n;
    return n;
  }
  // As many digits as there are, but at most `most`, which is 9 or less. nullopt, and nothing is taken, where there are fewer than `least`.
  std::optional<unsigned> take_number(std::size_t least, std::size_t most) noexcept {
    const std::size_t n = std::min(digits(), most);
    if (n < least || n == 0) return std::nullopt;
    unsigned value = 0;
    for (std::size_t i = 0; i < n; ++i) value = value * 10 + static_cast<unsigned>(rest[i] - '0');
    rest.remove_prefix(n);
    return value;
  }
  // ASCII letters.
  std::string_view take_letters() noexcept {
    std::size_t n = 0;
    while (n < rest.size() && core::ascii_letter(rest[n])) ++n;
    const std::string_view out = rest.substr(0, n);
    rest.remove_prefix(n);
    return out;
  }
};

}  // namespace convoke::spec
