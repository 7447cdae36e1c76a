#pragma once

#include <cstddef>
#include <string_view>

#include "core/text.hpp"
#include "core/utf8.hpp"

namespace convoke::csv {

// The length of the blank with which `text`, which is not empty, begins; 0 where it begins with another character. Blanks are those that
// may stand between a quote and a delimiter: space, tab, and every blank or invisible character that is not ASCII, such as the no-break
// space.
[[nodiscard]] inline std::size_t blank_at(std::string_view text) noexcept {
  if (text.front() == ' ' || text.front() == '\t') return 1;
  if (static_cast<unsigned char>(text.front()) < 0x80) return 0;
  const core::utf8_char c = core::decode_utf8(text);
  return core::blank_or_invisible(c.code_point) ? c.length : 0;
}

// The first place from `from` on that has no blank, at most `to`.
[[nodiscard]] inline std::size_t skip_blanks(std::string_view bytes, std::size_t from, std::size_t to) noexcept {
  while (from < to) {
    const std::size_t length = blank_at(bytes.substr(from, to - from));
    if (length == 0) break;
    from += length;
  }
  return from;
}

}  // namespace convoke::csv
