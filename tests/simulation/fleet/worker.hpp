#pragma once

// One machine of a fleet, on which `convoke work` is started again and again: a real engine, the real keeper of its lease, connections and
// calls without sockets.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "run/connection_pool.hpp"
#include "run/lease_keeper.hpp"
#include "simulation/checker.hpp"
#include "simulation/exchange.hpp"
#include "simulation/fleet/store.hpp"

namespace convoke::simulation::fleet {

// What all workers have in common.
struct surroundings {
  const scenario& s;
  agenda& time;
  boost::asio::io_context& io;  // what is posted to it runs before the next event
  database& db;
  fleet_checker& watch;
  const std::vector<meeting_spec>& specs;
  std::vector<std::unique_ptr<sim::service>>& services;  // by lane
  utc_time (*wall)(mono_time);                           // the true time
  std::function<void(unsigned worker, const std::string& what)> log;
};

class worker final : public process, public row_book {
 public:
  worker(const surroundings& with, unsigned number);
  ~worker() override;

  void start();
  void kill();
  void stop_for(nanoseconds duration);  // SIGSTOP, then SIGCONT
  void drain();                         // SIGTERM
  void cut_database(bool on) noexcept { database_cut_ = on; }
  void cut_service(bool on) noexcept { service_cut_ = on; }
  void jump(nanoseconds by) noexcept { wall_offset_ += by; }
  void heal();  // it is neither stopped nor cut off

  [[nodiscard]] bool running() const noexcept { return engine_ != nullptr || starting_; }
  [[nodiscard]] bool stopped() const noexcept { return stopped_; }
  [[nodiscard]] bool wanted_again() const noexcept { return !running() && !drained_; }
  [[nodiscard]] mono_time come_back() const noexcept { return come_back_; }
  [[nodiscard]] std::uint64_t digest() const noexcept { return digest_; }
  [[nodiscard]] const std::vector<std::string>& violations() const noexcept { return checker_->violations(); }

  // ---- process
  [[nodiscard]] bool cut_off() const override { return database_cut_; }
  [[nodiscard]] utc_time wall() const override { return with_.wall(with_.time.now()) + std::chrono::floor<ticks>(wall_offset_); }
  [[nodiscard]] nanoseconds wall_offset() const override { return wall_offset_; }
  void received(const std::vector<announcement>& cooldowns) override;
  void later(nanoseconds wait, std::function<void()> what) override { at(with_.time.now() + wait, std::move(what)); }

  // ---- row_book: the rows as this process was given them
  [[nodiscard]] std::size_t size() const override { return with_.db.rows().size(); }
  [[nodiscard]] row_facts at(std::size_t index) const override;
  [[nodiscard]] lane_id lane_of(organizer_id o) const override { return with_.db.lane_of(o); }
  [[nodiscard]] std::uint32_t fresh_left(organizer_id o) const override { return fresh_[o]; }
  [[nodiscard]] std::uint32_t stale_left(organizer_id o) const override { return stale_[o]; }
  [[nodiscard]] std::size_t owed_here(lane_id) const override { return 0; }
  [[nodiscard]] bool any_taken_over() const override { return true; }

 private:
  class timer_of_worker;
  class clock_of_worker;
  struct link {
    bool idle = false, reused = false;
    std::uint64_t awaits = 0;  // its next event: earlier ones are void
  };
  struct lane {
    std::optional<run::connection_pool> pool;
    std::vector<link> links;
    std::uint32_t token = 0;
    std::string bearer;
    bool token_requested = false;
  };
  struct claimed_row {
    operation op;
    std::string meeting_id;
    std::vector<std::string> changed;
    std::uint8_t advances = 0;
    lease_token token = 0;
    bool stale = false;
    operation next = operation::create_or_get;  // while its advance is being written
  };
  struct batch;
  struct call {
    std::size_t index = 0;
    lane_id lane = 0;
    engine::connection_id connection = 0;
    operation op = operation::create_or_get;
    std::string meeting_id, name, bearer;
    std::vector<std::string> changed;
    std::uint32_t token = 0;
    bool reused = false, duplicate = false;
    engine::attempt_error broken = engine::attempt_error::none;
    mono_time sent{};
    lease_token session = 0;
    sim::reply reply;
    std::optional<throttle> closed;
    std::shared_ptr<batch> together;  // the calls that were sent with it; null: it was sent alone
  };
  // Their answers come together, when the last of them is there. A call refers to it until its own is there, and it to the call after that.
  struct batch {
    std::size_t awaited = 0;  // answers
    std::vector<std::shared_ptr<call>> answered;
  };

  // worker.cpp: the life of a process
  void at(mono_time when, std::function<void()> what);
  void run(const std::function<void()>& what);
  void begin(database::joined with);
  void end(bool leave);
  [[nodiscard]] std::vector<engine::lane_setup> setups(const database::joined& with) const;
  void log(const std::string& what) const { with_.log(number_, what); }
  [[nodiscard]] mono_time now() const noexcept { return with_.time.now(); }

  // worker_actions.cpp: what the engine wants done
  void pump();
  void carry_out(engine::action& a);
  void carry_out_write(engine::action& a);
  void finished(const engine::finished& f);
  void enqueue(ledger_job job);
  void commit();
  void committed(const std::optional<database::changes>& done);
  void take(const claim& c);
  [[nodiscard]] bool holds_nothing() const;
  void found(const convoke::ledger::rows_in_store& rows);
  void storage_failed(const error& why);
  void request_token(lane_id l, nanoseconds wait);
  void token_arrives(lane_id l);

  // worker_network.cpp: connections and calls
  void await(lane_id l, engine::connection_id c, nanoseconds wait, void (worker::*what)(lane_id, engine::connection_id));
  void open_connections(lane_id l);
  void take_turn(lane_id l, engine::connection_id c);
  void connected(lane_id l, engine::connection_id c);
  void became_idle(lane_id l, engine::connection_id c, bool reused);
  void check_idle(lane_id l, engine::connection_id c);
  void send(const engine::send_call& order);
  void send_batch(const engine::send_batch& order);
  [[nodiscard]] std::shared_ptr<call> new_call(const engine::send_call& order);
  void take_link(lane_id l, engine::connection_id c);
  void start(const std::shared_ptr<call>& c);
  [[nodiscard]] engine::attempt_error failure_before_arrival(const call& c);
  void arrive(const std::shared_ptr<call>& c);
  void deliver_twice(const call& c);
  void receive(const std::shared_ptr<call>& c);
  void receive_of_batch(const batch& all);
  [[nodiscard]] engine::answer read(const call& c);
  [[nodiscard]] engine::answer receive_answer(const call& c, bool& usable);
  void free_connection(lane_id l, engine::connection_id c, bool usable);

  surroundings with_;
  unsigned number_;
  random_source random_;
  nanoseconds wall_offset_;
  std::uint64_t incarnation_ = 0;
  bool starting_ = false, stopped_ = false, drained_ = false, draining_ = false, over_ = false;
  bool database_cut_ = false, service_cut_ = false;
  mono_time come_back_ = mono_time::min();
  std::vector<std::function<void()>> deferred_;
  std::uint64_t calls_ = 0, tokens_ = 0, digest_ = 0, awaits_ = 0;
  wire::parser parser_;
  request_text text_;

  // One process.
  std::unique_ptr<checker> checker_;
  std::unique_ptr<sim_store> store_;
  std::unique_ptr<run::clock> clock_;
  std::unique_ptr<engine::engine> engine_;
  std::unique_ptr<run::lease_keeper> keeper_, stopped_keeper_;
  convoke::ledger::opened_run opened_;
  std::vector<lane> lanes_;
  std::map<std::size_t, claimed_row> rows_;
  std::set<std::size_t> lost_, known_;  // whose claim another one has; that the engine has, also while their end is being written
  std::vector<std::uint32_t> fresh_, stale_;
  std::vector<engine::action> actions_;
  std::vector<ledger_job> jobs_;
  bool commit_scheduled_ = false, committing_ = false, session_over_ = false;
  std::uint64_t wake_ = 0;
  std::uint64_t held_elsewhere_ = 0;  // rows of other workers, at the latest count
};

}  // namespace convoke::simulation::fleet
