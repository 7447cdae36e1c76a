#pragma once

// The rows of a run that wait until all others have succeeded: see store::claim. In `owed` they have the operation 6 (stored_waiting).

namespace convoke::ledger::postgres {

// Both change nothing while a plan has the lock `writes`.
//
// $1: the run, 0 for all that are open. Makes them ordinary removals (4) where nothing else of their run is owed and all others succeeded.
[[nodiscard]] const char* release_waiting();
// $1: the run, $2: the lanes -> how many wait.
inline constexpr const char* count_waiting =
    "SELECT count(*) FROM convoke.owed o JOIN convoke.run r ON r.id = o.run JOIN convoke.organizer p ON p.id = o.organizer "
    "WHERE o.operation = 6 AND r.state = 2 AND $1 IN (r.id, 0) AND p.lane = ANY ($2::bigint[])";
// $1: the run, 0 for all that are open, $2: the time, $3, $4: code and message. Ends them as failed where nothing else of their run is owed
// and not all others succeeded. What was observed of their keys stays.
[[nodiscard]] const char* end_waiting();

}  // namespace convoke::ledger::postgres
