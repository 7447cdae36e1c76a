#pragma once

// Keeps a session of a ledger that several processes write: renews its lease, exchanges what the workers of its lanes know of them, and
// looks for rows that came or came back. What it learns it passes to the engine.

#include <chrono>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "engine/engine.hpp"
#include "ledger/ledger.hpp"
#include "run/clock.hpp"
#include "run/lane_terms.hpp"
#include "run/mailbox.hpp"

namespace convoke::run {

class lease_keeper {
 public:
  // All of these run on the io_context's thread, and none after stop().
  struct events {
    // Whether this process holds no row, and claims and writes none.
    std::function<bool()> holds_nothing;
    // Rows were counted; the engine is informed next.
    std::function<void(const ledger::rows_in_store&)> surveyed;
    // The engine was informed of something.
    std::function<void()> changed;
    // The session is over, with errc::busy: every row of it may be another one's by now.
    std::function<void(const error&)> ended;
    // A line for people.
    std::function<void(const std::string&)> note;
  };
  struct parts {
    boost::asio::io_context& io;
    clock& time;
    ledger::store& store;
    engine::engine& informs;
  };

  // `opened.shared` is present. `joined`: when it was requested. What is referred to outlives the keeper.
  lease_keeper(const parts& with, const ledger::opened_run& opened, mono_time joined, std::chrono::nanoseconds max_cooldown, events to);

  // Passes on what the session began with, and begins to renew it.
  void start();
  // Answers a look_for_rows of the engine.
  void look(engine::lane_id lane);
  // Cooldowns that came with the answer to a write.
  void announce(std::span<const ledger::announced_cooldown> cooldowns);
  // Nothing is renewed, looked for or reported afterwards.
  void stop();

 private:
  struct lane {
    ledger::lane_report unsent;  // what no renewal has delivered
    std::vector<ledger::lane_member> members;
    bool leads = false;
    bool over = false;  // the last report said so
    bool left = false;  // and was delivered: another worker leads the lane from now on, as this one reports nothing more of it
  };

  void exchange();
  void on_renewed(mono_time sent, bool extended, const result<ledger::renewal>& answer);
  void on_failure(bool extending, const error& why);
  void accept(const ledger::renewal& terms, mono_time sent);
  void survey();
  void on_surveyed(std::vector<engine::lane_id> lanes, const result<ledger::rows_in_store>& found);
  void end(const error& why);
  [[nodiscard]] bool lease_has_ended() const { return clock_.now() >= lease_end_; }
  [[nodiscard]] two_clocks clocks() const { return {.now = clock_.now(), .wall = clock_.wall_now()}; }

  clock& clock_;
  ledger::store& store_;
  engine::engine& engine_;
  const ledger::opened_run& opened_;
  std::chrono::nanoseconds max_cooldown_;
  events to_;
  std::vector<lane> lanes_;
  mono_time began_, lease_end_, extend_at_;
  bool suspended_ = false;  // the last heartbeat failed
  bool stopped_ = false;
  std::vector<engine::lane_id> looking_;  // lanes whose question is not on its way yet
  bool surveying_ = false;
  bool held_nothing_ = false;  // when the survey began
  std::unique_ptr<timer> exchange_timer_, survey_timer_;
  mailbox<lease_keeper> mail_;
};

}  // namespace convoke::run
