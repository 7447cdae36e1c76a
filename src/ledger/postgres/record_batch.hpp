#pragma once

// Records of a run on their way to the server: as many as make about 1 MiB go with one statement.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/postgres/connection.hpp"
#include "ledger/types.hpp"

namespace convoke::ledger::postgres {

// A row of the table `record`.
struct stored_record {
  row_id id = 0;
  lane_id lane = 0;
  std::optional<std::string> raw, payload, error;
  update_rule update = update_rule::never;
  std::optional<std::int64_t> line, first, occurrence;
};

class record_batch {
 public:
  void add(stored_record record);
  [[nodiscard]] bool full() const noexcept { return bytes_ >= limit; }
  [[nodiscard]] outcome_of<void> write(connection& db);

 private:
  static constexpr std::size_t limit = std::size_t{1} << 20;
  std::vector<stored_record> records_;
  std::size_t bytes_ = 0;
};

}  // namespace convoke::ledger::postgres
