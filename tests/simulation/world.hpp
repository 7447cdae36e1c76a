#pragma once

// A whole job in virtual time on one thread: processes of convoke one after the other, killed, interrupted or finished, until nothing is
// owed or the world ends. The engine is the real one; so are the requests and how their answers are read; the service is the simulator's.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <queue>
#include <string>
#include <string_view>
#include <vector>

#include <convoke/spec.hpp>

#include "engine/engine.hpp"
#include "sim/service/service.hpp"
#include "simulation/dice.hpp"
#include "simulation/ledger.hpp"
#include "simulation/measure.hpp"
#include "simulation/plot.hpp"
#include "simulation/referee.hpp"
#include "wire/wire.hpp"

namespace convoke::simulation {

// A row of a trace: `t,event,value`.
using tracer = std::function<void(double t, std::string_view event, double value)>;
// What happens, in words, for whoever looks at one seed.
using narrator = std::function<void(double t, const std::string& what)>;

struct story {
  std::vector<std::string> wrong;  // every invariant that was broken; empty where all is as it must be
  measured seen;
  std::uint64_t sends = 0, early_by_inference = 0;
  unsigned processes = 0;
  double seconds = 0;        // virtual
  std::uint64_t digest = 0;  // of everything that was sent and how it ended: the same seed, the same digest
  std::optional<engine::learnt_pace> learnt;
  bool done = false;
};

class world {
 public:
  explicit world(plot p, tracer trace = {}, narrator tell = {});
  ~world();
  [[nodiscard]] story run();

 private:
  enum class event_kind : std::uint8_t {
    connect,     // who: connection
    close_idle,  // who: connection
    arrive,      // who: call
    leave,       // who: call
    receive,     // who: call
    commit,
    token,
    renew,
    kill,
    interrupt,
    late_write,
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
    std::uint32_t who;
    bool operator<(const event& b) const noexcept { return at != b.at ? at > b.at : order > b.order; }
  };
  struct connection {
    bool idle = false, reused = false, dropped = false;
    std::uint32_t uses = 0;
  };
  struct call {
    row_id row = 0;
    engine::connection_id connection = 0;
    std::uint16_t process = 0;
    std::uint8_t awaited = 0;  // events that speak of it
    bool duplicate = false, reused = false;
    bool cut = false, unnamed = false;  // its answer
    int stray = 0;                      // status of the answer to another request that comes instead; 0: none does
    std::uint32_t token = 0, record = 0;
    engine::attempt_error broken = engine::attempt_error::none;
    mono_time sent{};
    sim::reply reply;
    std::optional<throttle> closed;
    std::string name;  // its client-request-id
  };

  void at(mono_time when, event_kind what, std::uint32_t who = 0, bool of_process = true);
  void in(nanoseconds wait, event_kind what, std::uint32_t who = 0) { at(now_ + wait, what, who); }
  [[nodiscard]] sim::moment true_time() const noexcept;
  [[nodiscard]] utc_time wall() const noexcept { return true_time().wall + wall_offset_; }  // as this machine believes
  [[nodiscard]] double since_start(mono_time t) const noexcept { return in_seconds(t - start_); }
  void tell(const std::string& what) const {
    if (tell_) tell_(since_start(now_), what);
  }
  void complain(std::string what) { referee_->complain(std::move(what)); }

  // world.cpp
  void make_plan();
  [[nodiscard]] bool make_row_known(std::size_t index, bool otherwise);
  void schedule_the_world();
  void start_process();
  void drive();
  void happen(const event& e);
  void end_process();
  void die();
  void sample();
  void change_limits(const limit_change& c);

  // network.cpp
  void send(const engine::send_call& c);
  [[nodiscard]] engine::attempt_error fate_before_arrival(const call& c);
  void arrive(std::uint32_t id);
  void leave(std::uint32_t id);
  void receive(std::uint32_t id);
  void handle_request(call& c);
  void deliver(call& c);
  [[nodiscard]] engine::answer read_answer(const call& c);
  [[nodiscard]] engine::answer read_stray(const call& c);
  void understand_reply(const call& c, engine::answer& a);
  [[nodiscard]] std::uint32_t new_call();
  void release_call(std::uint32_t id);
  [[nodiscard]] bool in_outage() const noexcept;
  void note_arrival(call& c);

  // driver.cpp
  void pump();
  void carry_out(engine::action& a);
  void enqueue(ledger_job job);
  void commit();
  void connect(engine::connection_id c);
  void free_connection(engine::connection_id c, bool lives);
  void close_idle(engine::connection_id c);
  void drop(engine::connection_id c);
  void ask_for_token(nanoseconds wait);
  void token_arrives();
  [[nodiscard]] std::string fetch_token();

  // verdict.cpp
  void check_the_end();
  void check_row(std::size_t index, const sim::meeting_store& store);

  plot plot_;
  tracer trace_;
  narrator tell_;
  dice dice_, net_dice_;
  mono_time start_, now_;
  ticks wall_offset_{0};
  std::unique_ptr<sim::service> service_;
  std::vector<meeting_spec> specs_;  // by row
  ledger ledger_;
  std::unique_ptr<referee> referee_;

  std::priority_queue<event> events_;
  std::uint64_t order_ = 0, happened_ = 0;
  std::vector<call> calls_;
  std::vector<std::uint32_t> free_calls_;
  std::vector<mono_time> busy_until_;  // by key: when the service is through with the calls it was sent
  wire::parser parser_;
  std::string body_, path_, bearer_;
  std::string last_meeting_;  // the body of the latest success: what a stray answer shows

  // One process.
  std::unique_ptr<engine::engine> engine_;
  std::vector<engine::action> actions_;
  std::uint16_t process_ = 0;
  unsigned processes_ = 0;
  std::optional<engine::finished> ended_;
  bool killed_ = false, over_ = false;
  std::optional<mono_time> wake_;
  std::vector<connection> connections_;
  unsigned enabled_ = 0;
  std::vector<std::string> tokens_;  // of all processes: the bearer of token n at n - 1
  std::uint32_t token_ = 0;
  bool token_under_way_ = false;
  std::vector<ledger_job> jobs_, late_;
  bool commit_scheduled_ = false;
  std::optional<ledger> yesterday_;
  story story_;
};

}  // namespace convoke::simulation
