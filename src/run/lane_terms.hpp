#pragma once

// Translates between the ledger, which keeps what the workers of a lane say by wall clock, and the engine, which knows one monotonic clock.
// Pure.

#include <chrono>
#include <span>
#include <vector>

#include <convoke/time.hpp>

#include "engine/types.hpp"
#include "ledger/types.hpp"

namespace convoke::run {

// Both clocks of this process, read at the same time.
struct two_clocks {
  mono_time now{};
  utc_time wall{};

  [[nodiscard]] utc_time wall_of(mono_time t) const noexcept { return wall + std::chrono::duration_cast<ticks>(t - now); }
  [[nodiscard]] mono_time mono_of(utc_time t) const noexcept { return now + (t - wall); }
};

// A worker that has exchanged nothing with the others for so long does not lead any more, and has only the safe part of its lane's rate.
inline constexpr std::chrono::seconds share_lasts{5};

// What a lane may use from now on. `sent`: when the renewal that brought these terms was sent.
[[nodiscard]] engine::lane_share share_of(const ledger::lane_terms& terms, mono_time sent, const two_clocks& at);

// Adds what a lane says now to what was not delivered yet.
void add_report(ledger::lane_report& to, engine::lane_report&& from, const two_clocks& at);

// What the worker that leads a lane publishes: rate, learnt pace, and the parts of `members`. Nothing where it does not lead, or has no
// rate yet. `own`: its session.
[[nodiscard]] std::optional<ledger::lane_report::published> publication(const engine::lane_report& of, bool leads,
                                                                        std::span<const ledger::lane_member> members,
                                                                        ledger::lease_token own);

// When the scope of another worker's cooldown opens here. The engine cuts one that is longer than max_cooldown, and calls once alone after
// it; here it is at most twice as long, so that a time in centuries cannot overflow.
[[nodiscard]] mono_time opens_at(const ledger::announced_cooldown& cooldown, std::chrono::nanoseconds max_cooldown, const two_clocks& at);

// What one lane could claim.
[[nodiscard]] std::vector<engine::organizer_setup> rows_of_lane(const ledger::rows_in_store& rows, ledger::lane_id lane);

}  // namespace convoke::run
