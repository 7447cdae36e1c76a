#pragma once

// What the simulated database and the simulated driver of a worker guarantee. Like the engine's rules, each can be switched off to prove
// that a violation is noticed.

#include <cstdint>

namespace convoke::simulation::fleet {

enum class guarantee : std::uint8_t {
  none,
  // of the database
  token_checked,        // a write under a token that the row no longer has changes nothing
  changes_counted,      // a write that changed nothing is reported as lost
  insert_only,          // an outcome is never changed
  outcome_read_again,   // after a lost connection a write that finds no row looks whether the outcome is its own
  busy_when_over,       // a session whose lease has ended is not extended
  database_clock,       // leases end by the database's clock, not by the clock of the worker
  live_claims_kept,     // a row of a live session is not claimed by another one
  survey_first,         // stale rows are claimed only of sessions that had ended at the last survey
  claims_inherited,     // a row that supersedes another one inherits its claim
  inherited_freed,      // the lost write of a superseded row frees the claim that the newer row inherited
  cooldowns_announced,  // a cooldown that a session saves reaches the others
  one_leader,           // one session leads a lane
  // of the driver
  failed_renewal_stops,   // after a renewal that failed nothing is sent until one succeeds
  measured_from_sending,  // the lease lasts from the moment the renewal was sent
  margin_kept,            // the lease is trusted less than it lasts
  lost_claims_end,        // a session that holds nothing ends where the database says that it holds rows
  parts_granted,          // the leader divides the rate among all
  count_
};
inline thread_local guarantee switched_off = guarantee::none;
[[nodiscard]] inline bool holds(guarantee g) noexcept {
  return g != switched_off;
}

}  // namespace convoke::simulation::fleet
