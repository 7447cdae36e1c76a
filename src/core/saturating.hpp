#pragma once

#include <chrono>

#include <convoke/time.hpp>

namespace convoke::core {

// `now` plus `wait`, at most mono_time::max().
[[nodiscard]] constexpr mono_time after(mono_time now, std::chrono::nanoseconds wait) noexcept {
  return wait > mono_time::max() - now ? mono_time::max() : now + wait;
}

}  // namespace convoke::core
