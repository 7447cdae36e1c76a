// The rows of a run that wait until all others have succeeded: see store::claim.

#include <algorithm>

#include "ledger/planning/kinds.hpp"
#include "ledger/sqlite/run_writer.hpp"

namespace convoke::ledger::sqlite {

// Of the rows that have their outcome. Counts that were not written yet would be missing.
bool run_writer::all_succeeded(run_id id, bool drift_fails) {
  outcomes_.write_counts();
  statement other(db_, "SELECT EXISTS(SELECT 1 FROM tally WHERE run = ?1 AND n > 0 AND (outcome IN (6, 7, 8, 9) OR (outcome = 3 AND ?2)))");
  return other.with(id, drift_fails).step() && other.integer(0) == 0;
}

void run_writer::release_waiting(run_id id, bool drift_fails) {
  statement waiting(db_,
                    "SELECT CASE WHEN EXISTS(SELECT 1 FROM owed WHERE run = ?1 AND operation <> 6) THEN 0 "
                    "ELSE EXISTS(SELECT 1 FROM owed WHERE run = ?1) END");
  const bool alone = waiting.with(id).step() && waiting.integer(0) != 0;
  waiting.reset();
  if (!alone || !all_succeeded(id, drift_fails)) return;
  // From now on the meetings may be deleted at any time: a later plan that wants one of them owes a call.
  statement doubt(db_, "UPDATE observation SET state = 6 WHERE id IN (SELECT key FROM owed WHERE run = ? AND operation = 6)");
  doubt.with(id).run();
  statement release(db_, "UPDATE owed SET operation = 4 WHERE run = ? AND operation = 6");
  release.with(id).run();
}

std::uint64_t run_writer::count_waiting(run_id id, const std::vector<lane_id>& lanes) {
  statement waiting(db_,
                    "SELECT r.position, count(*) FROM owed o JOIN organizer p ON p.id = o.organizer JOIN run_lane r ON r.run = o.run AND "
                    "r.lane = p.lane WHERE o.run = ? AND o.operation = 6 GROUP BY r.position");
  std::uint64_t n = 0;
  for (waiting.with(id); waiting.step();) {
    if (std::ranges::find(lanes, waiting.as<lane_id>(0)) != lanes.end()) n += waiting.as<std::uint64_t>(1);
  }
  return n;
}

void run_writer::end_waiting(run_id id, bool drift_fails) {
  statement other(db_, "SELECT EXISTS(SELECT 1 FROM owed WHERE run = ? AND operation <> 6)");
  const bool owes_others = other.with(id).step() && other.integer(0) != 0;
  other.reset();
  if (owes_others || all_succeeded(id, drift_fails)) return;
  statement waiting(db_, "SELECT number, call, key, duplicates, hash FROM owed WHERE run = ? ORDER BY organizer, number");
  const auto now = wall_now();
  for (waiting.with(id); waiting.step();) {
    const owed_call call{.row = make_row(id, waiting.as<std::uint32_t>(0)),
                         .outcome_id = outcome_id_of_call(id, waiting.as<std::uint32_t>(1)),
                         .key = waiting.as<key_id>(2),
                         .duplicates = waiting.as<std::uint64_t>(3),
                         .hash = read_digest(waiting.text(4))};
    outcomes_.given_up(call, planning::not_removed, not_removed_why, now);
  }
  statement drop(db_, "DELETE FROM owed WHERE run = ?");
  drop.with(id).run();
}

}  // namespace convoke::ledger::sqlite
