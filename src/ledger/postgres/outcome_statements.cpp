#include "ledger/postgres/outcome_statements.hpp"

#include <string>

#include "ledger/observed_meeting.hpp"

namespace convoke::ledger::postgres::ending {
namespace {

// From `gone`, the rows that are no longer owed: outcomes of them and of their duplicates, and the counts of the runs. $1: the slot of the
// tally.
constexpr std::string_view write_ends = R"sql(, ends AS MATERIALIZED (
  SELECT (g.run << 32 | 2147483648 | g.call) AS outcome_id, g.* FROM gone g
  UNION ALL
  SELECT d.id, g.* FROM gone g JOIN convoke.duplicate d ON d.first = (g.run << 32 | g.number) WHERE g.duplicates),
written AS (
  INSERT INTO convoke.outcome(id, outcome, attempts, http_status, error_code, error_message, request_id, client_request_id, drift,
    finished_at, token)
  SELECT outcome_id, outcome, attempts, http_status, error_code, error_message, request_id, client_request_id, drift, finished_at, token
  FROM ends),
counted AS (
  INSERT INTO convoke.tally(run, outcome, slot, n) SELECT run, outcome, $1, count(*) FROM ends GROUP BY run, outcome ORDER BY run, outcome
  ON CONFLICT (run, outcome, slot) DO UPDATE SET n = tally.n + excluded.n)
)sql";

// These write the observations of the keys in `gone`, by `mode`. Nothing differs after an update (outcome 4): its fields are those that
// did.
constexpr std::string_view observe_meetings_as = R"sql(, seen AS (
  INSERT INTO convoke.observation(id, state, pending, compared_hash, observed_at, drift, meeting_id, join_web_url, join_meeting_id,
    passcode, dial_in_number, conference_id, options_url, expires_at)
  SELECT key, )sql";
// A get that found a difference leaves a key that was still to be called as it is: incomplete (see sqlite/outcome_writer.hpp).
constexpr std::string_view state_after_end =
    "CASE WHEN operation IN (3, 7) AND outcome = 3 AND EXISTS(SELECT FROM convoke.observation b WHERE b.id = gone.key AND (b.pending OR "
    "b.state NOT IN (1, 2))) THEN 6 ELSE state END";
// A get that failed observed nothing.
constexpr std::string_view observe_meetings =
    R"sql(, false, hash, finished_at, CASE WHEN outcome <> 4 THEN drift END, meeting_id, join_web_url, join_meeting_id, passcode,
    dial_in_number, conference_id, options_url, expires_at FROM gone WHERE mode = 1
    AND NOT (operation IN (3, 7) AND outcome = 6)
  ON CONFLICT (id) DO UPDATE SET state = excluded.state, pending = false, compared_hash = excluded.compared_hash,
    observed_at = excluded.observed_at, drift = excluded.drift, )sql";  // and observe_what_is_shown, and a parenthesis
constexpr std::string_view observe_comparisons = R"sql(, compared AS (
  INSERT INTO convoke.observation(id, state, pending, compared_hash, observed_at, drift)
  SELECT key, state, false, CASE WHEN mode = 2 THEN hash END, finished_at, CASE WHEN mode = 2 AND outcome <> 4 THEN drift END FROM gone WHERE mode IN (2, 3)
  ON CONFLICT (id) DO UPDATE SET state = excluded.state, pending = false, compared_hash = excluded.compared_hash,
    observed_at = excluded.observed_at, drift = excluded.drift)
)sql";
constexpr std::string_view observe_states = R"sql(, stated AS (
  INSERT INTO convoke.observation(id, state, pending, observed_at) SELECT key, state, false, finished_at FROM gone WHERE mode = 4
    AND NOT (operation IN (3, 7) AND outcome = 6)
  ON CONFLICT (id) DO UPDATE SET state = excluded.state, pending = false, observed_at = excluded.observed_at)
)sql";

constexpr std::string_view inputs_of =
    "CASE WHEN g.duplicates THEN 1 + (SELECT count(*) FROM convoke.duplicate d WHERE d.first = "
    "(g.run << 32 | g.number)) ELSE 1 END";

std::string joined(std::initializer_list<std::string_view> parts) {
  std::string out;
  for (const auto part : parts) out += part;
  return out;
}

}  // namespace

const char* finish() {
  static const std::string sql =
      joined({R"sql(WITH gone AS (
  DELETE FROM convoke.owed o USING unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[],
    $9::bigint[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::bigint[], $16::bigint[], $17::bigint[], $18::text[],
    $19::text[], $20::text[], $21::text[], $22::text[], $23::text[], $24::text[], $25::bigint[]) WITH ORDINALITY AS i(run, organizer, number, token, min_strikes, outcome,
    attempts, http_status, error_code, error_message, request_id, client_request_id, drift, finished_at, mode, state, meeting_id,
    join_web_url, join_meeting_id, passcode, dial_in_number, conference_id, options_url, expires_at, position)
  WHERE o.run = i.run AND o.organizer = i.organizer AND o.number = i.number AND o.token = i.token AND o.strikes >= i.min_strikes
  RETURNING i.*, o.key, o.call, o.hash, o.duplicates, o.operation)
)sql",
              write_ends, observe_meetings_as, state_after_end, observe_meetings, observe_what_is_shown, ")", observe_comparisons,
              observe_states, "SELECT g.position, g.operation, ", inputs_of, " FROM gone g"});
  return sql.c_str();
}

const char* close() {
  static const std::string sql = joined({R"sql(WITH held AS MATERIALIZED (
  SELECT o.run, o.organizer, o.number FROM convoke.run r JOIN convoke.owed o ON o.run = r.id AND o.organizer = $3 AND o.operation <> 6
  WHERE (r.id = $2 OR ($2 = 0 AND r.state = 2)) AND (SELECT convoke.is_live($4)) AND (o.token = 0 OR o.session = $4
    OR o.session <> ALL (ARRAY(SELECT id FROM convoke.session WHERE NOT ended)))
  ORDER BY o.run, o.number FOR UPDATE OF o SKIP LOCKED),
gone AS (
  DELETE FROM convoke.owed o USING held h WHERE o.run = h.run AND o.organizer = h.organizer AND o.number = h.number
  RETURNING o.run::bigint AS run, o.organizer, o.number, o.key, o.call, o.hash, o.duplicates, o.operation, $5::bigint AS token, 6 AS outcome,
    $6::bigint AS attempts, $7::bigint AS http_status, $8::text AS error_code, $9::text AS error_message, $10::text AS request_id,
    $11::text AS client_request_id, $12::text AS drift, $13::bigint AS finished_at, $14::bigint AS mode, 3 AS state, $15::text AS meeting_id,
    $16::text AS join_web_url, $17::text AS join_meeting_id, $18::text AS passcode, $19::text AS dial_in_number, $20::text AS conference_id,
    $21::text AS options_url, $22::bigint AS expires_at)
)sql",
                                         write_ends, observe_meetings_as, "state", observe_meetings, observe_what_is_shown, ")",
                                         observe_states, "SELECT count(*), coalesce(sum(", inputs_of, "), 0)::bigint FROM gone g"});
  return sql.c_str();
}

const char* advance() {
  static const std::string sql =
      joined({R"sql(WITH gone AS (
  UPDATE convoke.owed o SET operation = i.next FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[],
    $7::bigint[], $8::bigint[], $9::bigint[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[], $16::text[], $17::bigint[]) WITH ORDINALITY
    AS i(run, organizer, number, token, next, drift, finished_at, mode, state, meeting_id, join_web_url, join_meeting_id, passcode,
    dial_in_number, conference_id, options_url, expires_at, position)
  WHERE o.run = i.run AND o.organizer = i.organizer AND o.number = i.number AND o.token = i.token
  RETURNING i.*, o.key, o.hash, 0 AS outcome, 0 AS operation)
)sql",
              observe_meetings_as, "state", observe_meetings, observe_what_is_shown, ")", observe_states, "SELECT position FROM gone"});
  return sql.c_str();
}

const char* release() {
  return R"sql(WITH freed AS (
  UPDATE convoke.owed o SET token = 0, session = 0, strikes = o.strikes + i.strike,
    struck_at = CASE WHEN i.strike > 0 THEN clock_timestamp() ELSE o.struck_at END FROM unnest($1::bigint[], $2::bigint[], $3::bigint[],
    $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::text[], $9::text[], $10::text[], $11::text[]) WITH ORDINALITY
    AS i(run, organizer, number, token, strike, attempts, http_status, error_code, error_message, request_id, client_request_id, position)
  WHERE o.run = i.run AND o.organizer = i.organizer AND o.number = i.number AND o.token = i.token
  RETURNING i.*, o.call, o.duplicates),
ends AS (
  SELECT (f.run << 32 | 2147483648 | f.call) AS outcome_id, f.* FROM freed f WHERE f.attempts > 0
  UNION ALL
  SELECT d.id, f.* FROM freed f JOIN convoke.duplicate d ON d.first = (f.run << 32 | f.number) WHERE f.duplicates AND f.attempts > 0),
failed AS (
  INSERT INTO convoke.last_failure(id, number, attempts, http_status, error_code, error_message, request_id, client_request_id)
  SELECT outcome_id, number, attempts, http_status, error_code, error_message, request_id, client_request_id FROM ends
  ON CONFLICT (id) DO UPDATE SET number = excluded.number, attempts = excluded.attempts, http_status = excluded.http_status,
    error_code = excluded.error_code, error_message = excluded.error_message, request_id = excluded.request_id,
    client_request_id = excluded.client_request_id)
SELECT position FROM freed)sql";
}

}  // namespace convoke::ledger::postgres::ending
