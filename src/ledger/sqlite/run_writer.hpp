#pragma once

// What a run under way changes: claims, outcomes, releases, closed organizers. On the ledger's thread, inside a group.

#include <optional>
#include <span>
#include <unordered_map>

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

  // Starts a session of this run: claims made before are stale, rows released before may be claimed again.
  [[nodiscard]] result<opened_run> resume(run_id id, lease_token lease);
  // The lease of the session that resume() began; 0 before.
  [[nodiscard]] lease_token lease() const noexcept { return lease_; }
  [[nodiscard]] claimed_page claim(run_id run, const page_wanted& wanted, bool stale);
  // The rows of the input that got their outcome by it: the row and those that share its key. Absent: the row is no longer this
  // claim's, and nothing was changed.
  std::optional<std::uint64_t> finish(const finished_row& row);
  // Absent: no longer this claim's. Else as finish: more than 0 where it was the third strike.
  std::optional<std::uint64_t> release(const released_row& row);
  // What was observed is written and the next operation is owed. False: no longer this claim's.
  bool advance(const advanced_row& row);
  closed_rows close_organizer(run_id run, organizer_id organizer, const finished_row& like);
  [[nodiscard]] result<run_state> finish_run(run_id id);

 private:
  // Within a session an organizer's rows are claimed in line order, each once; what is released waits for the next session.
  struct progress {
    std::int64_t fresh = -1, stale = -1;  // the last line that was claimed
  };
  // What this session claimed and has not ended, so that ending it needs no look at the ledger first.
  struct held_row {
    owed_call row;
    lease_token token;
  };
  [[nodiscard]] claimed_page read_page(run_id run, const page_wanted& wanted, bool stale, std::int64_t after);
  [[nodiscard]] bool take_held(const finished_row& row, owed_call& out);
  [[nodiscard]] bool take_stored(const finished_row& row, owed_call& out);
  [[nodiscard]] std::vector<organizer_rows> owing(run_id id);
  [[nodiscard]] std::vector<saved_cooldown> cooldowns(run_id id);
  std::optional<std::uint64_t> third_strike(const released_row& row);

  connection& db_;
  outcome_writer& outcomes_;
  run_table& runs_;
  memory_writer& memory_;
  lease_token lease_ = 0;
  std::unordered_map<std::uint64_t, progress> claimed_;  // by run << 32 | organizer
  std::unordered_map<row_id, held_row> held_;

  statement fresh_{db_,
                   "SELECT o.line, o.key, o.operation, o.strikes, o.duplicates, o.call, o.hash, r.payload, r.update_rule FROM owed o LEFT "
                   "JOIN record r ON r.id = (o.run "
                   "<< 32 | o.line) "
                   "WHERE o.run = ? AND o.organizer = ? AND o.line > ? AND o.token = 0 ORDER BY o.line LIMIT ?"};
  statement stale_{db_,
                   "SELECT o.line, o.key, o.operation, o.strikes, o.duplicates, o.call, o.hash, r.payload, r.update_rule FROM owed o LEFT "
                   "JOIN record r ON r.id = (o.run "
                   "<< 32 | o.line) "
                   "WHERE o.run = ? AND o.organizer = ? AND o.line > ? AND o.token NOT IN (0, ?) ORDER BY o.line LIMIT ?"};
  // The range of a page at once; what lies in it and was not read is claimed already, or of the other kind.
  statement claim_fresh_{db_, "UPDATE owed SET token = ? WHERE run = ? AND organizer = ? AND line > ? AND line <= ? AND token = 0"};
  statement claim_stale_{db_,
                         "UPDATE owed SET token = ?1 WHERE run = ? AND organizer = ? AND line > ? AND line <= ? AND token NOT IN (0, ?1)"};
  statement drop_one_{db_, "DELETE FROM owed WHERE run = ? AND organizer = ? AND line = ?"};
  statement take_{
      db_,
      "DELETE FROM owed WHERE run = ? AND organizer = ? AND line = ? AND token = ? AND token <> 0 RETURNING call, key, duplicates, hash"};
  statement release_{
      db_, "UPDATE owed SET token = 0, strikes = strikes + ? WHERE run = ? AND organizer = ? AND line = ? AND token = ? AND token <> 0"};
  statement advance_{db_, "UPDATE owed SET operation = ? WHERE run = ? AND organizer = ? AND line = ? AND token = ? AND token <> 0"};
  statement strikes_{db_, "SELECT strikes FROM owed WHERE run = ? AND organizer = ? AND line = ? AND token = ? AND token <> 0"};
  statement page_{db_, "SELECT line, call, key, duplicates, hash FROM owed WHERE run = ? AND organizer = ? ORDER BY line LIMIT 1000"};
  statement drop_{db_, "DELETE FROM owed WHERE run = ? AND organizer = ? AND line <= ?"};
};

}  // namespace convoke::ledger::sqlite
