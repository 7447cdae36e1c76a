#pragma once

// How many rows to claim, and when.

#include <algorithm>
#include <cstdint>

#include "engine/types.hpp"

namespace convoke::engine {

// Rows are claimed ahead of need because a claim costs one durable commit. A lane claims when fewer than a quarter of a second's calls are
// ready or under way (`low`), and then for many organizers at once, until half a second's are (`high`). A claim that just missed a group
// commit waits for the rest of that commit and then for its own: 110 ms where a commit takes 50 ms, 210 ms where it takes 100 ms. `low`
// lasts longer than that, so the calls do not wait for the disk. Not more: what is claimed when the process is killed goes last in the next
// one, and only after an attempt timeout. A page is small enough that every connection finds an organizer below its concurrency limit.
class fetch_sizes {
 public:
  fetch_sizes(const lane_settings& s, unsigned max_unacknowledged) noexcept {
    const auto by_rate = static_cast<std::uint32_t>(std::clamp(s.rate * 0.25, 0.0, 4096.0));
    low_ = std::clamp(by_rate, std::min(s.connections * 2U, 4096U), 4096U);
    high_ = low_ + std::min(low_, 2048U);  // 2,048 rows are two group commits of their own: more in a claim gain nothing
    const auto concurrency = std::max(1U, s.organizer_concurrency);
    organizers_ = std::max(1U, 2 * ((s.connections + concurrency - 1) / concurrency));
    // One that may only be called now and then need not hold many rows, for there have to be many such organizers.
    if (s.organizer_rate) largest_ = static_cast<std::uint32_t>(std::clamp(*s.organizer_rate * 10, 1.0, 512.0));
    most_claimed_ = std::max(4 * max_unacknowledged, 2 * low_);
  }

  [[nodiscard]] std::uint32_t low() const noexcept { return low_; }                    // below this many sendable rows a lane claims more,
  [[nodiscard]] std::uint32_t high() const noexcept { return high_; }                  // up to this many
  [[nodiscard]] std::uint32_t most_claimed() const noexcept { return most_claimed_; }  // rows a lane may hold, whatever their state
  // The ready rows an organizer is filled up to, if it has so many; when no more than half of them are left its next page is due.
  [[nodiscard]] std::uint32_t page(std::uint32_t organizers_left) const noexcept {
    const auto among = std::clamp(organizers_left, 1U, organizers_);
    return std::clamp(std::min(high_, 4096U) / among, std::min(8U, largest_), largest_);
  }

 private:
  std::uint32_t low_ = 256, high_ = 512, organizers_ = 1, largest_ = 512, most_claimed_ = 16384;
};

}  // namespace convoke::engine
