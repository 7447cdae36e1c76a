#pragma once

// Why rows of a run have no meeting as wanted, counted page by page as in reader_rows.hpp.

#include <cstdint>
#include <vector>

#include "ledger/ledger.hpp"
#include "ledger/planning/reasons.hpp"
#include "ledger/sqlite/connection.hpp"
#include "ledger/sqlite/reader_rows.hpp"

namespace convoke::ledger::sqlite {

class reason_counter {
 public:
  reason_counter(connection& db, run_info run);
  [[nodiscard]] result<bool> read();
  // The most frequent ones; of equally frequent ones the one whose first row comes first. In a snapshot of its own, after the last page.
  [[nodiscard]] result<std::vector<failure_reason>> finish(std::size_t most);

 private:
  [[nodiscard]] bool read_from(statement& rows, row_id last);
  void add(statement& row);
  [[nodiscard]] std::uint16_t lane_of(row_id row);
  [[nodiscard]] failure_reason describe(planning::reason_groups::counted of);

  connection& db_;
  run_info run_;
  row_id after_;
  bool decided_ = true;  // the rows with a key come first, then those without
  planning::reason_groups groups_;
  kept_records kept_{db_};
  // The rows with a key. Their records, which are larger, are not read.
  statement keyed_{
      db_,
      "SELECT d.id, o.outcome, o.error_code, o.http_status, o.drift, o.id, o.error_message FROM decision d "
      "JOIN outcome o ON o.id = coalesce(d.outcome_id, d.id) WHERE d.id > ? AND d.id <= ? AND d.key IS NOT NULL ORDER BY d.id"};
  // Rejected rows have no key. Their records have what is wrong.
  statement rejected_{db_,
                      "SELECT o.id, o.outcome, o.error_code, o.http_status, o.drift, o.id, coalesce(o.error_message, r.error) "
                      "FROM outcome o JOIN record r ON r.id = o.id WHERE o.id > ? AND o.id <= ? AND o.outcome = 7 ORDER BY o.id"};
  statement lane_{db_, "SELECT lane FROM record WHERE id = ?"};
  statement first_;
};

}  // namespace convoke::ledger::sqlite
