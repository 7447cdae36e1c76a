#pragma once

// The statements that write how rows ended. Rows are locked in the order of the arrays, because with the settings of a group
// (run_writer.cpp) every join with unnest() is a nested loop over it.

#include <string_view>

namespace convoke::ledger::postgres::ending {

// How an observation is written.
enum class observing : int {
  meeting = 1,   // all that was seen of the meeting
  compared = 2,  // the answer showed no meeting: what was seen of it earlier stays
  gone = 3,      // nothing is left that a payload could be compared with
  state = 4,     // only the state
};

[[nodiscard]] const char* finish();   // -> position in the arrays, operation, rows of the input that ended
[[nodiscard]] const char* close();    // -> calls, rows of the input that ended
[[nodiscard]] const char* advance();  // -> position
[[nodiscard]] const char* release();  // -> position

// After a commit in doubt. Rows: id, token -> position, outcome, rows of the input that ended.
inline constexpr const char* find_ended =
    "SELECT i.position, x.outcome, 1 + (SELECT count(*) FROM convoke.duplicate d WHERE d.first = i.id) FROM unnest($1::bigint[], "
    "$2::bigint[]) WITH ORDINALITY AS i(id, token, position) JOIN convoke.decision c ON c.id = i.id JOIN convoke.outcome x "
    "ON x.id = coalesce(c.outcome_id, c.id) WHERE x.token = i.token";
// Rows: run, organizer, number -> position, of rows that are unclaimed.
inline constexpr const char* find_released =
    "SELECT i.position FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) WITH ORDINALITY AS i(run, organizer, number, position) "
    "JOIN convoke.owed o ON o.run = i.run AND o.organizer = i.organizer AND o.number = i.number WHERE o.token = 0";
// The token of a close -> calls, rows of the input that ended.
inline constexpr const char* find_closed =
    "SELECT count(*) FILTER (WHERE id & 2147483648 <> 0), count(*) FROM convoke.outcome WHERE token = $1";

// Rows that are lost: id, organizer, key, token. A later run took the key over while the row was claimed, and inherited its token, also
// from a run that was discarded, of which nothing is recorded. In a discarded run it is for the next plan with this key.
inline constexpr const char* free_inherited =
    "WITH lost AS MATERIALIZED (SELECT i.* FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[]) AS i(id, organizer, key, "
    "token) JOIN convoke.decision c ON c.id = i.id JOIN convoke.run r ON r.id = i.id >> 32 LEFT JOIN convoke.outcome x "
    "ON x.id = coalesce(c.outcome_id, c.id) WHERE x.outcome = 8 OR (x.id IS NULL AND r.state = 4)) "
    "UPDATE convoke.owed o SET token = 0, session = 0 FROM lost WHERE o.run IN (SELECT id FROM convoke.run WHERE state IN (2, 4)) "
    "AND o.run > lost.id >> 32 AND o.organizer = lost.organizer AND o.key = lost.key AND o.token = lost.token";

}  // namespace convoke::ledger::postgres::ending
