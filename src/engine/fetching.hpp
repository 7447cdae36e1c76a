#pragma once

// How many rows to claim, and when.

#include <algorithm>
#include <cstdint>

#include "engine/types.hpp"

namespace convoke::engine {

// Rows are claimed ahead of need because a page costs one durable commit. A lane keeps a quarter of a second of its rate ready (a group
// commit takes some 10 ms on a good disk, 100 on a bad one), or two rows a connection where that is more. Not more: what is claimed when
// the process is killed goes last in the next one, and only after an attempt timeout. A page is small enough that every connection finds
// an organizer below its concurrency limit.
class fetch_sizes {
 public:
  explicit fetch_sizes(const settings& s) noexcept {
    const auto by_rate = static_cast<std::uint32_t>(std::clamp(s.rate * 0.25, 0.0, 4096.0));
    ready_ = std::clamp(by_rate, std::min(s.connections * 2U, 4096U), 4096U);
    const auto concurrency = std::max(1U, s.organizer_concurrency);
    organizers_ = std::max(1U, 2 * ((s.connections + concurrency - 1) / concurrency));
    // One that may only be called now and then need not hold many rows, for there have to be many such organizers.
    if (s.organizer_rate) largest_ = static_cast<std::uint32_t>(std::clamp(*s.organizer_rate * 10, 1.0, 512.0));
    held_ = std::max(4 * s.max_unacknowledged, 2 * ready_);
  }

  [[nodiscard]] std::uint32_t ready() const noexcept { return ready_; }  // sendable rows a lane wants to have
  [[nodiscard]] std::uint32_t held() const noexcept { return held_; }    // rows a lane may hold, whatever their state
  [[nodiscard]] std::uint32_t page(std::uint32_t organizers_left) const noexcept {
    const auto among = std::clamp(organizers_left, 1U, organizers_);
    return std::clamp(ready_ / among, std::min(8U, largest_), largest_);
  }
  // Below this many ready rows an organizer's next page is due.
  [[nodiscard]] std::uint32_t low(std::uint32_t page) const noexcept { return page / 2; }

 private:
  std::uint32_t ready_ = 256, organizers_ = 1, largest_ = 512, held_ = 16384;
};

}  // namespace convoke::engine
