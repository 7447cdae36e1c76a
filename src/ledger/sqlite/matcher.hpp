#pragma once

// The second step: rows with the same key meet, and keys meet the inventory, both in hash order.

#include <vector>

#include "ledger/sqlite/connection.hpp"
#include "ledger/sqlite/forward_cursor.hpp"
#include "ledger/sqlite/plan_rows.hpp"

namespace convoke::ledger::sqlite {

class matcher {
 public:
  matcher(connection& db, known_rows& known, matched_rows& fresh, key_groups& groups) noexcept
      : db_(db), known_rows_(known), fresh_rows_(fresh), groups_(groups) {}

  // Consumes `keyed`, fills `known` and `fresh`.
  [[nodiscard]] result<void> match(keyed_rows& keyed);

 private:
  void begin_group(const keyed_row& first);
  void add(const keyed_row& row);
  void end_group();

  connection& db_;
  known_rows& known_rows_;
  matched_rows& fresh_rows_;
  key_groups& groups_;
  keyed_row first_;  // of the group at hand
  key_id key_ = 0;
  row_kind kind_ = row_kind::fresh;
  std::uint32_t group_ = 0;
  std::vector<std::uint32_t> lines_;  // of the group at hand, as many as a message names
  std::uint64_t rows_ = 0;
  bool conflict_ = false;
  forward_cursor<digest> known_{db_, "SELECT hash, id FROM inventory_key WHERE hash >= ? ORDER BY hash"};
};

}  // namespace convoke::ledger::sqlite
