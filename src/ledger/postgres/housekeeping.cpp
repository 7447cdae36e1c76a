#include "ledger/postgres/housekeeping.hpp"

#include <chrono>
#include <ranges>
#include <string>
#include <utility>

#include "ledger/postgres/locks.hpp"
#include "ledger/postgres/pipeline.hpp"
#include "ledger/stored.hpp"
#include "os/clock.hpp"

namespace convoke::ledger::postgres {
namespace {

using os::wall_now;

// Adds the lock as the first statement.
void add_lock(pipeline& to, int which) {
  to.add("SELECT pg_advisory_xact_lock($1::int, $2::int)").with(lock_class).with(which);
}

outcome_of<void> run(connection& db, pipeline& statements) {
  auto done = statements.run(db);
  if (!done) return std::unexpected(std::move(done.error()));
  return {};
}

}  // namespace

outcome_of<result<void>> discard_run(connection& db, run_id id) {
  // No worker claims or writes meanwhile.
  if (auto locked = lock(db, lock_writes); !locked) return std::unexpected(std::move(locked.error()));
  const auto found = db.run("SELECT state FROM convoke.run WHERE id = $1 FOR UPDATE", params().with(id));
  if (!found) return std::unexpected(found.error());
  if (found->empty()) return result<void>(no_such_run(id));
  const auto state = static_cast<run_state>(found->integer(0, 0));
  if (state == run_state::discarded) return result<void>();
  if (state == run_state::finished)
    return result<void>(fail(errc::usage, "run " + std::to_string(id) + " is finished; there is nothing to discard"));
  pipeline changes;
  // Rows that are claimed can still have a request in flight: a later plan with these keys must find the claims.
  changes.add("DELETE FROM convoke.owed WHERE run = $1 AND token = 0").with(id);
  changes.add("UPDATE convoke.run SET state = 4, finished_at = $2 WHERE id = $1").with(id).with(to_stored(wall_now()));
  if (auto done = run(db, changes); !done) return std::unexpected(std::move(done.error()));
  return result<void>();
}

outcome_of<result<std::vector<run_id>>> runs_to_prune(connection& db, unsigned keep) {
  pipeline statements;
  statements.add("DELETE FROM convoke.made WHERE month < $1").with(month_of(wall_now()) - 1);
  // Requests of such claims ended long ago, whatever the time limits were.
  statements.add("DELETE FROM convoke.owed WHERE run IN (SELECT id FROM convoke.run WHERE state = 4 AND finished_at < $1)")
      .with(to_stored(wall_now() - std::chrono::days(1)));
  // Plans that were never opened are counted apart, and so are kinds of runs: see sqlite/housekeeping.cpp.
  statements
      .add(
          "SELECT id FROM (SELECT id, row_number() OVER (PARTITION BY opened_at IS NULL, kind ORDER BY opened_at DESC, id DESC) AS place "
          "FROM convoke.run WHERE state IN (3, 4) AND pruned = 0) r WHERE place > $1 ORDER BY id DESC")
      .with(keep);
  const auto answers = statements.run(db);
  if (!answers) return std::unexpected(answers.error());
  std::vector<run_id> out;
  for (const auto& old = answers->back(); const auto i : std::views::iota(0, old.size())) out.push_back(old.as<run_id>(i, 0));
  return result<std::vector<run_id>>(std::move(out));
}

outcome_of<result<void>> prune_run(connection& db, run_id id) {
  const auto in_run = [id](params& values) { values.with(first_row(id)).with(last_row(id)); };
  pipeline changes;
  // A plan decides which of these records the inventory still wants.
  add_lock(changes, lock_plans);
  changes.add("SELECT set_config('convoke.pruning', 'yes', true)");
  changes.add("UPDATE convoke.run SET pruned = 1 WHERE id = $1").with(id);
  // Payloads that the inventory still wants stay, without the record around them: of the occurrences of a record any may be wanted.
  in_run(
      changes.add("DELETE FROM convoke.record r WHERE r.id BETWEEN $1 AND $2 AND NOT EXISTS(SELECT FROM convoke.decision d "
                  "JOIN convoke.inventory i ON i.id = d.key WHERE d.id = r.id AND i.source = r.id)"));
  in_run(changes.add("UPDATE convoke.record SET raw = NULL WHERE id BETWEEN $1 AND $2 AND raw IS NOT NULL"));
  in_run(changes.add("DELETE FROM convoke.outcome WHERE id BETWEEN $1 AND $2"));
  in_run(changes.add("DELETE FROM convoke.last_failure WHERE id BETWEEN $1 AND $2"));
  in_run(changes.add("DELETE FROM convoke.duplicate WHERE first BETWEEN $1 AND $2"));
  in_run(changes.add("DELETE FROM convoke.decision WHERE id BETWEEN $1 AND $2"));
  if (auto done = run(db, changes); !done) return std::unexpected(std::move(done.error()));
  return result<void>();
}

}  // namespace convoke::ledger::postgres
