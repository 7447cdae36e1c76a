#pragma once

// What a plan looks up and writes in a SQLite ledger.

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "ledger/planning/plan_store.hpp"
#include "ledger/sqlite/connection.hpp"
#include "ledger/sqlite/forward_cursor.hpp"
#include "ledger/sqlite/outcome_writer.hpp"
#include "ledger/sqlite/runs.hpp"

namespace convoke::ledger::sqlite {

class sqlite_plan_store final : public planning::plan_store {
 public:
  sqlite_plan_store(connection& db, outcome_writer& outcomes, run_id run) noexcept : db_(db), outcomes_(outcomes), run_(run) {}

  result<void> number_organizers(std::span<planning::plan_organizer> organizers) override;
  result<void> find_keys(std::span<const digest> keys, std::span<key_id> found) override;
  result<void> read_known(std::span<const key_id> keys, std::span<planning::known_key> found) override;
  result<void> read_payloads(std::span<const planning::key_row> rows, std::vector<planning::payload_pair>& found) override;
  result<void> read_owed(const planning::owed_place& after, std::size_t count, std::vector<planning::owed_elsewhere>& found) override;
  result<void> read_live(key_id after, utc_time now, std::size_t count, std::vector<planning::live_key>& found) override;
  result<void> read_inventory(key_id after, std::size_t count, std::vector<planning::inventory_entry>& found) override;
  result<void> read_states(std::span<const key_id> keys, std::span<planning::seen_key> found) override;
  result<void> read_records(std::span<const row_id> records, std::vector<std::string>& found) override;
  result<void> name_keys(std::span<const key_id> keys, std::vector<std::optional<named_key>>& found) override;
  result<void> name_organizers(std::span<const organizer_id> organizers, std::vector<std::string>& found) override;
  result<void> count_made(std::span<const organizer_id> organizers, std::span<std::uint64_t> found) override;

  result<planning::feed_id> number_feed(std::string_view name) override;
  result<void> write_payloads(std::span<const planning::row_payload> rows) override;
  result<void> write_copies(std::span<const planning::inventory_row_copy> rows) override;
  result<void> write_inventory_payloads(std::span<const planning::key_row> rows, bool with_settings) override;
  result<void> add_to_rows(std::uint64_t rows) override;
  result<void> write_wanted(std::span<const planning::wanted_row> rows) override;
  result<void> write_feeds(std::span<const planning::feed_row> rows) override;
  result<void> write_decisions(std::span<const planning::decided_row> rows) override;
  result<void> write_calls(std::span<const planning::planned_call> calls) override;
  result<void> write_new_keys(std::span<const planning::new_key> keys) override;
  result<void> write_call_decisions(std::span<const planning::numbered_row> rows) override;
  result<void> write_duplicates() override;
  result<void> write_superseded(std::span<const planning::owed_elsewhere> rows, utc_time when) override;

 private:
  void read_lanes();
  void read_one(key_id key, planning::known_key& into);
  void write_one(const planning::decided_row& row);
  void replace_wanted(const planning::wanted_row& row);

  connection& db_;
  outcome_writer& outcomes_;
  run_id run_;
  std::optional<std::unordered_map<organizer_id, lane_id>> lanes_;  // see read_lanes

  forward_cursor<digest> keys_{db_, "SELECT hash, id FROM inventory_key WHERE hash >= ? ORDER BY hash"};
  forward_cursor<key_id> observed_{
      db_,
      "SELECT id, state, pending, compared_hash, meeting_id IS NOT NULL, expires_at, drift FROM observation WHERE id >= ? ORDER BY id"};
  forward_cursor<key_id> wanted_side_{db_, "SELECT id, feed, ends_at, wanted_hash FROM inventory WHERE id >= ? ORDER BY id"};
  forward_cursor<row_id> records_{db_, "SELECT id, payload FROM record WHERE id >= ? ORDER BY id"};
  statement live_{db_, "SELECT id, organizer, source, feed FROM inventory WHERE id > ?1 AND (ends_at IS NULL OR ends_at > ?2) ORDER BY id"};
  statement wanted_payload_{db_, "SELECT r.payload FROM inventory i JOIN record r ON r.id = i.source WHERE i.id = ?"};
  statement payload_{db_, "SELECT payload FROM record WHERE id = ?"};
  statement owed_{
      db_,
      "SELECT o.run, o.organizer, o.number, o.call, o.key, o.token, o.strikes, o.duplicates, r.state, o.operation, r.kind FROM owed o "
      "JOIN run r ON r.id = o.run WHERE (o.run, o.organizer, o.number) > (?, ?, ?) AND o.run <> ? "
      "ORDER BY o.run, o.organizer, o.number LIMIT ?"};
  statement duplicates_{db_, "SELECT count(*) FROM duplicate WHERE first = ?"};
  statement drift_{db_, "SELECT drift FROM observation WHERE id = ?"};

  statement rewrite_{db_, "UPDATE record SET payload = ? WHERE id = ?"};
  statement source_{db_, "SELECT source FROM inventory WHERE id = ?"};
  // Only of a run that was pruned: its record was kept for the inventory alone.
  statement forget_source_{db_,
                           "DELETE FROM record WHERE id = ?1 AND raw IS NULL AND (SELECT pruned FROM run WHERE run.id = ?1 >> 32) <> 0"};
  statement want_{db_, "UPDATE inventory SET source = ?, wanted_hash = ? WHERE id = ?"};
  statement belong_{db_, "UPDATE inventory SET feed = ?, ends_at = ? WHERE id = ?"};
  statement mark_pending_{db_, "UPDATE observation SET pending = ? WHERE id = ?"};
  statement doubt_{db_, "UPDATE observation SET state = 6 WHERE id = ?"};
  statement decide_{db_, "INSERT INTO decision(id, key, organizer, outcome_id) VALUES(?, ?, ?, ?)"};
  statement duplicate_{db_, "INSERT INTO duplicate(first, id) VALUES(?, ?)"};
  statement owe_{db_,
                 "INSERT INTO owed(run, organizer, number, key, token, strikes, duplicates, call, hash, operation) "
                 "VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"};
  statement add_key_{db_, "INSERT INTO inventory(id, organizer, source, wanted_hash, feed, ends_at) VALUES(?, ?, ?, ?, ?, ?)"};
  statement index_key_{db_, "INSERT INTO inventory_key(hash, id) VALUES(?, ?)"};
  statement drop_{db_, "DELETE FROM owed WHERE run = ? AND organizer = ? AND number = ?"};
  statement finish_{
      db_, "UPDATE run SET state = 3, finished_at = ? WHERE id = ? AND state = 2 AND NOT EXISTS(SELECT 1 FROM owed WHERE run = id)"};
};

}  // namespace convoke::ledger::sqlite
