#pragma once

// The writer of a PostgreSQL ledger.
//
// It has two threads with a connection each: one plans, claims and writes, in groups of one commit each; the other one renews leases. A
// connection that is lost is replaced, and what was under way is given again.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "ledger/ledger.hpp"
#include "ledger/postgres/connection.hpp"
#include "ledger/postgres/memory.hpp"
#include "ledger/postgres/plan.hpp"
#include "ledger/postgres/run_writer.hpp"
#include "ledger/postgres/sessions.hpp"
#include "ledger/worker.hpp"

namespace convoke::ledger::postgres {

class postgres_store final : public store {
 public:
  [[nodiscard]] static result<std::unique_ptr<postgres_store>> open(const open_options& options);
  ~postgres_store() override;

  result<std::unique_ptr<plan_builder>> begin_plan(const run_header& header) override;
  result<std::unique_ptr<plan_builder>> begin_open(run_id planned) override;
  result<void> discard(run_id id) override;
  result<void> prune(unsigned keep) override;
  result<opened_run> resume(run_id id) override;
  result<opened_run> join(const session_request& wanted) override;
  void renew(renewal_request wanted, renewed_handler done) override;
  void survey(lease_token lease, surveyed_handler done) override;
  result<void> leave(lease_token lease) override;
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
  using clock = std::chrono::steady_clock;

  explicit postgres_store(const open_options& options);
  [[nodiscard]] result<void> prepare();
  void start_threads(const open_options& options);

  // What `f` returns, called with a connection: again, and with a new connection, after one was lost or the transaction was rolled back, so
  // `f` must do no harm when it is repeated. The inner error of `f` is final.
  template <class T>
  [[nodiscard]] result<T> persist(connector& on, clock::duration patience, const std::function<outcome_of<result<T>>(connection&)>& f);
  // The same on the ledger's thread. errc::internal while a plan is under way.
  template <class T>
  [[nodiscard]] result<T> at_work(const std::function<outcome_of<result<T>>(connection&)>& f);
  // The same, as a transaction.
  template <class T>
  [[nodiscard]] result<T> change(const std::function<outcome_of<result<T>>(connection&)>& f);
  [[nodiscard]] result<std::unique_ptr<plan_builder>> begin_planning(const std::function<result<void>(plan&)>& begin);

  [[nodiscard]] result<void> begin_group();
  [[nodiscard]] result<void> commit_group();

  std::string url_, shown_, program_version_, folder_;
  std::function<bool()> interrupted_;
  bool create_, rehearsal_, missing_ = false;  // missing_: of a rehearsal, there is no ledger
  std::atomic<bool> interruptible_{false};     // what is under way on the ledger's thread ends when interrupted_ says so
  connector work_;
  connector renewals_;
  session_list sessions_;
  memory_writer memory_{sessions_};
  session_writer session_writer_{sessions_};
  run_writer writer_{sessions_, memory_};
  group group_;            // on the ledger's thread
  bool planning_ = false;  // the same
  std::unique_ptr<worker> worker_;
  std::unique_ptr<worker> renewer_;
};

}  // namespace convoke::ledger::postgres
