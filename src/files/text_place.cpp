#include "files/text_place.hpp"

#include <algorithm>
#include <cstddef>

namespace convoke::files {

namespace {

// Every CR ends a line, and every LF that no CR precedes.
std::size_t line_ends(std::string_view text, bool after_cr) noexcept {
  std::size_t ends = text.front() == '\r' || (text.front() == '\n' && !after_cr) ? 1 : 0;
  // A counter of one byte lets the compiler look at 16 characters at a time. A block of 255 cannot overflow it.
  constexpr std::size_t block = 255;
  for (std::size_t from = 1; from < text.size(); from += block) {
    const std::size_t to = std::min(from + block, text.size());
    std::uint8_t count = 0;
    for (std::size_t i = from; i < to; ++i) {
      const auto cr = static_cast<unsigned>(text[i] == '\r');
      const auto lf = static_cast<unsigned>(text[i] == '\n') & static_cast<unsigned>(text[i - 1] != '\r');
      count = static_cast<std::uint8_t>(count + (cr | lf));
    }
    ends += count;
  }
  return ends;
}

}  // namespace

void text_place::pass(std::string_view utf8) noexcept {
  if (utf8.empty()) return;
  line_ += line_ends(utf8, after_cr_);
  after_cr_ = utf8.back() == '\r';
  const std::size_t last = utf8.find_last_of("\r\n");
  if (last != std::string_view::npos) {
    utf8.remove_prefix(last + 1);
    column_ = 1;
  }
  column_ +=
      static_cast<std::uint64_t>(std::ranges::count_if(utf8, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80; }));
}

}  // namespace convoke::files
