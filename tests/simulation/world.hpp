#pragma once

// A whole job in virtual time on one thread: processes of convoke one after the other, killed, interrupted or finished, until nothing is
// owed or the world ends. The engine is the real one; so are the requests, how their answers are read, and the choice of connections. The
// service is the simulator's, one for each lane.

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <queue>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <convoke/spec.hpp>

#include "engine/engine.hpp"
#include "run/connection_pool.hpp"
#include "sim/service/service.hpp"
#include "simulation/checker.hpp"
#include "simulation/exchange.hpp"
#include "simulation/ledger.hpp"
#include "simulation/measurements.hpp"
#include "simulation/random_source.hpp"
#include "simulation/scenario.hpp"
#include "wire/wire.hpp"

namespace convoke::simulation {

// A line of a trace: `t,event,value`.
using tracer = std::function<void(double t, std::string_view event, double value)>;
// A line of the log of one seed, in words.
using event_log = std::function<void(double t, const std::string& what)>;

struct job_result {
  std::vector<std::string> violations;  // every invariant that was broken; empty where none was
  measurements seen;
  std::uint64_t sends = 0, early_by_inference = 0;
  unsigned processes = 0;
  double seconds = 0;        // virtual
  std::uint64_t digest = 0;  // of everything that was sent and how it ended: the same seed, the same digest
  std::optional<engine::learnt_pace> learnt;
  bool done = false;
};

class world {
 public:
  explicit world(scenario s, tracer trace = {}, event_log log = {});
  ~world();
  [[nodiscard]] job_result run();

 private:
  enum class event_kind : std::uint8_t {
    turn,          // who: connection; it asks whether to connect
    connected,     // who: connection
    idle_check,    // who: connection
    server_close,  // who: connection
    arrive,        // who: call
    leave,         // who: call
    receive,       // who: call
    commit,
    token,
    renew,
    kill,
    interrupt,
    late_write,
    take_over,
    wall_jump,
    limits,  // who: index of the change
    sample,
    end
  };
  struct event {
    mono_time at;
    std::uint64_t order;
    event_kind what;
    std::uint16_t process;  // 0: of the world, not of one process
    lane_id lane;
    std::uint32_t who;
    bool operator<(const event& b) const noexcept { return at != b.at ? at > b.at : order > b.order; }
  };
  struct link {
    bool idle = false, reused = false;
    bool server_closed = false;  // and not noticed yet
    std::uint32_t uses = 0;
    std::uint64_t awaits = 0;  // the order of the event that is its next one: earlier ones are void
  };
  struct lane {
    std::unique_ptr<sim::service> service;
    std::string tenant, app;
    // Of one process:
    std::optional<run::connection_pool> pool;
    std::vector<link> links;
    std::uint32_t token = 0;
    bool token_requested = false;
    std::size_t batch_limit = 0;  // calls that a batch may have after those that were refused
  };
  struct call {
    row_id row = 0;
    lane_id lane = 0;
    operation op = operation::create_or_get;
    std::string meeting_id;
    std::vector<std::string> changed;
    engine::connection_id connection = 0;
    std::uint16_t process = 0;
    std::uint8_t awaited = 0;  // events that refer to it
    bool duplicate = false, reused = false, unsent = false;
    bool cut = false, unnamed = false;  // its answer
    int stray = 0;                      // status of the answer to another request that comes instead; 0: none does
    std::uint32_t token = 0, record = 0;
    engine::attempt_error broken = engine::attempt_error::none;
    mono_time sent{};
    sim::reply reply;
    std::optional<throttle> closed;
    std::string name;         // its client-request-id
    std::uint32_t batch = 0;  // that it is in; 0: it is sent alone
  };
  // Calls that were sent together: their answers come together.
  struct batch {
    std::vector<std::uint32_t> calls;
    std::size_t awaited = 0;  // answers
    int refused = 0;          // the status with which it was refused as a whole; 0: it was not
  };

  std::uint64_t at(mono_time when, event_kind what, std::uint32_t who = 0, lane_id lane = 0, bool of_process = true);
  void in(nanoseconds wait, event_kind what, std::uint32_t who = 0, lane_id lane = 0) { (void)at(now_ + wait, what, who, lane); }
  void of_world(mono_time when, event_kind what, std::uint32_t who = 0, lane_id lane = 0) { (void)at(when, what, who, lane, false); }
  [[nodiscard]] sim::moment true_time() const noexcept;
  [[nodiscard]] utc_time wall() const noexcept { return true_time().wall + wall_offset_; }  // by this machine's clock
  [[nodiscard]] double since_start(mono_time t) const noexcept { return in_seconds(t - start_); }
  void log(const std::string& what) const {
    if (log_) log_(since_start(now_), what);
  }
  void violated(std::string what) { checker_->violated(std::move(what)); }
  [[nodiscard]] const engine::lane_settings& settings_of(lane_id l) const noexcept;

  // world.cpp
  void make_lanes();
  void schedule_the_world();
  void start_process();
  void start_lane(lane_id l);
  void schedule_failures();
  void drive();
  void happen(const event& e);
  void happen_to_process(const event& e);
  void end_process();
  void die();
  void sample();
  void change_limits(const limit_change& c);

  // plan.cpp
  void make_plan();
  [[nodiscard]] bool make_row_known(std::size_t index, bool different);
  void begin_later(std::size_t index);

  // other_callers.cpp
  [[nodiscard]] bool call_directly(operation op, std::size_t index, const meeting_spec& s, sim::reply& r);
  void take_over();
  void carry_out_elsewhere(std::size_t index);
  [[nodiscard]] bool step_elsewhere(std::size_t index);

  // network.cpp
  void send(const engine::send_call& c);
  void describe_call(call& c, const engine::send_call& order, const link& used);
  [[nodiscard]] engine::attempt_error failure_before_arrival(const call& c);
  void deliver_twice(std::uint32_t id);
  void arrive(std::uint32_t id);
  void leave(std::uint32_t id);
  void receive(std::uint32_t id);
  void handle_request(call& c);
  void plan_answer(std::uint32_t id, mono_time done);
  void note_arrival(call& c);
  [[nodiscard]] std::uint32_t new_call();
  void release_call(std::uint32_t id);
  [[nodiscard]] bool in_outage() const noexcept;

  // batches.cpp
  void send_batch(const engine::send_batch& order);
  void receive_of_batch(std::uint32_t id);
  void deliver_batch(const batch& all);
  [[nodiscard]] bool damage_batch(const batch& all);
  void deliver_refusal(const batch& all);
  void deliver_envelope(const batch& all, engine::answer whole, const std::optional<throttle>& closed, bool usable);

  // answers.cpp
  void deliver(call& c);
  [[nodiscard]] engine::answer receive_answer(const call& c, bool& usable);
  [[nodiscard]] engine::answer read_answer(const call& c);
  [[nodiscard]] engine::answer read_stray(const call& c);
  void understand_reply(const call& c, engine::answer& a);

  // driver.cpp
  void pump();
  void carry_out(engine::action& a);
  bool carry_out_write(engine::action& a);
  void enqueue(ledger_job job);
  void commit();
  void await(lane_id l, engine::connection_id c, mono_time when, event_kind what);
  void take_turn(lane_id l, engine::connection_id c);
  void connected(lane_id l, engine::connection_id c);
  void became_idle(lane_id l, engine::connection_id c, bool reused);
  void check_idle(lane_id l, engine::connection_id c);
  void free_connection(lane_id l, engine::connection_id c, bool usable);
  void limit_connections(lane_id l, unsigned count);
  void replace(lane_id l, engine::connection_id c);
  void request_token(lane_id l, nanoseconds wait);
  void token_arrives(lane_id l);
  [[nodiscard]] std::string fetch_token(lane_id l);

  // final_checks.cpp
  void check_the_end();
  void check_row(std::size_t index);

  scenario scenario_;
  tracer trace_;
  event_log log_;
  random_source random_, network_random_;
  mono_time start_, now_;
  ticks wall_offset_{0};
  std::vector<lane> lanes_;
  std::vector<meeting_spec> specs_;  // by row
  ledger ledger_;
  std::unique_ptr<checker> checker_;

  std::priority_queue<event> events_;
  std::uint64_t order_ = 0, happened_ = 0;
  std::vector<call> calls_;
  std::vector<std::uint32_t> free_calls_;
  std::unordered_map<std::uint32_t, batch> batches_;
  std::uint32_t latest_batch_ = 0;
  std::vector<mono_time> busy_until_;  // by key: when the service has completed all calls that it received
  std::vector<bool> shared_keys_;      // by key: another process has called it too, as it may when a lease has ended
  wire::parser parser_;
  request_text text_;
  std::string bearer_;
  std::string last_meeting_;  // the body of the latest success: what a stray answer shows

  // One process.
  std::unique_ptr<engine::engine> engine_;
  std::vector<engine::action> actions_;
  std::uint16_t process_ = 0;
  unsigned processes_ = 0;
  std::optional<engine::finished> ended_;
  bool killed_ = false, over_ = false;
  std::optional<mono_time> wake_;
  std::vector<std::string> tokens_;                // of all processes and lanes: the bearer of token n at n - 1
  std::vector<std::vector<std::string>> changed_;  // by row: what the answer before an update says that differs
  std::vector<ledger_job> jobs_, late_;
  bool commit_scheduled_ = false;
  std::optional<ledger> older_copy_;
  job_result result_;
};

}  // namespace convoke::simulation
