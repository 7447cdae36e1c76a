#pragma once

// One plan, as one transaction, on the ledger's thread. The rules are those of ledger/planning; queued_plan_builder is what callers see.

#include <optional>
#include <string>
#include <utility>

#include "ledger/planning/classifier.hpp"
#include "ledger/postgres/connection.hpp"
#include "ledger/postgres/plan_store.hpp"
#include "ledger/postgres/record_batch.hpp"
#include "ledger/queued_plan.hpp"

namespace convoke::ledger::postgres {

struct plan_options {
  std::string folder;  // where records are sorted that do not fit into memory
  std::string shown;   // names the ledger in messages
  // Nothing is committed, and nothing is kept from other processes but other plans: what they write while the plan is classified may be
  // counted or not.
  bool rehearsal = false;
};

class plan final : public plan_core {
 public:
  // `at` has no transaction open, or that of a rehearsal.
  plan(connector& at, connection& db, plan_options options) : at_(at), db_(db), options_(std::move(options)) {}
  ~plan() override { roll_back(); }
  plan(const plan&) = delete;
  plan& operator=(const plan&) = delete;

  [[nodiscard]] result<void> begin(const run_header& header);
  // Plans again what an earlier plan stored.
  [[nodiscard]] result<void> begin_stored(run_id planned);
  result<void> add(const planned_row& row) override;
  result<std::uint64_t> add_inventory(utc_time now) override;
  result<plan_summary> classify(utc_time now) override;
  result<void> for_each_rejected(std::uint32_t after, const std::function<bool(const rejected_row&)>& f) override;
  result<run_id> commit(bool open) override;

 private:
  enum class stage : std::uint8_t { idle, adding_rows, classified, committed };

  [[nodiscard]] result<void> begin_transaction();
  void start(run_id run);
  [[nodiscard]] result<void> insert_run();
  [[nodiscard]] result<void> insert_record(std::uint32_t number, const planned_row& row, std::string_view payload, update_rule update);
  [[nodiscard]] result<void> read_stored();
  [[nodiscard]] result<void> add_stored(const rows& from, int row);
  [[nodiscard]] result<utc_time> opening_time();
  [[nodiscard]] result<void> prepare_open();
  [[nodiscard]] result<void> prepare_planned();
  [[nodiscard]] result<void> commit_transaction();
  [[nodiscard]] outcome_of<bool> took_effect(connection& db);
  [[nodiscard]] result<void> run(const char* sql, const params& values = {});
  void roll_back() noexcept;

  connector& at_;
  connection& db_;
  plan_options options_;
  stage stage_ = stage::idle;
  bool stored_ = false;  // planned before, from its own records
  run_id run_ = 0;
  run_header header_;
  plan_summary summary_;
  utc_time planned_at_{}, opened_at_{};
  run_state state_ = run_state::planned;  // that the run will have
  std::optional<postgres_plan_store> store_;
  std::optional<planning::classifier> rows_;
  planning::row_numbers numbers_;
  std::uint32_t line_ = 0, first_ = 0;  // of the record at hand, and the number of its first row
  record_batch records_;
};

}  // namespace convoke::ledger::postgres
