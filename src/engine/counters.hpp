#pragma once

// Numbers for progress and summary.

#include <cstdint>
#include <optional>

#include <convoke/time.hpp>

namespace convoke::engine {

struct counters {
  std::uint64_t calls = 0;      // requests granted, without those that came back unsent
  std::uint64_t batches = 0;    // requests that carried several of these calls
  std::uint64_t strange = 0;    // answers in batches that belonged to no call, or to one that had its answer
  std::uint64_t throttled = 0;  // throttle answers
  // Calls that were sent in a cooldown of the lane, because its throttle named no scope and was attributed to one organizer by mistake.
  std::uint64_t early_by_inference = 0;
  std::uint64_t faults = 0;
  std::uint64_t stale = 0;
  std::uint64_t retried = 0;
  std::uint64_t lost_writes = 0;  // rows that the ledger no longer held for this process when it wrote about them
  std::uint64_t in_flight = 0;    // granted, not answered
  std::uint64_t unacknowledged = 0;
  std::uint64_t unacknowledged_bytes = 0;   // of the answers that wait for their commit
  double rate = 0;                          // the pace to expect for the next minutes, calls/s, all lanes
  bool learning = false;                    // no lane limit was found yet: the pace still grows
  std::optional<mono_time> cooldown_until;  // latest end of a lane's cooldown that is running
};

}  // namespace convoke::engine
