#pragma once

// The third step, in line order: what is to be done about every row.

#include <string>
#include <vector>

#include "ledger/sqlite/connection.hpp"
#include "ledger/sqlite/endings.hpp"
#include "ledger/sqlite/forward_cursor.hpp"
#include "ledger/sqlite/plan_rows.hpp"

namespace convoke::ledger::sqlite {

class decider {
 public:
  decider(connection& db, run_id run, const key_groups& groups, organizer_numbers& organizers, endings& ends,
          plan_summary& summary) noexcept
      : db_(db), run_(run), groups_(groups), organizers_(organizers), ends_(ends), summary_(summary) {}

  // Consumes `matched` and fills `calls`. Rows that owe a call get their decision with its number, from call_writer.
  [[nodiscard]] result<void> decide(matched_rows& matched, call_rows& calls);

 private:
  enum class verdict : std::uint8_t { fresh, changed, retried, unchanged, drifted };

  void decide(const matched_row& row, call_rows& calls);
  void reject_conflict(const matched_row& row);
  [[nodiscard]] verdict judge(const matched_row& row);
  void want(const matched_row& row, verdict v);
  void count_call(const matched_row& row, verdict v);
  [[nodiscard]] std::string conflict_message(const matched_row& row) const;

  connection& db_;
  run_id run_;
  const key_groups& groups_;
  organizer_numbers& organizers_;
  endings& ends_;
  plan_summary& summary_;
  bool pending_ = false;  // of the observation that judge() looked at

  forward_cursor<key_id> seen_{db_, "SELECT id, state, pending, compared_hash, drift FROM observation WHERE id >= ? ORDER BY id"};
  statement wanted_{db_, "SELECT wanted_hash FROM inventory WHERE id = ?"};
  statement want_{db_, "UPDATE inventory SET source = ?, wanted_hash = ? WHERE id = ?"};
  statement pend_{db_, "UPDATE observation SET pending = ? WHERE id = ?"};
  statement decision_{db_, "INSERT INTO decision(id, key, organizer) VALUES(?, ?, ?)"};
  statement twin_{db_, "INSERT INTO twin(first, id) VALUES(?, ?)"};
};

}  // namespace convoke::ledger::sqlite
