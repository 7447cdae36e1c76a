#pragma once

// The look-ups of users in one tenant on the network: connections and a token of their own. It holds no policy: what to send, and when, is
// decided by engine::user_lookups.
//
// Everything runs on the io_context's thread.

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>

#include <convoke/error.hpp>

#include "engine/lookups.hpp"
#include "graph/user_lookup.hpp"
#include "run/clock.hpp"
#include "run/first_login.hpp"
#include "run/lane_session.hpp"

namespace convoke::run {

struct lookup_terms {
  engine::lookup_settings policy{};
  std::chrono::nanoseconds connect_timeout = std::chrono::seconds(10);
  std::chrono::nanoseconds attempt_timeout = std::chrono::seconds(20);
};

class lookup_session {
 public:
  // What is referred to outlives the session, and the io_context does not run after its end. `upns`: those to look up. `note` gets lines
  // for people; what it throws comes out of the io_context.
  lookup_session(boost::asio::io_context& io, clock& time, const lookup_terms& terms, lane_parts parts,
                 const std::vector<std::string>& upns, std::function<void(const std::string&)> note);
  ~lookup_session();
  lookup_session(const lookup_session&) = delete;
  lookup_session& operator=(const lookup_session&) = delete;

  void start();
  // Gives up what is under way.
  void close();
  // Whether all users are known, or the look-ups have stopped, and no coroutine of the session is left.
  [[nodiscard]] bool closed() const noexcept { return serving_ == 0; }
  [[nodiscard]] const engine::user_lookups& outcome() const noexcept { return policy_; }

 private:
  using executor_type = boost::asio::io_context::executor_type;
  // Never expires: cancelling it resumes the coroutine that waits.
  using wake_event =
      boost::asio::basic_waitable_timer<std::chrono::steady_clock, boost::asio::wait_traits<std::chrono::steady_clock>, executor_type>;

  // A place for one connection, served by one coroutine.
  struct slot {
    slot(boost::asio::io_context& io, clock& time, std::unique_ptr<graph_link> l)
        : link(std::move(l)), wake(io.get_executor(), wake_event::time_point::max()), alarm(time.make_timer([this] { wake.cancel(); })) {}

    std::unique_ptr<graph_link> link;
    wake_event wake;
    std::unique_ptr<timer> alarm;
    graph::user_lookup messages;
    std::vector<std::string_view> names;
    bool connected = false;
  };

  boost::asio::awaitable<void> serve(slot& s);
  boost::asio::awaitable<void> wait(slot& s, mono_time until);
  boost::asio::awaitable<void> connect(slot& s);
  boost::asio::awaitable<void> look_up(slot& s, std::vector<std::uint32_t> users, auth::usable_token token);
  void after_answer(const engine::lookup_answer& a);
  void wake_all();
  void on_token_failure(const error& why, bool fatal, std::optional<mono_time> again);
  void say(const std::string& line);

  boost::asio::io_context& io_;
  clock& clock_;
  lookup_terms terms_;
  link_factory links_;
  first_login login_;
  bool trying_ = false;  // a connection is being made, for which the others wait
  std::unique_ptr<auth::token_source> tokens_;
  const std::vector<std::string>& upns_;
  std::function<void(const std::string&)> note_;
  engine::user_lookups policy_;
  std::vector<std::unique_ptr<slot>> slots_;
  std::size_t serving_ = 0;  // coroutines
  std::uint64_t envelopes_ = 0, throttles_reported_ = 0;
  bool closing_ = false;
  std::string last_line_;
};

}  // namespace convoke::run
