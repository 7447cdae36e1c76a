#pragma once

// The safety rules of the engine by name. They hold: `holds` is a constant. Only the simulation, which has a copy of the engine of its own,
// is compiled with CONVOKE_RULE_SWITCHES, and can switch one off to prove that it would be missed.

#include <cstdint>

namespace convoke::engine {

enum class rule : std::uint8_t {
  none,
  one_call_per_key,           // a key in flight, or at rest, is not sent
  rest_after_timeout,         // after our own timeout its call may still be at work
  lane_cooldown_obeyed,       // nothing is sent in the lane's cooldown
  organizer_cooldown_obeyed,  // nor in an organizer's
  app_cooldown_shared,        // an application's cooldown closes all of its lanes
  app_cooldown_bounded,       // and no lane of another application
  latest_cooldown_wins,       // of overlapping ends
  never_early,                // jitter is added to Retry-After, never taken away
  cooldowns_saved,            // those over 1 s are committed
  cooldowns_restored,         // and obeyed after a restart
  cut_cooldown_probed,        // after a cooldown that was cut one call at a time is sent, until one shows that the scope is open
  stale_rows_wait,            // what an earlier process left half done goes last, and after an attempt timeout
  resting_rows_stay,          // a row whose call may still be at work stays claimed when the run stops
  advance_durable,            // a row's next operation is sent after the commit that says that it is owed
  lost_writes_forgotten,      // a row that the ledger gave to another process is not sent again
  lanes_stop_alone,           // a lane that stops for its credentials or permissions does not stop the others
  new_after_stale,            // a call that met a dead connection is sent again on a new one
  attempts_bounded,           // faults use attempts up
  throttles_are_free,         // and throttles do not
  acknowledged_bounded,       // no call while too many rows are not acknowledged
  bytes_bounded,              // nor while their answers take too many bytes
  acknowledged_first,         // the run is over when the last commit is acknowledged
  organizer_concurrency,      // calls in flight for one organizer
  organizer_rate,             // --organizer-rate
  closed_when_back,           // an organizer is closed once none of its calls is in flight
  answers_bound,              // an answer to another request says nothing, whatever its status
  permanence_proven,          // a refusal that was cut, or is tied to no request, is asked for once more
  refused_token_rests,        // a token that was refused is not used again
  deadline_kept,              // no attempt after the row's deadline
  duration_kept,              // nor after --max-duration
  outage_probes,              // one probe at a time while the service is down
  nothing_after_stop,         // an interrupted run makes no new calls
  count_
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
