#pragma once

// The third step, in the order of the keys: what was seen of the known ones says what is to be done about their rows.

#include "ledger/sqlite/connection.hpp"
#include "ledger/sqlite/forward_cursor.hpp"
#include "ledger/sqlite/plan_rows.hpp"

namespace convoke::ledger::sqlite {

class judge {
 public:
  judge(connection& db, run_id run, const key_groups& groups) noexcept : db_(db), run_(run), groups_(groups) {}

  // Consumes `known`; its rows go to `judged`, with their kind. The wanted side is brought up to date.
  [[nodiscard]] result<void> rule(known_rows& known, matched_rows& judged);

 private:
  [[nodiscard]] row_kind rule(const matched_row& row);
  void keep_spelling(const matched_row& row);
  void want(const matched_row& row);

  connection& db_;
  run_id run_;
  const key_groups& groups_;
  bool pending_ = false;  // of the observation that was looked at last
  forward_cursor<key_id> seen_{db_, "SELECT id, state, pending, compared_hash FROM observation WHERE id >= ? ORDER BY id"};
  statement wanted_{db_, "SELECT wanted_hash FROM inventory WHERE id = ?"};
  statement spelt_{db_, "SELECT r.payload FROM inventory i JOIN record r ON r.id = i.source WHERE i.id = ?"};
  statement payload_{db_, "SELECT payload FROM record WHERE id = ?"};
  statement respell_{db_, "UPDATE record SET payload = ? WHERE id = ?"};
  statement source_{db_, "SELECT source FROM inventory WHERE id = ?"};
  // Of a run that was pruned, kept only for the inventory.
  statement forget_{db_, "DELETE FROM record WHERE id = ? AND raw IS NULL"};
  statement want_{db_, "UPDATE inventory SET source = ?, wanted_hash = ? WHERE id = ?"};
  statement pend_{db_, "UPDATE observation SET pending = ? WHERE id = ?"};
};

}  // namespace convoke::ledger::sqlite
