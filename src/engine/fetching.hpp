#pragma once

// How many rows to claim, and when.

#include <algorithm>
#include <cstdint>

#include "engine/types.hpp"

namespace convoke::engine {

// Rows are claimed ahead of need because a claim costs one durable commit. A lane claims when fewer rows than a quarter of a second of
// calls are ready or being claimed (`low`), and then for many organizers at once, up to half a second of calls (`high`). A claim that just
// missed a group commit waits for the rest of that commit and then for its own: 110 ms where a commit takes 50 ms, 210 ms where it takes
// 100 ms. `low` lasts longer than that, so calls do not wait for the disk. It is not more because rows that are claimed when the process is
// killed go last in the next process, after an attempt timeout. A page is small enough that every connection finds an organizer below its
// concurrency limit. Where several workers share the rate, each claims for its part of it: no other worker carries out what it has claimed.
class fetch_sizes {
 public:
  // `part`: of the lane's rate, 0 to 1.
  fetch_sizes(const lane_settings& s, unsigned max_unacknowledged, double part = 1) noexcept {
    const auto by_rate = static_cast<std::uint32_t>(std::clamp(s.rate * part * 0.25, 0.0, 4096.0));
    low_ = std::clamp(by_rate, std::min(s.connections * std::max(1U, s.batch_size) * 2U, 4096U), 4096U);
    high_ = low_ + std::min(low_, 2048U);  // 2,048 rows fill two group commits: a larger claim gains nothing
    const auto concurrency = std::max(1U, s.organizer_concurrency);
    organizers_ = std::max(1U, 2 * ((s.connections * std::max(1U, s.batch_size) + concurrency - 1) / concurrency));
    // Where an organizer is called seldom its page may be small: such a job has many organizers.
    if (s.organizer_rate) largest_ = static_cast<std::uint32_t>(std::clamp(*s.organizer_rate * 10, 1.0, 512.0));
    most_claimed_ = std::max(4 * max_unacknowledged, 2 * low_);
  }

  [[nodiscard]] std::uint32_t low() const noexcept { return low_; }                    // below this many sendable rows a lane claims more,
  [[nodiscard]] std::uint32_t high() const noexcept { return high_; }                  // up to this many
  [[nodiscard]] std::uint32_t most_claimed() const noexcept { return most_claimed_; }  // rows that a lane may have claimed, in any state
  // How many ready rows a claim gives an organizer, if it owes so many. Its next page is due when no more than half of them are left.
  [[nodiscard]] std::uint32_t page(std::uint32_t organizers_left) const noexcept {
    const auto among = std::clamp(organizers_left, 1U, organizers_);
    return std::clamp(std::min(high_, 4096U) / among, std::min(8U, largest_), largest_);
  }

 private:
  std::uint32_t low_ = 256, high_ = 512, organizers_ = 1, largest_ = 512, most_claimed_ = 16384;
};

}  // namespace convoke::engine
