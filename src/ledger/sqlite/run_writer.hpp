#pragma once

// What a run under way changes: claims, outcomes, releases, closed organizers. On the ledger's thread, inside a transaction; errors stick
// to the connection. One process writes a ledger at a time, so a session's rows are all held under the session's lease.

#include <optional>
#include <unordered_map>
#include <vector>

#include "ledger/ledger.hpp"
#include "ledger/sqlite/connection.hpp"
#include "ledger/sqlite/memory.hpp"
#include "ledger/sqlite/outcome_writer.hpp"
#include "ledger/sqlite/runs.hpp"

namespace convoke::ledger::sqlite {

class run_writer {
 public:
  run_writer(connection& db, outcome_writer& outcomes, run_table& runs, memory_writer& memory) noexcept
      : db_(db), outcomes_(outcomes), runs_(runs), memory_(memory) {}

  // The contracts of these are those of the store.
  [[nodiscard]] result<opened_run> join(const session_request& wanted, lease_token lease);
  [[nodiscard]] result<claim_answer> claim(const claim_request& wanted);
  void write(const row_writes& rows, committed_rows& out);
  [[nodiscard]] result<closed_rows> close_organizer(const close_request& closing);
  [[nodiscard]] result<run_state> finish_run(run_id id);

 private:
  // How far the session has claimed an organizer's rows. They are claimed in the order of their numbers, each once; a released row waits
  // for the next session.
  struct progress {
    lane_id lane = 0;
    std::int64_t last_fresh = -1, last_stale = -1;  // numbers
  };
  struct claimed_call {
    owed_call call;
    operation op = operation::create_or_get;
  };
  struct session {
    lease_token lease = 0;
    std::unordered_map<organizer_id, progress> organizers;  // those that owed rows when the session began
    // The rows it claimed, without those it has finished or released: a write about them need not read them again.
    std::unordered_map<row_id, claimed_call> claimed;
  };
  // Names a row in a write, and the token it is believed to be held under.
  struct held_row {
    row_id row;
    organizer_id organizer;
    lease_token token;
  };

  // nullptr: the lease is not that of the run's session.
  [[nodiscard]] session* session_of(run_id run, lease_token lease);
  [[nodiscard]] claimed_page claim_page(const claim_request& wanted, const page_wanted& page, session& in);
  [[nodiscard]] claimed_page read_page(const claim_request& wanted, const page_wanted& page, session& in, std::int64_t after);
  [[nodiscard]] claimed_row read_row(statement& from, const claim_request& wanted, session& in);
  void add_observed(claimed_row& row);
  // Of the rows of a run that wait for all others (stored_waiting): makes them ordinary ones where these have succeeded; counts those that
  // wait; ends them where not all others succeeded and nothing else is owed.
  void release_waiting(run_id id, bool drift_fails);
  [[nodiscard]] std::uint64_t count_waiting(run_id id, const std::vector<lane_id>& lanes);
  void end_waiting(run_id id, bool drift_fails);
  [[nodiscard]] bool all_succeeded(run_id id, bool drift_fails);
  // These return false, or nothing, where the row is no longer held under the token; nothing is changed then. Else how many rows of the
  // input ended.
  [[nodiscard]] std::optional<std::uint64_t> finish(const finished_row& row);
  [[nodiscard]] bool advance(const advanced_row& row);
  [[nodiscard]] std::optional<std::uint64_t> release(const released_row& row);
  // Ends the claim: the row is no longer owed.
  [[nodiscard]] std::optional<claimed_call> take(const held_row& held);
  // Leaves the row as it is.
  [[nodiscard]] std::optional<claimed_call> find(const held_row& held);
  [[nodiscard]] claimed_call* find_claimed(const held_row& held);
  void forget_claimed(row_id row);
  [[nodiscard]] std::vector<organizer_rows> owing(run_id id);
  [[nodiscard]] std::vector<saved_cooldown> cooldowns(run_id id);

  connection& db_;
  outcome_writer& outcomes_;
  run_table& runs_;
  memory_writer& memory_;
  std::unordered_map<run_id, session> sessions_;

  statement fresh_{db_,
                   "SELECT o.number, o.key, o.operation, o.strikes, o.duplicates, o.call, o.hash, r.payload, r.update_rule, "
                   "coalesce(r.line, o.number) FROM owed o LEFT JOIN record r ON r.id = (o.run << 32 | o.number) "
                   "WHERE o.run = ? AND o.organizer = ? AND o.number > ? AND o.token = 0 AND o.operation <> 6 ORDER BY o.number LIMIT ?"};
  statement stale_{db_,
                   "SELECT o.number, o.key, o.operation, o.strikes, o.duplicates, o.call, o.hash, r.payload, r.update_rule, "
                   "coalesce(r.line, o.number) FROM owed o LEFT JOIN record r ON r.id = (o.run << 32 | o.number) "
                   "WHERE o.run = ? AND o.organizer = ? AND o.number > ? AND o.token NOT IN (0, ?) AND o.operation <> 6 ORDER BY o.number "
                   "LIMIT ?"};
  // The range of a page at once; what lies in it and was not read is claimed already, or of the other kind.
  statement claim_fresh_{db_,
                         "UPDATE owed SET token = ? WHERE run = ? AND organizer = ? AND number > ? AND number <= ? AND token = 0 "
                         "AND operation <> 6"};
  statement claim_stale_{
      db_,
      "UPDATE owed SET token = ?1 WHERE run = ? AND organizer = ? AND number > ? AND number <= ? AND token NOT IN (0, ?1) "
      "AND operation <> 6"};
  statement observed_{db_, "SELECT meeting_id, drift FROM observation WHERE id = ?"};
  statement drop_one_{db_, "DELETE FROM owed WHERE run = ? AND organizer = ? AND number = ?"};
  statement find_{db_,
                  "SELECT call, key, duplicates, hash, operation FROM owed WHERE run = ? AND organizer = ? AND number = ? AND token = ? "
                  "AND token <> 0"};
  statement release_{
      db_, "UPDATE owed SET token = 0, strikes = strikes + ? WHERE run = ? AND organizer = ? AND number = ? AND token = ? AND token <> 0"};
  statement advance_{db_, "UPDATE owed SET operation = ? WHERE run = ? AND organizer = ? AND number = ?"};
  statement strikes_{db_, "SELECT strikes FROM owed WHERE run = ? AND organizer = ? AND number = ? AND token = ? AND token <> 0"};
  statement page_{
      db_,
      "SELECT number, call, key, duplicates, hash, operation FROM owed WHERE run = ? AND organizer = ? AND operation <> 6 ORDER BY "
      "number LIMIT 1000"};
  statement drop_{db_, "DELETE FROM owed WHERE run = ? AND organizer = ? AND number <= ? AND operation <> 6"};
  statement forget_user_{db_,
                         "DELETE FROM known_user WHERE (graph_root, tenant, object_id) IN (SELECT l.graph_root, l.tenant, o.object_id "
                         "FROM organizer o JOIN lane l ON l.id = o.lane WHERE o.id = ?)"};
};

}  // namespace convoke::ledger::sqlite
