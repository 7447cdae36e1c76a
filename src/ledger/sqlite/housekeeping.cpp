#include "ledger/sqlite/housekeeping.hpp"

#include <sqlite3.h>

#include <chrono>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/text.hpp"
#include "ledger/key_set.hpp"
#include "ledger/sqlite/ledger_file.hpp"
#include "ledger/sqlite/memory.hpp"

namespace convoke::ledger::sqlite {
namespace {

// The check reports a page that the disk did not return among the damaged ones, with SQLite's code.
bool unreadable(const std::string& found) {
  constexpr std::string_view mark = "error code=";
  const auto at = found.find(mark);
  return at != std::string::npos && (std::atoi(found.c_str() + at + mark.size()) & 0xff) == SQLITE_IOERR;
}

// Older versions kept the decisions of some pruned runs, marked 2, to compare later plans with them. Nothing reads them any more.
void forget_decisions(connection& db) {
  statement marked(db, "SELECT id FROM run WHERE pruned = 2");
  std::vector<run_id> runs;
  for (marked.with(); marked.step();) runs.push_back(marked.as<run_id>(0));
  statement decisions(db, "DELETE FROM decision WHERE id BETWEEN ? AND ?");
  for (const auto run : runs) decisions.with(first_row(run), last_row(run)).run();
  if (!runs.empty()) db.exec("UPDATE run SET pruned = 1 WHERE pruned = 2");
}

// Older versions left payloads behind that nothing refers to. They are searched for once in the life of a ledger.
void forget_orphans(connection& db) {
  statement done(db, "SELECT 1 FROM meta WHERE name = ?");
  const bool before = done.with(no_orphans).step();
  done.reset();
  if (before) return;
  key_set wanted;
  statement sources(db, "SELECT source FROM inventory");
  for (sources.with(); sources.step();) wanted.insert(sources.as<key_id>(0));
  std::vector<row_id> orphans;
  statement payloads(
      db, "SELECT r.id FROM run CROSS JOIN record r ON r.id BETWEEN run.id << 32 AND (run.id << 32) + 4294967295 WHERE run.pruned <> 0");
  for (payloads.with(); payloads.step();)
    if (const auto id = payloads.as<row_id>(0); !wanted.contains(id)) orphans.push_back(id);
  statement forget(db, "DELETE FROM record WHERE id = ?");
  for (const auto id : orphans) forget.with(id).run();
  statement remember(db, "INSERT INTO meta(name, value) VALUES(?, 1)");
  remember.with(no_orphans).run();
}

}  // namespace

result<void> check_pages(connection& db, bool unclean) {
  statement size(db, "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size");
  const auto bytes = size.with().step() ? size.integer(0) : 0;
  size.reset();
  const bool all = unclean || bytes <= small_ledger;
  const char* const tables[] = {"meta", "lane", "organizer", "run", "run_lane", "tally", "owed", "cooldown"};
  std::string found;
  if (all) {
    found = db.ask("PRAGMA quick_check(1)");
  } else {
    for (const auto* table : tables) {
      const std::string one = std::string("PRAGMA quick_check(") + table + ")";
      found = db.ask(one.c_str());
      if (found != "ok") break;
    }
  }
  if (!db.ok()) return db.status();
  if (found == "ok") return {};
  if (unreadable(found)) {
    return fail(errc::storage, "the ledger " + shown(db.path()) + " cannot be read, disk I/O error: " + core::escape_for_people(found) +
                                   ". Check the disk, then run the same command again: what was committed is kept");
  }
  return fail(errc::storage, "the ledger " + shown(db.path()) + " is damaged: " + core::escape_for_people(found) + ". " + put_a_copy_back);
}

result<void> discard_run(connection& db, run_table& runs, run_id id) {
  const auto found = runs.find(id);
  if (!db.ok()) return db.status();
  if (!found) return no_such_run(id);
  if (found->info.state == run_state::discarded) return {};
  if (found->info.state == run_state::finished)
    return fail(errc::usage, "run " + std::to_string(id) + " is finished; there is nothing to discard");
  // Rows that are claimed can still have a request in flight: a later plan with these keys must find the claims.
  statement forget(db, "DELETE FROM owed WHERE run = ? AND token = 0");
  statement discard(db, "UPDATE run SET state = 4, finished_at = ? WHERE id = ?");
  forget.with(id).run();
  discard.with(to_stored(wall_now()), id).run();
  return db.status();
}

result<std::vector<run_id>> runs_to_prune(connection& db, unsigned keep) {
  statement months(db, "DELETE FROM made WHERE month < ?");
  months.with(month_of(wall_now()) - 1).run();
  // Requests of such claims ended long ago, whatever the time limits were.
  statement claims(db, "DELETE FROM owed WHERE run IN (SELECT id FROM run WHERE state = 4 AND finished_at < ?)");
  claims.with(to_stored(wall_now() - std::chrono::days(1))).run();
  forget_orphans(db);
  forget_decisions(db);
  // Plans that were never opened are counted apart, and so are kinds of runs: they must not push out runs that were carried out, and a run
  // that verifies must not push out the one whose results it is about.
  statement old(
      db,
      "SELECT id FROM (SELECT id, row_number() OVER (PARTITION BY opened_at IS NULL, kind ORDER BY opened_at DESC, id DESC) AS place "
      "FROM run WHERE state IN (3, 4) AND pruned = 0) WHERE place > ? ORDER BY id DESC");
  std::vector<run_id> out;
  for (old.with(keep); old.step();) out.push_back(old.as<run_id>(0));
  if (!db.ok()) return std::unexpected(db.failure());
  return out;
}

result<void> prune_run(connection& db, run_id id) {
  const auto first = first_row(id), last = last_row(id);
  statement mark(db, "UPDATE run SET pruned = ? WHERE id = ?");
  mark.with(1, id).run();
  // Payloads that the inventory still wants stay, without the record around them: of the occurrences of a record any may be wanted.
  statement records(
      db,
      "DELETE FROM record WHERE id BETWEEN ?1 AND ?2 AND NOT EXISTS(SELECT 1 FROM decision d JOIN inventory i ON i.id = d.key "
      "WHERE d.id = record.id AND i.source = record.id)");
  records.with(first, last).run();
  statement keep(db, "UPDATE record SET raw = NULL WHERE id BETWEEN ? AND ? AND raw IS NOT NULL");
  keep.with(first, last).run();
  statement outcomes(db, "DELETE FROM outcome WHERE id BETWEEN ? AND ?");
  outcomes.with(first, last).run();
  statement last_failures(db, "DELETE FROM last_failure WHERE id BETWEEN ? AND ?");
  last_failures.with(first, last).run();
  statement duplicates(db, "DELETE FROM duplicate WHERE first BETWEEN ? AND ?");
  duplicates.with(first, last).run();
  statement decisions(db, "DELETE FROM decision WHERE id BETWEEN ? AND ?");
  decisions.with(first, last).run();
  return db.status();
}

}  // namespace convoke::ledger::sqlite
