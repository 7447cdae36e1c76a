#pragma once

// Numbers with what they count, as people write them.

#include <cstdint>
#include <string>
#include <string_view>

#include "report/progress.hpp"

namespace convoke::report {

// `1 row`, `1,234 rows`.
[[nodiscard]] inline std::string count_of(std::uint64_t n, std::string_view one, std::string_view several) {
  return grouped(n) + " " + std::string(n == 1 ? one : several);
}

// `is`, `are`: the form of a verb for so many.
[[nodiscard]] constexpr std::string_view form(std::uint64_t n, std::string_view one, std::string_view several) noexcept {
  return n == 1 ? one : several;
}

}  // namespace convoke::report
