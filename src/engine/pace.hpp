#pragma once

// How fast a lane calls. Constant for now; the hooks are where an adaptive law gets what it needs to know.

#include <convoke/time.hpp>

#include "pacing/pacing.hpp"

namespace convoke::engine {

class pace {
 public:
  explicit pace(double rate) noexcept : gate_(rate) {}

  [[nodiscard]] double rate() const noexcept { return gate_.rate(); }
  [[nodiscard]] mono_time next(mono_time now) const noexcept { return gate_.next(now); }
  void take(mono_time now) noexcept { gate_.take(now); }

  void on_success(mono_time) noexcept {}
  // Once per fence, and where most calls are faults.
  void on_throttle(mono_time) noexcept {}
  void on_fault(mono_time) noexcept {}

 private:
  pacing::gcra gate_;
};

}  // namespace convoke::engine
