#pragma once

// The safety rules of the engine by name. `holds` is a constant: they always hold. Only the simulation, which compiles a copy of the engine
// with CONVOKE_RULE_SWITCHES, can switch one off, to prove that its checks notice that.

#include <cstdint>

namespace convoke::engine {

enum class rule : std::uint8_t {
  none,
  one_call_per_key,           // a key in flight, or at rest, is not sent
  rest_after_timeout,         // after our own timeout the service may still carry the call out
  lane_cooldown_obeyed,       // nothing is sent in the lane's cooldown
  organizer_cooldown_obeyed,  // nothing is sent for an organizer in its cooldown
  app_cooldown_shared,        // an application's cooldown closes all of its lanes
  app_cooldown_bounded,       // it closes no lane of another application
  latest_cooldown_wins,       // of overlapping cooldowns the latest end counts
  never_early,                // jitter is added to Retry-After, never taken away
  cooldowns_saved,            // those over 1 s are committed
  cooldowns_restored,         // they are obeyed after a restart
  cut_cooldown_probed,        // after a cooldown that was cut one call at a time is sent, until one shows that the scope is open
  stale_rows_wait,            // rows that an earlier process had claimed go last, and after an attempt timeout
  resting_rows_stay,          // a row whose call may still be carried out stays claimed when the run stops
  advance_durable,            // a row's next operation is sent after the commit that says that it is owed
  lost_writes_forgotten,      // a row that the ledger gave to another process is not sent again
  lanes_stop_alone,           // a lane that stops for its credentials or permissions does not stop the others
  new_after_stale,            // a call that met a dead connection is sent again on a new one
  attempts_bounded,           // faults use attempts up
  throttles_are_free,         // throttles do not
  acknowledged_bounded,       // no call while too many rows are not acknowledged
  bytes_bounded,              // no call while their answers take too many bytes
  acknowledged_first,         // the run is over only when the last commit is acknowledged
  organizer_concurrency,      // calls in flight for one organizer
  organizer_rate,             // --organizer-rate
  closed_when_back,           // an organizer is closed once none of its calls is in flight
  answers_bound,              // an answer to another request changes nothing but its connection, whatever its status
  permanence_proven,          // an answer that is incomplete or names no request does not end a row the first time
  refused_token_rests,        // a token that was refused is not used again
  deadline_kept,              // no call after the deadline of its row
  duration_kept,              // no call after --max-duration
  outage_probes,              // calls are made one at a time while the service is down
  nothing_after_stop,         // an interrupted run makes no new calls
  // Of several workers:
  lease_obeyed,                // nothing is sent or claimed once the lease may have ended
  lease_margin_kept,           // nor in the last seconds before it ends
  announced_cooldowns_obeyed,  // another worker's throttle closes the scope here too
  late_stale_rows_wait,        // rows that become stale during the run wait an attempt timeout as well
  parts_respected,             // a worker calls at its part of the lane's rate
  safe_parts_respected,        // and at its safe part where it was given no newer one in time
  others_awaited,              // the run is not over while other workers hold rows, which may come back
  count_,
  first_of_several_workers = lease_obeyed
};

#ifdef CONVOKE_RULE_SWITCHES
inline thread_local rule switched_off = rule::none;
[[nodiscard]] inline bool holds(rule r) noexcept {
  return r != switched_off;
}
#else
[[nodiscard]] constexpr bool holds(rule) noexcept {
  return true;
}
#endif

}  // namespace convoke::engine
