#pragma once

// The class behind drive(): driver.cpp starts and ends a run and takes events in; driver_actions.cpp carries the engine's actions out.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <unordered_map>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "engine/engine.hpp"
#include "run/claimed_row.hpp"
#include "run/clock.hpp"
#include "run/commits.hpp"
#include "run/driver.hpp"
#include "run/lane_session.hpp"
#include "run/lease_keeper.hpp"
#include "run/mailbox.hpp"
#include "run/progress_meter.hpp"

namespace convoke::run {

class driver final : private session_events {
 public:
  // What the driver works with; all of it outlives the driver.
  struct surroundings {
    boost::asio::io_context& io;
    clock& time;
    ledger::store& store;
    observer& watch;
    shared_session shared{};
  };

  // `lanes`: one for each lane of the run.
  driver(const surroundings& with, const stop_tokens& stops, const ledger::opened_run& opened, const job& j, std::uint64_t seed,
         std::vector<lane_parts> lanes);
  ~driver() = default;
  driver(const driver&) = delete;
  driver& operator=(const driver&) = delete;

  // start(), the io_context until over(), and ending(). What an observer throws comes out of it, after what was known has been handed to
  // the ledger.
  [[nodiscard]] driven run();

  // The parts of run(), for tests that run the io_context themselves.
  void start();
  // Whether the run has ended and nothing of it is pending: no coroutine of a session and no job of the ledger.
  [[nodiscard]] bool over() const noexcept;
  // Once it is over.
  [[nodiscard]] driven ending();

 private:
  struct call_in_flight {
    claimed_rows::node_type row;  // out of rows_: it stays as it is whatever becomes of the run meanwhile
    unsigned attempt = 0;
    operation op = operation::create_or_get;
  };
  struct lane {
    std::unique_ptr<lane_session> session;
    unsigned connections = 0;                            // that it may have
    std::vector<call_in_flight> calls{};                 // by connection
    std::vector<std::vector<call_in_flight>> batches{};  // by connection, of calls that were sent together
  };

  // Carries out what the engine wants done, until there is nothing more.
  void pump();
  void carry_out(engine::fetch_rows& a);
  void carry_out(engine::look_for_rows& a);
  void carry_out(engine::send_call& a);
  void carry_out(engine::send_batch& a);
  void carry_out(engine::batch_limited& a);
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

  // From the sessions.
  [[nodiscard]] mono_time may_connect_at(engine::lane_id lane) const override;
  void connection_ready(engine::lane_id lane, engine::connection_id c, bool reused) override;
  void connection_lost(engine::lane_id lane, engine::connection_id c) override;
  void connect_failed(engine::lane_id lane, engine::connection_id c, const engine::answer& why) override;
  void answered(engine::lane_id lane, engine::connection_id c, engine::answer&& a) override;
  void batch_answered(engine::lane_id lane, engine::connection_id c, engine::batch_answer&& a) override;
  void token_ready(engine::lane_id lane, std::uint32_t number) override;
  void token_failed(engine::lane_id lane, const error& why, bool fatal, std::optional<mono_time> again) override;
  void note(engine::lane_id lane, const std::string& line) override;

  // From the ledger.
  void on_claimed(engine::lane_id lane, bool stale, result<ledger::claim_answer> answer, std::vector<meeting_spec> specs);
  void on_organizer_closed(engine::lane_id lane, engine::organizer_id organizer, const result<ledger::closed_rows>& closed);
  void on_commit(const result<ledger::committed_rows>& done);
  void on_storage_failure(const error& why);
  [[nodiscard]] bool holds_nothing() const;
  void on_surveyed(const ledger::rows_in_store& rows);
  [[nodiscard]] bool may_end_waiting(const ledger::rows_in_store& rows, mono_time now);

  // From the clock and the caller.
  void on_time();
  void on_progress_due();
  void drain();
  void leave_at_once();

  [[nodiscard]] std::unique_ptr<lease_keeper> make_keeper();
  // Opens this many connections, once.
  void open_connections(engine::lane_id lane, unsigned count);
  void close();
  void report_attempt(engine::row_id row, unsigned attempt, const engine::answer& got);
  void report_lost(std::size_t rows);
  [[nodiscard]] claimed_row take(engine::row_id row);
  [[nodiscard]] std::string name_of(engine::lane_id lane) const;
  [[nodiscard]] std::string name_of_organizer(engine::organizer_id organizer) const;

  boost::asio::io_context& io_;
  clock& clock_;
  ledger::store& store_;
  observer& watch_;
  stop_tokens stops_;
  shared_session shared_;
  const ledger::opened_run& opened_;
  const job& job_;
  engine::engine engine_;
  commits commits_;
  std::vector<lane> lanes_;
  std::vector<engine::action> actions_;  // of one round; kept for its memory
  claimed_rows rows_;                    // without those whose call is in flight
  std::unique_ptr<timer> engine_timer_, progress_timer_;
  mailbox<driver> mail_;
  std::unique_ptr<lease_keeper> keeper_;                                  // where the session has a lease
  std::unordered_map<ledger::organizer_id, std::string> new_organizers_;  // that the session did not begin with

  std::size_t ledger_jobs_ = 0;  // claims and closings under way
  bool pumping_ = false;
  bool draining_ = false;
  bool closing_ = false;
  bool lost_reported_ = false;
  std::optional<engine::finished> ended_;
  std::optional<error> session_over_;
  std::optional<mono_time> first_send_, last_commit_;
  std::uint64_t rows_ended_ = 0;
  bool unreported_end_ = true;  // rows may have ended since nothing_left was called
  std::uint64_t waiting_ = 0;   // rows that wait for all others of their run, when they were last counted
  // When nothing_left was last called because of such rows: how many these were, and from when on it is called again for as many.
  std::uint64_t tried_to_end_ = 0;
  mono_time try_again_at_{};
  progress_meter meter_;

  // Last, so that they end first: a stop that is requested later reaches nothing.
  using stop_callback = std::stop_callback<std::function<void()>>;
  std::optional<stop_callback> on_drain_, on_leave_;
};

}  // namespace convoke::run
