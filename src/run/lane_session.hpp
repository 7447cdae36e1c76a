#pragma once

// One lane of a run on the network: its connections to Graph and its access token. A session holds no policy: when to connect is the answer
// of session_events::may_connect_at, what to send is its owner's decision, and which connections rest is decided by run/connection_pool.
//
// Everything runs on the io_context's thread.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>

#include <convoke/error.hpp>
#include <convoke/lane.hpp>

#include "auth/auth.hpp"
#include "engine/types.hpp"
#include "graph/graph.hpp"
#include "run/clock.hpp"
#include "run/connection_pool.hpp"
#include "run/graph_link.hpp"

namespace convoke::run {

// What a session reports to its owner. Each function may call the session, close() included; nothing is reported after close(). What one of
// them throws comes out of the io_context.
class session_events {
 public:
  // When a connection of this lane may be made next; in the past: at once.
  [[nodiscard]] virtual mono_time may_connect_at(engine::lane_id lane) const = 0;
  // An open, idle connection: it may be given a call with send(). `reused`: it has carried a call.
  virtual void connection_ready(engine::lane_id lane, engine::connection_id c, bool reused) = 0;
  // An idle connection is closed: no call may be given to it until it is ready again.
  virtual void connection_lost(engine::lane_id lane, engine::connection_id c) = 0;
  virtual void connect_failed(engine::lane_id lane, engine::connection_id c, const engine::answer& why) = 0;
  // The call that was given to this connection is over. The connection carries no call until it is ready again.
  virtual void answered(engine::lane_id lane, engine::connection_id c, engine::answer&& a) = 0;
  // The same of several calls that were given to it together: an answer for each, in their order.
  virtual void batch_answered(engine::lane_id lane, engine::connection_id c, engine::batch_answer&& a) = 0;
  // As auth::token_source::events. `failed` is also reported where the token ran out before its source said so.
  virtual void token_ready(engine::lane_id lane, std::uint32_t number) = 0;
  virtual void token_failed(engine::lane_id lane, const error& why, bool fatal, std::optional<mono_time> again) = 0;
  // A line for people.
  virtual void note(engine::lane_id lane, const std::string& line) = 0;

 protected:
  ~session_events() = default;
};

// How a session reaches its service.
struct lane_parts {
  link_factory links;
  std::unique_ptr<auth::token_source> tokens;
  std::optional<lane_pace_options> pace{};  // of its own
  // Connections log in at a proxy: see first_login.
  bool one_first = false;
  std::string warning{};  // a sentence for people about the credential; empty: none
};

struct session_settings {
  engine::lane_id lane = 0;
  std::chrono::nanoseconds connect_timeout = std::chrono::seconds(10);
  std::chrono::nanoseconds attempt_timeout = std::chrono::seconds(20);
};

class lane_session {
 public:
  // What is referred to outlives the session, and the io_context does not run after its end.
  lane_session(boost::asio::io_context& io, clock& time, const session_settings& settings, lane_parts parts, session_events& events);
  ~lane_session();
  lane_session(const lane_session&) = delete;
  lane_session& operator=(const lane_session&) = delete;

  // Requests a token and opens so many connections, numbered from 0. Once at most; with 0 nothing is done at all.
  void start(unsigned connections);

  // Sends this call on a connection that is ready. What the request refers to must live until answered() or the session's end.
  void send(engine::connection_id c, const graph::request& what);
  // Sends these calls together, in one request.
  void send_batch(engine::connection_id c, std::vector<graph::request> calls);
  // Closes this connection when it is idle or after its call, and opens another one in its place.
  void replace(engine::connection_id c);
  // How many connections may be open from now on.
  void limit_connections(unsigned count) { pool_.limit(count); }
  // The service refused this token (0: any): see auth::token_source::rejected.
  void refresh_token(std::uint32_t rejected);

  // Closes all connections, gives up the calls in flight and the request for a token. Nothing is sent or reported afterwards.
  void close();
  // After close(): whether all of the session's coroutines have ended.
  [[nodiscard]] bool closed() const noexcept { return serving_ == 0; }

 private:
  using executor_type = boost::asio::io_context::executor_type;
  // Never expires: cancelling it resumes the coroutine that waits.
  using wake_event =
      boost::asio::basic_waitable_timer<std::chrono::steady_clock, boost::asio::wait_traits<std::chrono::steady_clock>, executor_type>;

  // A place for one connection, served by one coroutine.
  struct connection_slot {
    connection_slot(boost::asio::io_context& io, engine::connection_id number, std::unique_ptr<graph_link> l)
        : id(number), link(std::move(l)), wake(io.get_executor(), wake_event::time_point::max()) {}

    engine::connection_id id;
    std::unique_ptr<graph_link> link;
    wake_event wake;
    bool waiting = false;                // its coroutine waits on `wake`
    mono_time resume_at{};               // when the session's timer resumes it
    std::optional<graph::request> call;  // given to it, and not over
    std::vector<graph::request> batch;   // the same of several calls
    [[nodiscard]] bool has_work() const noexcept { return call || !batch.empty(); }
    bool used = false;     // its connection has carried a call
    bool carried = false;  // the latest call that was given to it was sent
  };

  boost::asio::awaitable<void> serve(connection_slot& s);
  boost::asio::awaitable<bool> wait_to_connect(connection_slot& s);
  boost::asio::awaitable<void> carry_calls(connection_slot& s);
  boost::asio::awaitable<bool> wait_for_call(connection_slot& s);
  boost::asio::awaitable<bool> carry_out(connection_slot& s);
  boost::asio::awaitable<bool> carry_out_batch(connection_slot& s);
  [[nodiscard]] std::optional<engine::answer> obstacle(connection_slot& s, bool has_token);

  void report_failure(const connection_slot& s, const net::outcome& connected);
  void report_ready(connection_slot& s, bool carried);
  [[nodiscard]] engine::answer unsent(const char* why) const;
  void begin_wait(connection_slot& s, mono_time resume_at);
  void resume(connection_slot& s);
  void resume_those_due();
  void resume_all();
  void on_token(std::uint32_t number);
  void on_token_failure(const error& why, bool fatal, std::optional<mono_time> again);

  boost::asio::io_context& io_;
  clock& clock_;
  session_settings settings_;
  link_factory links_;
  bool one_first_;
  std::unique_ptr<auth::token_source> tokens_;
  session_events& events_;
  connection_pool pool_{0};
  std::vector<std::unique_ptr<connection_slot>> slots_;
  std::unique_ptr<timer> timer_;       // one for all slots: idle connections would otherwise set a timer with each call
  std::optional<mono_time> timer_at_;  // when it expires
  std::size_t serving_ = 0;            // coroutines
  bool closing_ = false;
  std::string last_trouble_;  // reported once, not once for each connection
};

}  // namespace convoke::run
