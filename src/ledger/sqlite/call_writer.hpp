#pragma once

// The last step: calls are numbered in the order they will be made in, and everything that carries the number is written.

#include <string>

#include "ledger/sqlite/connection.hpp"
#include "ledger/sqlite/plan_rows.hpp"
#include "ledger/sqlite/takeover.hpp"

namespace convoke::ledger::sqlite {

class call_writer {
 public:
  call_writer(connection& db, run_id run, const std::string& folder)
      : db_(db), run_(run), new_keys_(folder, sort_budget), placed_(folder, sort_budget) {}

  // Consumes `calls`. What older runs' rows hand down goes to the rows that take their place.
  [[nodiscard]] result<void> write(call_rows& calls, const inheritance& inherited);

 private:
  void write_call(const call_row& call, std::uint32_t number, const inheritance::entry& heir);
  void write_new_keys();
  void write_decisions();

  connection& db_;
  run_id run_;
  new_keys new_keys_;
  placed_rows placed_;
  statement owe_{db_,
                 "INSERT INTO owed(run, organizer, line, key, token, strikes, duplicates, call, hash) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)"};
  statement inventory_{db_, "INSERT INTO inventory(id, organizer, source, wanted_hash) VALUES(?, ?, ?, ?)"};
  statement key_{db_, "INSERT INTO inventory_key(hash, id) VALUES(?, ?)"};
  statement decision_{db_, "INSERT INTO decision(id, key, organizer, outcome_id) VALUES(?, ?, ?, ?)"};
};

}  // namespace convoke::ledger::sqlite
