#pragma once

// Addition that cannot overflow, for times and waits that come from outside.

#include <algorithm>
#include <chrono>

#include <convoke/time.hpp>

namespace convoke::core {

// now + wait, at most mono_time::max(). `wait` is not negative.
[[nodiscard]] constexpr mono_time after(mono_time now, std::chrono::nanoseconds wait) noexcept {
  return wait > mono_time::max() - std::max(now, mono_time{}) ? mono_time::max() : now + wait;
}

}  // namespace convoke::core
