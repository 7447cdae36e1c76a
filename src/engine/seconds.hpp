#pragma once

// Durations as numbers of seconds, for arithmetic on rates.

#include <algorithm>
#include <chrono>

namespace convoke::engine {

[[nodiscard]] constexpr double seconds(std::chrono::nanoseconds d) noexcept {
  return static_cast<double>(d.count()) * 1e-9;
}
[[nodiscard]] constexpr std::chrono::nanoseconds from_seconds(double s) noexcept {
  return std::chrono::nanoseconds(static_cast<std::chrono::nanoseconds::rep>(std::clamp(s, 0.0, 1e9) * 1e9));
}

}  // namespace convoke::engine
