#pragma once

// The runs of a ledger, for the writer and for readers.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/ledger.hpp"
#include "ledger/planning/rows.hpp"
#include "ledger/sqlite/connection.hpp"
#include "os/clock.hpp"

namespace convoke::ledger::sqlite {

inline std::int64_t to_stored(utc_time t) noexcept {
  return t.time_since_epoch().count();
}
inline utc_time from_stored(std::int64_t count) noexcept {
  return utc_time(ticks(count));
}
// Dates of occurrences are stored as YYYYMMDD.
[[nodiscard]] std::optional<std::int64_t> stored_date(const occurrence_date& date) noexcept;
[[nodiscard]] std::chrono::local_days date_from_stored(std::int64_t date) noexcept;
using os::wall_now;
[[nodiscard]] std::string_view to_string(run_state state) noexcept;

// The lowest and the highest id that a row, or an outcome, of this run can have.
inline row_id first_row(run_id run) noexcept {
  return make_row(run, 0);
}
inline row_id last_row(run_id run) noexcept {
  return make_row(run, 0xffffffff);
}
// The outcome of a call has an id made of the number of the call. The numbers of rows are below these.
inline constexpr std::uint32_t first_call = planning::row_limit;
inline row_id outcome_id_of_call(run_id run, std::uint32_t call) noexcept {
  return make_row(run, first_call | call);
}

struct stored_run {
  run_info info;
  bool pruned = false;
};

class run_table {
 public:
  explicit run_table(connection& db) noexcept : db_(db) {}
  // Errors stick to the connection: after an empty answer the caller checks it.
  [[nodiscard]] std::optional<stored_run> find(run_id id);
  [[nodiscard]] std::vector<stored_run> all();
  [[nodiscard]] std::optional<run_id> newest_with(std::string_view identity);
  [[nodiscard]] std::optional<run_id> last();

 private:
  [[nodiscard]] stored_run take(statement& row);
  void add_lanes(run_info& info);
  void add_counts(run_info& info);

  connection& db_;
  statement one_{
      db_,
      "SELECT id, state, identity, input_name, input_sha256, settings, dialect, header, tzdata_version, convoke_version, drift_fails, "
      "rows, planned_at, opened_at, finished_at, pruned, update_drifted, enforce_roles, feed FROM run WHERE id = ?"};
  statement ids_{db_, "SELECT id FROM run ORDER BY id"};
  statement same_{db_, "SELECT max(id) FROM run WHERE identity = ? AND state <> 4 AND pruned = 0"};
  statement last_{db_, "SELECT id FROM run ORDER BY opened_at IS NULL, opened_at DESC, id DESC LIMIT 1"};
  statement lanes_{db_,
                   "SELECT graph_root, tenant, app FROM run_lane JOIN lane ON lane.id = run_lane.lane WHERE run = ? ORDER BY position"};
  statement counts_{db_, "SELECT outcome, n FROM tally WHERE run = ?"};
};

// Adds `n` rows to the count of this outcome.
void count(outcome_counts& counts, outcome o, std::uint64_t n) noexcept;
// How many rows have an outcome.
[[nodiscard]] std::uint64_t ended(const outcome_counts& counts) noexcept;

}  // namespace convoke::ledger::sqlite
