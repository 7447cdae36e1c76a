#pragma once

// The driver's inside: what its two halves share. driver_actions.cpp carries out what the engine asks for; driver_connections.cpp holds the
// coroutines.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "auth/auth.hpp"
#include "engine/engine.hpp"
#include "graph/graph.hpp"
#include "net/net.hpp"
#include "run/commits.hpp"
#include "run/driver.hpp"
#include "run/mailbox.hpp"
#include "run/progress_meter.hpp"

namespace convoke::run {

namespace asio = boost::asio;

struct claimed {
  meeting_spec wanted;
  engine::key_id key = 0;
  engine::organizer_id organizer = 0;
  std::string meeting_id{};  // where the row owes another operation than createOrGet
};
using rows_here = std::unordered_map<engine::row_id, claimed>;

// One place for one connection of the lane. The engine knows it by its number.
struct slot {
  slot(asio::io_context& io, engine::connection_id number, const net::endpoint& root, net::tls_context& tls, std::uint64_t seed)
      : id(number), connection(io.get_executor(), root, tls), caller(root, seed), wake(io) {}

  engine::connection_id id;
  net::connection connection;
  graph::caller caller;
  asio::steady_timer wake;
  std::optional<engine::send_call> grant;
  rows_here::node_type row;  // of the grant and its call: theirs alone, whatever becomes of the run meanwhile
  mono_time idle_since{};
  bool waiting = false;  // for a grant, in a wait on `wake`
  bool queued = false;   // for its turn to connect, in a wait on `wake`
  bool resting = false;  // its connection was not needed: it connects again when others are busy
  bool drop = false;
  bool used = false;  // its connection has carried a call
};

[[nodiscard]] std::vector<engine::lane_setup> lane_setups(const ledger::opened_run& opened, const job& j, mono_time now, utc_time wall);

// One lane only for now: several lanes of a run need a token source and slots each, which is what this class holds once.
class driver {
 public:
  driver(asio::io_context& io, signals& caught, ledger::store& store, const ledger::opened_run& opened, const job& j, std::uint64_t seed,
         observer& watch, net::endpoint root, net::tls_context tls)
      : io_(io),
        caught_(caught),
        store_(store),
        run_(opened.info.id),
        lease_(opened.lease),
        job_(j),
        seed_(seed),
        watch_(watch),
        root_(std::move(root)),
        tls_(std::move(tls)),
        organizers_(opened.organizers),
        engine_(engine_settings(j, seed), lane_setups(opened, j, net::boot_now(), net::wall_now()), net::boot_now()),
        commits_(io, store, [this](auto done) { on_commit(std::move(done)); }),
        timer_(io),
        progress_timer_(io),
        work_(io.get_executor()),
        mail_(io, *this),
        owed_(calls_owed(opened)),
        meter_(opened.info.rows, opened.info.rows - opened.info.counts.owed, owed_, net::boot_now()) {}

  ~driver() { caught_.stop_listening(); }
  driver(const driver&) = delete;
  driver& operator=(const driver&) = delete;

  // What an observer throws comes out of it.
  driven run(std::unique_ptr<auth::token_source> tokens);

 private:
  void pump();
  void carry_out(engine::fetch_rows& a);
  void carry_out(engine::send_call& a);
  void carry_out(engine::record_outcome& a);
  void carry_out(engine::advance_row& a);
  void carry_out(engine::release_row& a);
  void carry_out(engine::close_organizer& a);
  void carry_out(engine::save_cooldown& a);
  void carry_out(engine::forget_cooldown& a);
  void carry_out(engine::cooldown_cut& a);
  void carry_out(engine::save_pace& a);
  void carry_out(engine::refresh_token& a);
  void carry_out(engine::set_connections& a);
  void carry_out(engine::drop_connection& a);
  void carry_out(engine::wake_at& a);
  void carry_out(engine::finished& a);

  asio::awaitable<void> serve(slot& s);
  asio::awaitable<void> carry_calls(slot& s);
  asio::awaitable<bool> await_grant(slot& s);
  asio::awaitable<bool> await_turn_to_connect(slot& s);
  asio::awaitable<void> report_progress();

  void on_claimed(engine::lane_id lane, bool stale, result<ledger::claim_answer> answer, std::vector<meeting_spec> specs);
  void on_closed(engine::lane_id lane, engine::organizer_id organizer, const result<ledger::closed_rows>& closed);
  void on_commit(const result<ledger::committed_rows>& done);
  void on_token(std::uint32_t number);
  void on_no_token(const error& why, bool fatal, std::optional<mono_time> again);
  void on_signal(int count);
  void storage_failed(const error& why);
  void close_all();
  void ready(slot& s);
  void set_resting(slot& s, bool resting);
  void rouse_one();
  void wake_those_that_wait();
  [[nodiscard]] bool enough_idle() const;
  void tell_trouble(const engine::send_call& call, const engine::answer& got);
  claimed take(engine::row_id row);

  asio::io_context& io_;
  signals& caught_;
  ledger::store& store_;
  ledger::run_id run_;
  ledger::lease_token lease_;
  const job& job_;
  std::uint64_t seed_;
  observer& watch_;
  net::endpoint root_;
  net::tls_context tls_;
  const std::vector<ledger::organizer_rows>& organizers_;
  engine::engine engine_;
  commits commits_;
  std::unique_ptr<auth::token_source> tokens_;
  std::vector<std::unique_ptr<slot>> slots_;
  std::vector<engine::action> actions_;  // of one round; kept for its memory
  rows_here rows_;                       // without those whose call is under way: their slots have them
  asio::steady_timer timer_;
  asio::steady_timer progress_timer_;
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  mailbox<driver> mail_;

  unsigned enabled_ = 0;
  std::size_t serving_ = 0, resting_ = 0;
  std::size_t asked_ = 0;  // ledger jobs under way
  bool pumping_ = false;
  bool closing_ = false;
  bool may_connect_ = true;  // not while the request for a token lacks a descriptor
  int signals_heard_ = 0;
  std::optional<engine::finished> ended_;
  std::string last_trouble_;  // told once, not once a connection
  std::optional<mono_time> first_send_, last_commit_;
  std::uint64_t owed_;
  progress_meter meter_;
};

}  // namespace convoke::run
