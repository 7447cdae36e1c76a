#pragma once

// One plan, as one transaction, on the ledger's thread. The rules are those of ledger/planning; queued_plan_builder is what callers see.

#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "ledger/ledger.hpp"
#include "ledger/planning/classifier.hpp"
#include "ledger/queued_plan.hpp"
#include "ledger/sqlite/connection.hpp"
#include "ledger/sqlite/outcome_writer.hpp"
#include "ledger/sqlite/plan_store.hpp"
#include "ledger/sqlite/runs.hpp"

namespace convoke::ledger::sqlite {

class plan {
 public:
  // `folder`: where records are sorted that do not fit into memory.
  plan(connection& db, run_table& runs, std::string folder) : db_(db), runs_(runs), folder_(std::move(folder)) {}
  ~plan() { roll_back(); }
  plan(const plan&) = delete;
  plan& operator=(const plan&) = delete;

  [[nodiscard]] result<void> begin(const run_header& header);
  // Plans again what an earlier plan stored.
  [[nodiscard]] result<void> begin_stored(run_id planned);
  [[nodiscard]] result<void> add(const planned_row& row);
  [[nodiscard]] result<std::uint64_t> add_inventory(utc_time now);
  [[nodiscard]] result<plan_summary> classify(utc_time now);
  using rejected_row = plan_core::rejected_row;
  // Those after the row of this number, in order, until f returns false.
  [[nodiscard]] result<void> for_each_rejected(std::uint32_t after, const std::function<bool(const rejected_row&)>& f);
  [[nodiscard]] result<run_id> commit(bool open);
  void roll_back();

 private:
  enum class stage : std::uint8_t { idle, adding_rows, classified, committed };

  void start(run_id run);
  void insert_run();
  void insert_record(std::uint32_t number, const planned_row& row, std::string_view payload_bytes, update_rule update);
  [[nodiscard]] result<void> read_stored();
  [[nodiscard]] utc_time opening_time();
  [[nodiscard]] result<run_id> commit_open();
  [[nodiscard]] result<run_id> commit_planned();

  connection& db_;
  run_table& runs_;
  std::string folder_;
  stage stage_ = stage::idle;
  bool stored_ = false;  // planned before, from its own records
  run_id run_ = 0;
  run_header header_;
  plan_summary summary_;
  outcome_writer outcomes_{db_};
  std::optional<sqlite_plan_store> store_;
  std::optional<planning::classifier> rows_;
  planning::row_numbers numbers_;
  std::uint32_t line_ = 0, first_ = 0;  // of the record at hand, and the number of its first row
  statement insert_{db_, "INSERT INTO record(id, lane, raw, payload, error, update_rule) VALUES(?, ?, ?, ?, ?, ?)"};
  // Of rows that have another number than their line, and of occurrences.
  statement insert_occurrence_{
      db_, "INSERT INTO record(id, lane, raw, payload, error, update_rule, line, first, occurrence) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)"};
};

}  // namespace convoke::ledger::sqlite
