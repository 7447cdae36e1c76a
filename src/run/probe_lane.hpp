#pragma once

// Carries a probe out: makes the calls of an experiments::session, one after the other, and writes its journal before each.

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <convoke/probe.hpp>

#include "experiments/session.hpp"
#include "graph/user_lookup.hpp"
#include "run/lane_parts.hpp"
#include "run/probe_journal.hpp"

namespace convoke::run {

struct probe_task {
  const lane_options& lane;
  const pace_options& pace;
  const probe_options& options;
  std::function<void(const std::string&)> note;
};

// Everything is on the io_context's thread. What the task refers to outlives it.
class probe_lane {
 public:
  probe_lane(boost::asio::io_context& io, lane_parts parts, probe_task task);
  ~probe_lane();
  probe_lane(const probe_lane&) = delete;
  probe_lane& operator=(const probe_lane&) = delete;

  // Once. The probe outlives it.
  boost::asio::awaitable<void> run();
  // No further call is made; the one that is under way is answered first.
  void stop() noexcept;

  // Of the whole, after run(). The findings are there whatever the end is.
  [[nodiscard]] result<probe_report> report() const;

 private:
  // Of an earlier process, or a new one. Before anything is sent: the service may have said to wait.
  [[nodiscard]] result<void> open_journal();
  [[nodiscard]] std::unexpected<error> another_probe() const;
  boost::asio::awaitable<void> get_token();
  // The object id of the organizer.
  boost::asio::awaitable<void> find_organizer();
  // The look-up of the organizer said nothing of the user.
  void give_up_look_up(const std::string& why, std::optional<std::chrono::nanoseconds> wait);
  [[nodiscard]] result<void> begin_session();
  boost::asio::awaitable<void> carry_out();
  boost::asio::awaitable<void> make(experiments::call made);
  boost::asio::awaitable<experiments::seen> send(unsigned link, const experiments::call& made);
  boost::asio::awaitable<graph::plain_answer> exchange(unsigned link, std::string method, std::string target, std::string body);
  boost::asio::awaitable<void> pause_until(mono_time when);
  [[nodiscard]] result<void> save();
  // The service said when it may be called again: for the next process, if this one ends before.
  void keep_wait(mono_time now);
  void announce();

  boost::asio::io_context& io_;
  lane_parts parts_;
  probe_task task_;
  boost::asio::steady_timer timer_, second_;
  std::vector<std::unique_ptr<graph_link>> links_;
  graph::user_lookup users_;
  probe_journal journal_;
  mono_time not_before_{};  // of the first call, by what the journal says
  std::optional<experiments::session> session_;
  std::string organizer_;
  std::string announced_;
  error token_failure_{errc::network, "no access token: no answer within the time limit"};
  bool no_token_for_good_ = false;
  std::optional<error> trouble_;  // that ended it before its session did
  bool stopped_ = false;
};

}  // namespace convoke::run
