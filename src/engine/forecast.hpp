#pragma once

// How long a run takes, as far as that can be known before it and while it is carried out. Arithmetic only.

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>

#include <convoke/summary.hpp>

#include "engine/types.hpp"

namespace convoke::engine {

// A learnt pace counts in full for this time, and half of it after that.
inline constexpr std::chrono::hours pace_counts_in_full{36};

struct work_ahead {
  std::uint64_t calls = 0;
  std::uint64_t busiest = 0;  // of them for the organizer with the most; 0 where that is not known
};

// Before the first call. `closed_for`: how long the lane's cooldown still runs.
[[nodiscard]] forecast foresee(const lane_settings& s, const work_ahead& work, const std::optional<remembered_pace>& learnt,
                               std::chrono::nanoseconds closed_for);

// Of several lanes, which are called at the same time: the one that takes longest decides. At least one.
[[nodiscard]] forecast together(std::span<const forecast> lanes);

// While calls are made. `pace`: counters::rate; `seen`: calls finished per second of late, long cooldowns left out, 0 where nothing was
// seen yet. The connections may carry less than the pace allows, and then what was seen counts. nullopt: nothing moves, so the time is not
// known.
[[nodiscard]] std::optional<std::chrono::milliseconds> time_left(std::uint64_t calls, double pace, double seen,
                                                                 std::chrono::nanoseconds closed_for) noexcept;

}  // namespace convoke::engine
