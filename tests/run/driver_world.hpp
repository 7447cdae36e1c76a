#pragma once

// The real driver and its real sessions over a fake network, ledger, token source and clock. A seed chooses what happens next: a connection
// is made, a call is answered, the ledger commits, a token comes, time passes. The world checks what must hold at every step and at the
// end.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "run/driver_state.hpp"
#include "run/fake_ledger.hpp"

namespace convoke::testing {

using namespace std::chrono_literals;

class driver_world;

class virtual_clock final : public run::clock {
 public:
  [[nodiscard]] mono_time now() const noexcept override { return now_; }
  [[nodiscard]] utc_time wall_now() const noexcept override {
    return utc_time(std::chrono::sys_days(std::chrono::year(2026) / 10 / 1).time_since_epoch()) +
           std::chrono::duration_cast<ticks>(now_.time_since_epoch());
  }
  [[nodiscard]] std::unique_ptr<run::timer> make_timer(std::function<void()> handler) override;

  // The earliest expiry of all timers.
  [[nodiscard]] std::optional<mono_time> next() const;
  // Goes on to that expiry and calls one timer's handler.
  void advance();

 private:
  struct virtual_timer;
  mono_time now_{1000h};
  std::vector<virtual_timer*> timers_;
};

class fake_link final : public run::graph_link {
 public:
  enum class operation_kind : std::uint8_t { none, connecting, calling };

  fake_link(driver_world& world, engine::lane_id lane, engine::connection_id id);
  ~fake_link() override;
  fake_link(const fake_link&) = delete;
  fake_link& operator=(const fake_link&) = delete;

  boost::asio::awaitable<net::outcome> connect(std::chrono::nanoseconds limit) override;
  boost::asio::awaitable<engine::answer> call(const graph::request& what, const secret& token, std::uint32_t token_number,
                                              std::chrono::nanoseconds limit) override;
  // The worlds have no batches.
  boost::asio::awaitable<engine::batch_answer> batch(std::span<const graph::request> calls, const secret& token, std::uint32_t token_number,
                                                     std::chrono::nanoseconds limit) override;
  // A run makes no such request.
  boost::asio::awaitable<graph::plain_answer> plain(graph::plain_request what, const secret& token, std::uint32_t token_number,
                                                    std::chrono::nanoseconds limit) override;
  [[nodiscard]] bool usable() noexcept override { return open && !closed_by_peer; }
  void close() noexcept override;

  // What it waits for, unless that is over already.
  [[nodiscard]] operation_kind pending() const noexcept { return over_ ? operation_kind::none : operation_; }
  // Whether a coroutine still waits in it.
  [[nodiscard]] bool entered() const noexcept { return operation_ != operation_kind::none; }
  void finish_connect(net::outcome o);
  void finish_call(engine::answer a, bool keep_open);

  engine::lane_id lane;
  engine::connection_id id;
  bool open = false;
  bool closed_by_peer = false;  // while it was idle
  bool used = false;
  bool ill = false;  // it answered 503, so it must not carry another call
  mono_time idle_since{};
  std::size_t row = 0;
  std::uint32_t token = 0;
  operation op = operation::create_or_get;
  std::string meeting_id;
  std::vector<std::string> changed;

 private:
  void begin(operation_kind what);

  driver_world& world_;
  boost::asio::steady_timer wake_;
  operation_kind operation_ = operation_kind::none;
  bool over_ = false, cancelled_ = false;
  net::outcome connected_;
  engine::answer answer_;
};

class fake_tokens final : public auth::token_source {
 public:
  void start(events e) override {
    events_ = std::move(e);
    started = requested = true;
  }
  void rejected(std::uint32_t number) override {
    if (stopped) return;
    if (number != 0 && number == number_) usable_ = false;
    requested = requested || !usable_ || number == 0;
  }
  [[nodiscard]] std::optional<auth::usable_token> current() const override {
    if (!usable_) return std::nullopt;
    if (std::exchange(runs_out_when_read, false)) {
      usable_ = false;
      requested = true;
    }
    return auth::usable_token{.text = &token_, .number = number_};
  }
  void stop() override { stopped = true; }

  void deliver() {
    requested = false;
    usable_ = true;
    ++number_;
    if (!stopped) events_.ready(number_);
  }
  void fail(const error& why, bool fatal, std::optional<mono_time> again) {
    requested = !fatal;
    if (!stopped) events_.failed(why, fatal, again);
  }
  // It ran out, and the source has not noticed.
  void expire() {
    usable_ = false;
    requested = true;
  }
  [[nodiscard]] bool usable() const noexcept { return usable_; }

  bool started = false;
  bool stopped = false;
  mutable bool requested = false;
  mutable bool runs_out_when_read = false;  // the next time, right after it was read: a second reading finds no token

 private:
  events events_;
  secret token_{std::string("token")};
  std::uint32_t number_ = 0;
  mutable bool usable_ = false;
};

struct world_plan {
  unsigned seed = 1;
  unsigned lanes = 1, organizers = 3, rows = 24, connections = 4;
  // Shares of what happens, in 1.
  double connect_fails = 0, stale = 0, closed = 0, times_out = 0, unavailable = 0, throttled = 0, drifts = 0;
  double closes_idle = 0;    // per step, of one idle connection
  double token_fails = 0;    // of the requests for a token
  double token_expires = 0;  // per step
  std::set<engine::lane_id> wrong_credentials;
  bool shared = false, follow = false;  // a ledger for several processes
};

struct recording_observer final : observer {
  void note(const std::string& line) override { notes.push_back(line); }
  void trouble(std::uint32_t, const std::string& what) override {
    troubles.push_back(what);
    if (on_trouble) on_trouble();
  }
  void advanced(const progress& p) override {
    if (on_progress) on_progress(p);
  }
  std::vector<std::string> notes, troubles;
  std::function<void(const progress&)> on_progress;
  std::function<void()> on_trouble;
};

class driver_world {
 public:
  explicit driver_world(world_plan plan);
  ~driver_world();
  driver_world(const driver_world&) = delete;
  driver_world& operator=(const driver_world&) = delete;

  // Runs the driver until it is over, then checks what must hold at the end. `each_step` may look at the world and change it, request a
  // stop included.
  void run(const std::function<void()>& each_step = [] {});

  [[nodiscard]] bool chance(double share) { return std::uniform_real_distribution<double>(0, 1)(random_) < share; }
  [[nodiscard]] std::size_t below(std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random_); }
  [[nodiscard]] unsigned links(fake_link::operation_kind what) const;
  [[nodiscard]] unsigned idle() const;
  [[nodiscard]] unsigned open(engine::lane_id lane) const;
  void complain(std::string what) { complaints.push_back(std::move(what)); }

  // From the links.
  void on_connect(fake_link& link);
  void on_call(fake_link& link, const graph::request& what);
  void on_delivered(const fake_link& link, const engine::answer& a);

  world_plan plan;
  boost::asio::io_context io{1};
  virtual_clock clock;
  fake_ledger ledger;
  recording_observer watch;
  job settings;
  std::stop_source drain, at_once;
  bool can_leave_at_once = true;     // false: the caller has no second way to stop
  std::vector<fake_tokens*> tokens;  // by lane
  std::vector<fake_link*> all_links;
  std::optional<convoke::run::driven> result;
  std::vector<std::string> complaints;
  std::function<std::optional<engine::answer>(const fake_link&)> script;  // answers first, where it wants to
  bool storage_failed = false;

  unsigned connects = 0, calls = 0, updates = 0, nothing_left = 0;

 private:
  void step();
  void finish_connect(fake_link& link);
  void finish_call(fake_link& link);
  void answer_token(fake_tokens& source, engine::lane_id lane);
  [[nodiscard]] engine::answer success(const fake_link& link);
  [[nodiscard]] engine::answer http(const fake_link& link, int status) const;
  void check_end();

  std::mt19937 random_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{io.get_executor()};
  struct service_row {
    unsigned in_flight = 0, sent = 0;
    bool exists = false, agrees = true;
    bool known = false;     // its final success was delivered to the driver
    bool doubtful = false;  // its latest call had no answer
  };
  std::vector<service_row> service_;
  std::unique_ptr<convoke::run::driver> driver_;
};

}  // namespace convoke::testing
