#pragma once

// The runs of a ledger, for the writer and for readers.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/ledger.hpp"
#include "ledger/sqlite/connection.hpp"
#include "ledger/stored.hpp"
#include "os/clock.hpp"

namespace convoke::ledger::sqlite {

using os::wall_now;

class run_table {
 public:
  explicit run_table(connection& db) noexcept;
  // Errors stick to the connection: after an empty answer the caller checks it.
  [[nodiscard]] std::optional<stored_run> find(run_id id);
  [[nodiscard]] std::vector<stored_run> all();
  [[nodiscard]] std::optional<run_id> newest_with(std::string_view identity);
  [[nodiscard]] std::optional<run_id> last();

 private:
  void add_lanes(run_info& info);
  void add_counts(run_info& info);

  connection& db_;
  statement one_;
  statement ids_{db_, "SELECT id FROM run ORDER BY id"};
  statement same_{db_, "SELECT max(id) FROM run WHERE identity = ? AND state <> 4 AND pruned = 0"};
  statement last_{db_, "SELECT id FROM run ORDER BY opened_at IS NULL, opened_at DESC, id DESC LIMIT 1"};
  statement lanes_{db_,
                   "SELECT graph_root, tenant, app FROM run_lane JOIN lane ON lane.id = run_lane.lane WHERE run = ? ORDER BY position"};
  statement counts_{db_, "SELECT outcome, n FROM tally WHERE run = ?"};
};

}  // namespace convoke::ledger::sqlite
