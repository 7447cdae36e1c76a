#include "core/withhold.hpp"

#include <algorithm>
#include <cstddef>

namespace convoke {

namespace {

// The longest piece of `hidden` that `text` begins with.
std::size_t longest_piece(std::string_view text, std::string_view hidden) noexcept {
  std::size_t longest = 0;
  for (std::size_t from = 0; from + longest < hidden.size(); ++from) {
    const auto piece = hidden.substr(from);
    const auto ends = std::ranges::mismatch(text, piece);
    longest = std::max(longest, static_cast<std::size_t>(ends.in2 - piece.begin()));
  }
  return longest;
}

}  // namespace

std::string withhold(std::string_view text, std::string_view hidden) {
  constexpr std::size_t telling = 12;
  if (hidden.empty()) return std::string(text);
  std::string out;
  const auto enough = std::min(telling, hidden.size());
  while (text.size() >= enough) {
    if (hidden.contains(text.substr(0, enough))) {
      out += "***";
      text.remove_prefix(longest_piece(text, hidden));
    } else {
      out += text.front();
      text.remove_prefix(1);
    }
  }
  return out.append(text);
}

}  // namespace convoke
