#pragma once

// The path of a request, in segments.

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

#include "sim/service/text.hpp"

namespace convoke::sim {

// `/a/b/c`. Segments are as sent: not decoded. A path with more segments than there is room for has a count of size() + 1.
struct path_segments {
  explicit path_segments(std::string_view path) {
    while (!path.empty() && count <= part.size()) {
      path.remove_prefix(path.front() == '/' ? 1 : 0);
      const auto end = std::min(path.find('/'), path.size());
      if (count < part.size() && (end > 0 || end < path.size())) part[count] = path.substr(0, end);
      if (end > 0 || end < path.size()) ++count;
      path.remove_prefix(end);
    }
  }
  [[nodiscard]] bool is(std::size_t i, std::string_view word) const {
    return i < count && i < part.size() && same_ignoring_case(part[i], word);
  }

  std::array<std::string_view, 6> part;
  std::size_t count = 0;
};

}  // namespace convoke::sim
