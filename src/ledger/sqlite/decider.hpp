#pragma once

// The fourth step, in line order: what is done about every row.

#include <string>

#include "ledger/sqlite/connection.hpp"
#include "ledger/sqlite/outcome_writer.hpp"
#include "ledger/sqlite/plan_rows.hpp"

namespace convoke::ledger::sqlite {

class decider {
 public:
  decider(connection& db, run_id run, const key_groups& groups, organizer_numbers& organizers, outcome_writer& outcomes,
          plan_summary& summary) noexcept
      : db_(db), run_(run), groups_(groups), organizers_(organizers), outcomes_(outcomes), summary_(summary) {}

  // Consumes `matched` and fills `calls`. Rows that owe a call get their decision with its number, from call_writer.
  [[nodiscard]] result<void> decide(matched_rows& matched, call_rows& calls);

 private:
  void decide(const matched_row& row, call_rows& calls);
  void reject_conflict(const matched_row& row);
  void decide_known(const matched_row& row);
  void count_call(const matched_row& row);
  [[nodiscard]] std::string conflict_message(const matched_row& row) const;

  connection& db_;
  run_id run_;
  const key_groups& groups_;
  organizer_numbers& organizers_;
  outcome_writer& outcomes_;
  plan_summary& summary_;

  statement drift_{db_, "SELECT drift FROM observation WHERE id = ?"};
  statement decision_{db_, "INSERT INTO decision(id, key, organizer) VALUES(?, ?, ?)"};
  statement duplicate_{db_, "INSERT INTO duplicate(first, id) VALUES(?, ?)"};
};

}  // namespace convoke::ledger::sqlite
