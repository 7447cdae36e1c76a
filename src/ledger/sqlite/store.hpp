#pragma once

// The writer of a SQLite ledger.

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "ledger/ledger.hpp"
#include "ledger/queued_plan.hpp"
#include "ledger/sqlite/connection.hpp"
#include "ledger/sqlite/file_watch.hpp"
#include "ledger/sqlite/lock_file.hpp"
#include "ledger/sqlite/memory.hpp"
#include "ledger/sqlite/outcome_writer.hpp"
#include "ledger/sqlite/plan.hpp"
#include "ledger/sqlite/run_writer.hpp"
#include "ledger/sqlite/runs.hpp"
#include "ledger/worker.hpp"

namespace convoke::ledger::sqlite {

class sqlite_store final : public store {
 public:
  [[nodiscard]] static result<std::unique_ptr<sqlite_store>> open(const open_options& options);
  ~sqlite_store() override;

  result<std::unique_ptr<plan_builder>> begin_plan(const run_header& header) override;
  result<std::unique_ptr<plan_builder>> begin_open(run_id planned) override;
  result<void> discard(run_id id) override;
  result<void> prune(unsigned keep) override;
  result<opened_run> resume(run_id id) override;
  result<opened_run> join(const session_request& wanted) override;
  void claim(claim_request wanted, claimed_handler done) override;
  void write(row_writes rows, committed_handler done) override;
  void close_organizer(close_request closing, closed_handler done) override;
  void save_cooldown(run_id run, lane_id lane, std::optional<organizer_id> organizer, utc_time until) override;
  void save_app_cooldown(run_id run, lane_id lane, utc_time until) override;
  void forget_cooldown(run_id run, lane_id lane, std::optional<organizer_id> organizer) override;
  result<std::uint64_t> forget_cooldowns(const lane_name& lane) override;
  void save_pace(run_id run, lane_id lane, const lane_pace& pace, utc_time when) override;
  result<remembered_users> users(const lane_name& lane, utc_time now) override;
  result<void> save_users(const lane_name& lane, const learnt_users& what, utc_time now) override;
  result<run_state> finish_run(run_id id) override;
  std::unique_ptr<reader> read() override;

 private:
  class planning_core;
  class claim_job;
  class write_job;
  class close_job;
  class cooldown_job;

  sqlite_store(lock_file lock, std::string folder, std::function<bool()> interrupted, bool rehearsal);
  [[nodiscard]] static result<std::unique_ptr<sqlite_store>> rehearse(const open_options& options);
  [[nodiscard]] result<void> prepare(const open_options& options);
  [[nodiscard]] result<void> open_and_check(const open_options& options, bool unclean);
  // Frame every change outside a plan. `all`: also writes what is gathered over several commits.
  [[nodiscard]] result<void> begin();
  [[nodiscard]] result<void> commit(bool all);
  void write_memory();
  // Runs f on the ledger's thread, in a transaction of its own.
  template <class T>
  [[nodiscard]] result<T> change(const std::function<result<T>()>& f);
  [[nodiscard]] result<void> files_still_there();
  [[nodiscard]] result<std::unique_ptr<plan_builder>> begin_planning(const std::function<result<void>(plan&)>& begin);

  // As `change`, but an interruption ends f (not the commit).
  template <class T>
  [[nodiscard]] result<T> interruptible_change(const std::function<result<T>()>& f);

  std::string folder_;  // of temporary files
  std::function<bool()> interrupted_;
  lock_file lock_;
  bool rehearsal_;
  connection db_;
  file_watch watch_;
  run_table runs_{db_};
  outcome_writer outcomes_{db_};
  memory_writer memory_{db_};
  run_writer writer_{db_, outcomes_, runs_, memory_};
  bool planning_ = false;  // on the ledger's thread
  std::unique_ptr<worker> worker_;
};

}  // namespace convoke::ledger::sqlite
