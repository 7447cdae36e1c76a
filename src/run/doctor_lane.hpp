#pragma once

// Observes one lane: its hosts, its token, and what the service says about its organizers. What is observed is assessed by `diagnosis`; the
// connections, the proxy and the credential are those of a run.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <convoke/doctor.hpp>

#include "auth/token_client.hpp"
#include "diagnosis/observations.hpp"
#include "diagnosis/patience.hpp"
#include "graph/graph.hpp"
#include "graph/user_lookup.hpp"
#include "net/probe.hpp"
#include "run/lane_parts.hpp"
#include "run/tls_contexts.hpp"

namespace convoke::run {

// Proxies with the login that each refused; no connection is made through them with that login any more.
using proxy_logins = std::vector<std::shared_ptr<const net::proxy>>;

struct lane_task {
  const lane_options& lane;
  const pace_options& pace;
  proxy_logins& refused_logins;  // of all lanes of the command
  std::string name;              // as in finding::lane
  bool credential_usable = true;
  std::string secret_file{};  // that the client secret comes from; empty: not known
  // To read. Where a person signs in, those that were asked for: that person alone is read.
  std::vector<std::string> organizers;
  std::size_t left_out = 0;  // organizers beyond those
  std::chrono::milliseconds patience{0};
  std::function<void(const sign_in_prompt&)> sign_in_wanted;  // empty: no person can be asked
};

// Everything is on the io_context's thread. The task's references and the TLS contexts outlive it.
class lane_examination {
 public:
  lane_examination(boost::asio::io_context& io, tls_contexts& tls, lane_task task, std::function<void(finding)> report);
  ~lane_examination();
  lane_examination(const lane_examination&) = delete;
  lane_examination& operator=(const lane_examination&) = delete;

  // Runs all checks, once. The examination outlives it.
  boost::asio::awaitable<void> run();
  // Ends what is under way; no further finding is reported.
  void stop() noexcept;

 private:
  struct host;  // one that is checked
  boost::asio::awaitable<void> examine(const net::endpoint& at, const std::string& path);
  boost::asio::awaitable<std::vector<std::string>> addresses_of(const net::endpoint& at);
  boost::asio::awaitable<std::vector<diagnosis::connection_seen>> try_addresses(const net::endpoint& at,
                                                                                std::vector<std::string> addresses);
  boost::asio::awaitable<void> compare_clocks(const net::endpoint& at, const std::string& path);
  boost::asio::awaitable<void> examine_hosts();
  boost::asio::awaitable<void> get_token();
  boost::asio::awaitable<void> request_token();
  [[nodiscard]] result<void> begin_sign_in();
  [[nodiscard]] error why_no_token(const error& why, bool fatal) const;
  void take_user_as_organizer();
  boost::asio::awaitable<void> read_organizers();
  boost::asio::awaitable<diagnosis::read_seen> make(const diagnosis::lane_reads::call& call);
  boost::asio::awaitable<std::string> connect();
  boost::asio::awaitable<diagnosis::read_seen> look_up(const std::string& upn);
  boost::asio::awaitable<diagnosis::read_seen> read(const std::string& object_id);
  boost::asio::awaitable<void> pause(std::chrono::nanoseconds time);
  [[nodiscard]] bool authority_is_used() const;
  void skip_reads(std::span<const std::string> organizers, const std::string& why);
  void report(finding f);

  boost::asio::io_context& io_;
  net::tls_context& tls_;
  lane_task task_;
  std::function<void(finding)> to_;
  diagnosis::lane_facts facts_;
  net::prober prober_;
  auth::token_client client_;
  boost::asio::steady_timer timer_;
  result<lane_parts> parts_;
  std::optional<graph::caller> caller_;
  graph::user_lookup users_;
  std::uint64_t look_ups_ = 0;
  std::unique_ptr<net::connection> connection_;
  diagnosis::token_seen token_;
  diagnosis::token_wait token_wait_;
  std::shared_ptr<user_session> session_;  // of a person who signs in here
  bool unreachable_ = false;               // of the host that was examined last
  bool no_authority_ = false;
  bool no_graph_ = false;
  bool stopped_ = false;
};

}  // namespace convoke::run
