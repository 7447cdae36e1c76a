#include "files/text_place.hpp"

#include <algorithm>
#include <cstddef>

namespace convoke::files {

void text_place::pass(std::string_view utf8) noexcept {
  if (utf8.empty()) return;
  // Every LF ends a line and every CR does, but for an LF after a CR. Plain loops: the compiler makes vectors of them.
  std::size_t ends = 0;
  for (const char c : utf8) ends += static_cast<std::size_t>(c == '\n') + static_cast<std::size_t>(c == '\r');
  if (after_cr_ && utf8.front() == '\n') --ends;
  for (std::size_t i = 1; i < utf8.size(); ++i) ends -= static_cast<std::size_t>(utf8[i] == '\n' && utf8[i - 1] == '\r');
  after_cr_ = utf8.back() == '\r';
  line_ += ends;
  const std::size_t last = utf8.find_last_of("\r\n");
  if (last != std::string_view::npos) {
    utf8.remove_prefix(last + 1);
    column_ = 1;
  }
  column_ +=
      static_cast<std::uint64_t>(std::ranges::count_if(utf8, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80; }));
}

}  // namespace convoke::files
