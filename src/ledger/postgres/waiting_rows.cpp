#include "ledger/postgres/waiting_rows.hpp"

#include <string>

#include "ledger/postgres/tables.hpp"

namespace convoke::ledger::postgres {
namespace {

// Open runs, `$1` or all, that owe nothing but rows that wait. They are locked, so that two sessions do not decide about the same run at a
// time. What else a run owed was deleted in the commit that counted its outcome, so the counts are complete.
constexpr const char* alone = R"sql(WITH alone AS MATERIALIZED (
  SELECT r.id FROM convoke.run r WHERE r.state = 2 AND $1 IN (r.id, 0)
    AND CASE WHEN EXISTS(SELECT FROM convoke.owed o WHERE o.run = r.id AND o.operation <> 6) THEN false
      ELSE EXISTS(SELECT FROM convoke.owed o WHERE o.run = r.id) END
    AND )sql";
// A plan that is under way has read what was observed, and may end these rows: it comes first (see lock_class).
constexpr const char* no_plan = "(SELECT pg_try_advisory_xact_lock_shared(1668247158, 1))";
static_assert(lock_class == 1668247158 && lock_writes == 1);
constexpr const char* any_failed = R"sql(EXISTS(SELECT FROM convoke.tally t WHERE t.run = r.id AND t.n > 0
      AND (t.outcome IN (6, 7, 8, 9) OR (t.outcome = 3 AND r.drift_fails)))
  ORDER BY r.id FOR UPDATE)
)sql";

}  // namespace

const char* release_waiting() {
  // From now on the meetings may be deleted at any time, so a later plan that wants one of them owes a call: the observation is incomplete.
  static const std::string sql = std::string(alone) + no_plan + " AND NOT " + any_failed +
                                 R"sql(, released AS (
  UPDATE convoke.owed o SET operation = 4 FROM alone a WHERE o.run = a.id AND o.operation = 6 RETURNING o.key)
UPDATE convoke.observation b SET state = 6 FROM released r WHERE b.id = r.key)sql";
  return sql.c_str();
}

const char* end_waiting() {
  static const std::string sql = std::string(alone) + no_plan + " AND " + any_failed + R"sql(, gone AS (
  DELETE FROM convoke.owed o USING alone a WHERE o.run = a.id RETURNING o.run, o.number, o.call, o.duplicates),
ends AS MATERIALIZED (
  SELECT g.run, (g.run::bigint << 32 | 2147483648 | g.call) AS id FROM gone g
  UNION ALL
  SELECT g.run, d.id FROM gone g JOIN convoke.duplicate d ON d.first = (g.run::bigint << 32 | g.number) WHERE g.duplicates),
written AS (
  INSERT INTO convoke.outcome(id, outcome, attempts, http_status, error_code, error_message, finished_at)
  SELECT id, 6, 0, 0, $3, $4, $2 FROM ends)
INSERT INTO convoke.tally(run, outcome, n) SELECT run, 6, count(*) FROM ends GROUP BY run ORDER BY run
ON CONFLICT (run, outcome, slot) DO UPDATE SET n = tally.n + excluded.n)sql";
  return sql.c_str();
}

}  // namespace convoke::ledger::postgres
