#pragma once

// What happens in a simulated fleet, in the order of its time. Events of one time happen in the order in which they were added.

#include <cstdint>
#include <functional>
#include <queue>
#include <utility>
#include <vector>

#include <convoke/time.hpp>

namespace convoke::simulation::fleet {

class agenda {
 public:
  explicit agenda(mono_time begin) noexcept : now_(begin) {}

  [[nodiscard]] mono_time now() const noexcept { return now_; }
  [[nodiscard]] std::uint64_t happened() const noexcept { return happened_; }
  void at(mono_time when, std::function<void()> what) { events_.push({std::max(when, now_), ++order_, std::move(what)}); }
  void in(std::chrono::nanoseconds wait, std::function<void()> what) { at(now_ + wait, std::move(what)); }
  // The next event happens. False: there is none.
  bool step() {
    if (events_.empty()) return false;
    auto next = std::move(const_cast<event&>(events_.top()));  // it is removed before anything compares it again
    events_.pop();
    now_ = next.when;
    ++happened_;
    next.what();
    return true;
  }

 private:
  struct event {
    mono_time when;
    std::uint64_t order;
    std::function<void()> what;
    bool operator<(const event& b) const noexcept { return when != b.when ? when > b.when : order > b.order; }
  };
  mono_time now_;
  std::uint64_t order_ = 0, happened_ = 0;
  std::priority_queue<event> events_;
};

}  // namespace convoke::simulation::fleet
