#pragma once

// One plan, as one transaction. On the ledger's thread; planning in store.cpp is its face to callers.

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "ledger/ledger.hpp"
#include "ledger/sqlite/connection.hpp"
#include "ledger/sqlite/intake.hpp"
#include "ledger/sqlite/outcome_writer.hpp"
#include "ledger/sqlite/plan_rows.hpp"
#include "ledger/sqlite/runs.hpp"

namespace convoke::ledger::sqlite {

class plan {
 public:
  // `folder`: where to sort what does not fit the budget.
  plan(connection& db, run_table& runs, std::string folder) : db_(db), runs_(runs), folder_(std::move(folder)) {}
  ~plan() { roll_back(); }
  plan(const plan&) = delete;
  plan& operator=(const plan&) = delete;

  [[nodiscard]] result<void> begin(const run_header& header);
  [[nodiscard]] result<void> begin_stored(run_id planned);
  [[nodiscard]] result<void> add(const planned_row& row);
  [[nodiscard]] result<plan_summary> classify();
  // Those after `line`, in order, until f says false.
  [[nodiscard]] result<void> for_each_rejected(std::uint32_t line,
                                               const std::function<bool(std::uint32_t, std::string_view, std::string_view)>& f);
  [[nodiscard]] result<run_id> commit(bool open);
  void roll_back();

 private:
  enum class stage : std::uint8_t { idle, taking_in, classified, committed };

  void start(run_id run);
  void insert_run();
  [[nodiscard]] result<void> decide();
  void store_organizers();
  void list_organizers();
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
  organizer_numbers organizers_;
  std::optional<keyed_rows> keyed_;
  std::optional<matched_rows> matched_;
  key_groups groups_;
  std::optional<intake> intake_;
};

}  // namespace convoke::ledger::sqlite
