#pragma once

// The first step of a plan: records go into the ledger in line order, their keys into the sorter.

#include <span>
#include <string>
#include <vector>

#include "ledger/ledger.hpp"
#include "ledger/sqlite/connection.hpp"
#include "ledger/sqlite/plan_rows.hpp"

namespace convoke::ledger::sqlite {

class intake {
 public:
  intake(connection& db, run_id run, const std::vector<lane_name>& lanes, keyed_rows& keyed, matched_rows& matched,
         organizer_numbers& organizers);

  [[nodiscard]] result<void> add(const planned_row& row);
  // The same for the records that an earlier plan stored.
  [[nodiscard]] result<void> read_stored();
  [[nodiscard]] std::uint64_t rows() const noexcept { return rows_; }

 private:
  [[nodiscard]] result<void> sort_in(std::uint32_t line, lane_id lane, std::string_view payload, bool wrong);

  connection& db_;
  run_id run_;
  std::vector<std::string> prefixes_;  // the key's Graph root and tenant, by lane
  keyed_rows& keyed_;
  matched_rows& matched_;
  organizer_numbers& organizers_;
  hasher hash_;
  std::uint64_t rows_ = 0;
  std::uint32_t last_line_ = 0;
  statement insert_{db_, "INSERT INTO record(id, lane, raw, payload, error, update_rule) VALUES(?, ?, ?, ?, ?, ?)"};
};

}  // namespace convoke::ledger::sqlite
