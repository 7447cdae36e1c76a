#pragma once

// A worker's connections to the simulated database. They repeat what a lost connection leaves in doubt, as the contract of the store says.

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "ledger/ledger.hpp"
#include "simulation/fleet/agenda.hpp"
#include "simulation/fleet/checker.hpp"
#include "simulation/fleet/database.hpp"

namespace convoke::simulation::fleet {

// What the store needs of the process that it belongs to.
class process {
 public:
  virtual ~process() = default;
  [[nodiscard]] virtual bool cut_off() const = 0;  // from the database
  [[nodiscard]] virtual utc_time wall() const = 0;
  [[nodiscard]] virtual nanoseconds wall_offset() const = 0;  // from the true time
  virtual void received(const std::vector<announcement>& cooldowns) = 0;
  // In this process, unless it has ended by then; where it is stopped, when it goes on.
  virtual void later(nanoseconds wait, std::function<void()> what) = 0;
};

struct database_link {
  agenda& time;
  database& db;
  fleet_checker& watch;
  random_source& random;
  const scenario& s;
};

class sim_store final : public convoke::ledger::store {
 public:
  sim_store(const database_link& to, process& of, unsigned worker) : to_(to), of_(of), worker_(worker) {}

  // ---- for the worker
  void begin(std::function<void(std::optional<database::joined>)> done);
  // nullopt: the database could not be reached for as long as the lease lasts.
  void commit(std::vector<ledger_job> jobs, std::function<void(std::optional<database::changes>)> done);
  void end(std::function<void()> done);
  // When the lease ends, as far as the process knows.
  [[nodiscard]] mono_time lease_end() const noexcept { return lease_end_; }
  [[nodiscard]] lease_token session() const noexcept { return memory_ ? memory_->id : 0; }
  [[nodiscard]] std::vector<convoke::ledger::announced_cooldown> by_wall(const std::vector<announcement>& cooldowns) const;
  [[nodiscard]] convoke::ledger::renewal in_words_of_ledger(const renewed& r) const;

  // ---- for the keeper of the lease
  void renew(convoke::ledger::renewal_request wanted, convoke::ledger::renewed_handler done) override;
  void survey(lease_token lease, convoke::ledger::surveyed_handler done) override;

  // ---- not used here
  result<std::unique_ptr<convoke::ledger::plan_builder>> begin_plan(const convoke::ledger::run_header&) override;
  result<std::unique_ptr<convoke::ledger::plan_builder>> begin_open(run_id) override;
  result<void> discard(run_id) override { return {}; }
  result<void> prune(unsigned) override { return {}; }
  result<convoke::ledger::opened_run> resume(run_id) override;
  void claim(convoke::ledger::claim_request, convoke::ledger::claimed_handler) override {}
  void write(convoke::ledger::row_writes, convoke::ledger::committed_handler) override {}
  void close_organizer(convoke::ledger::close_request, convoke::ledger::closed_handler) override {}
  void save_cooldown(run_id, lane_id, std::optional<organizer_id>, utc_time) override {}
  void save_app_cooldown(run_id, lane_id, utc_time) override {}
  void forget_cooldown(run_id, lane_id, std::optional<organizer_id>) override {}
  result<std::uint64_t> forget_cooldowns(const convoke::ledger::lane_name&) override { return 0; }
  void save_pace(run_id, lane_id, const convoke::ledger::lane_pace&, utc_time) override {}
  result<convoke::ledger::remembered_users> users(const convoke::ledger::lane_name&, convoke::utc_time) override {
    return convoke::ledger::remembered_users();
  }
  result<void> save_users(const convoke::ledger::lane_name&, const convoke::ledger::learnt_users&, convoke::utc_time) override {
    return {};
  }
  result<convoke::ledger::run_state> finish_run(run_id) override { return convoke::ledger::run_state::open; }
  std::unique_ptr<convoke::ledger::reader> read() override { return nullptr; }

 private:
  // One transaction that is tried until it succeeds, `attempts` times at most and not begun again after `give_up`.
  struct transaction {
    std::function<void(bool repeated)> apply;  // in the database; true: an earlier attempt may have been committed
    std::function<void()> done, failed;        // in the process
    unsigned attempts;
    mono_time give_up;
    unsigned made = 0;
  };
  void attempt(const std::shared_ptr<transaction>& t);
  // On the ledger's thread: one after the other.
  void queue(transaction t);
  void next();
  void fail(const std::shared_ptr<transaction>& t);
  [[nodiscard]] nanoseconds one_way();

  struct counted {
    std::uint64_t calls = 0, successes = 0;  // that a renewal has delivered
  };
  database_link to_;
  process& of_;
  unsigned worker_;
  std::shared_ptr<session_memory> memory_;
  std::vector<counted> delivered_;
  mono_time lease_end_{};
  std::deque<std::shared_ptr<transaction>> queue_;
};

}  // namespace convoke::simulation::fleet
