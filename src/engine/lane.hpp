#pragma once

// One lane of the run: its token, connections, pace, cooldowns, organizers, retries, streak of permanent answers, and health.
//
// It is driven by the engine: one event, then advance() of every lane. A lane ends by itself; the others continue.

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/batching.hpp"
#include "engine/classify.hpp"
#include "engine/concurrency_limit.hpp"
#include "engine/connections.hpp"
#include "engine/fetching.hpp"
#include "engine/health.hpp"
#include "engine/inference.hpp"
#include "engine/operations.hpp"
#include "engine/organizers.hpp"
#include "engine/pace.hpp"
#include "engine/retries.hpp"
#include "engine/run_context.hpp"
#include "engine/scopes.hpp"
#include "engine/streak.hpp"
#include "engine/types.hpp"

namespace convoke::engine {

// A scope that stays closed for longer is not waited for.
inline constexpr std::chrono::minutes long_wait{10};

// True where `a` is the worse of two reasons to stop, in the order of the exit codes.
[[nodiscard]] bool outranks(stop_reason a, stop_reason b) noexcept;

class lane {
 public:
  lane(run_context& context, const lane_setup& setup, mono_time now);

  void page_arrived(const claimed_page& page, bool stale, mono_time now);
  void connection_ready(connection_id c, bool reused, mono_time now);
  void connection_lost(connection_id c) noexcept;
  void connect_failed(const answer& why, mono_time now);
  [[nodiscard]] mono_time may_connect_at() const noexcept {
    return token_lacks_descriptor_ || login_refused_ ? mono_time::max() : connect_at_;
  }
  void token_ready(std::uint32_t token);
  void token_failed(const error& why, bool fatal, std::optional<mono_time> again, mono_time now);

  // The cooldown that the answer started, where it is the application's: it closes the other lanes of that application too.
  using app_cooldown = std::optional<scope::announcement>;
  [[nodiscard]] app_cooldown answered(row_index i, answer&& a, mono_time now);
  // The batch was answered as a whole. True where its calls are sent again because of that; false: the answer is the one of each of them.
  [[nodiscard]] bool batch_refused(batch_answer& a, mono_time now);
  // The row's commit is durable. `lost`: it changed nothing, because the ledger no longer holds the row for this process.
  void acknowledged(row_index i, bool lost, mono_time now);
  // Another lane of the application was throttled with the application as its scope.
  void close(const scope::announcement& cooldown, mono_time now);
  // What engine.hpp says of several workers.
  void share_changed(const lane_share& share, mono_time now);
  void cooldown_announced(std::optional<organizer_id> organizer, mono_time until, mono_time now);
  void rows_available(std::span<const organizer_setup> found, std::uint64_t held_elsewhere, mono_time now);
  [[nodiscard]] lane_report report(mono_time now);
  // `come_back`: when the rows that are left may be tried again, where the reason says so.
  void stop(stop_reason why, std::string detail, mono_time now, std::optional<mono_time> come_back = {});

  // Does everything that is due: retries, expired deadlines, calls, claims.
  void advance(mono_time now);
  // The next time at which advance() has something to do without another event.
  [[nodiscard]] std::optional<mono_time> next(mono_time now);

  struct outlook {
    bool busy;                      // something is in progress, or can be done within ten minutes
    std::optional<mono_time> wait;  // else: rows are left, and the first of their scopes opens at this time
  };
  [[nodiscard]] outlook look(mono_time now);
  // Whether rows may come that this worker does not know of yet. The run goes on then, although no lane is busy.
  [[nodiscard]] bool awaits_others() const noexcept;
  // No lane is busy. Claimed rows whose scopes stay closed are released, so other workers do not wait for them.
  void set_down(mono_time now);
  // Nothing is left to do in this run: permanent answers that were not recorded yet are final, and rows whose scopes stay closed are
  // released.
  void wind_up(mono_time now);

  [[nodiscard]] lane_id id() const noexcept { return id_; }
  [[nodiscard]] std::uint32_t app() const noexcept { return app_; }
  [[nodiscard]] lane_end end() const;
  // When the rows that are left may be tried again, where the reason for the end says so.
  [[nodiscard]] std::optional<mono_time> come_back(mono_time now) const noexcept;
  [[nodiscard]] std::uint64_t deferred() const noexcept { return deferred_; }  // rows that go to the next run
  [[nodiscard]] double rate() const noexcept { return stopped_ ? 0.0 : pace_.expected(); }
  [[nodiscard]] bool learning() const noexcept { return !stopped_ && pace_.learning(); }
  [[nodiscard]] mono_time cooldown_end() const noexcept { return scope_.end(); }

 private:
  // lane.cpp: events of connections and tokens, and what is done when it is due
  void resume_due(mono_time now);
  void expire_deadlines(mono_time now);
  void grant(mono_time now);
  void send(organizer_index who, row_index i, mono_time now);
  [[nodiscard]] row_index take_ready(organizer_index who, mono_time now);
  void begin_call(organizer_index who, row_index i, mono_time now, mono_time since);
  void end_call(row_index i) noexcept;

  // batching.cpp: calls that go together
  [[nodiscard]] unsigned batch_wanted(mono_time now) noexcept;
  [[nodiscard]] mono_time departure(mono_time now) noexcept;
  bool grant_batch(mono_time now);
  void send_together(const std::vector<row_index>& rows, bool unused_only, mono_time now);
  [[nodiscard]] bool goes_alone(organizer_index who) noexcept;
  [[nodiscard]] bool could_send() const noexcept;
  [[nodiscard]] bool owes();
  [[nodiscard]] bool awaits_connection() noexcept;
  void await_connection(organizer_index who);
  void free_connection();
  void resume_awaiting(mono_time now);
  [[nodiscard]] mono_time gate(mono_time now) const noexcept;
  void change_connections(unsigned count, mono_time now);
  void drop(connection_id c);
  void make_room_for_token(mono_time now);

  // lane_fetch.cpp: which rows are claimed, and when
  void fetch(mono_time now);
  void fetch_from(std::deque<organizer_index>& queue, bool stale, mono_time now);
  [[nodiscard]] bool enough_claimed() const noexcept;
  [[nodiscard]] std::uint32_t page_size() const noexcept;
  void want_rows(organizer_index who);
  void count_unfetched(organizer_index who);
  void count_left(organizer_index who, const claimed_page& page, bool stale);

  // lane_shared.cpp: what other workers have to do with
  void look_for_more(mono_time now);
  void count_stale_wait(mono_time now) noexcept;
  void set_rows_left(organizer_index who, std::uint32_t fresh, std::uint32_t stale);
  void obey(std::optional<organizer_id> organizer, mono_time until, bool cut, mono_time now);
  // A lane that stays closed claims nothing where others could wait for its rows.
  [[nodiscard]] bool may_claim(mono_time now) const noexcept { return !context_.config.shared || scope_.end() <= now + long_wait; }
  [[nodiscard]] bool lease_over(mono_time now) const noexcept { return now >= context_.lease_trusted_until(); }
  void measure_use(mono_time now);

  // lane_answers.cpp: what an answer leads to
  app_cooldown dispatch(classified v, row_index i, answer&& a, mono_time now);
  void count_taken(const row& r, mono_time now);
  void succeeded(row_index i, answer&& a, mono_time now);
  void gone(row_index i, answer&& a, mono_time now);
  void complete(row_index i, const step& then, answer&& a);
  [[nodiscard]] bool doubted(row_index i, answer& a, mono_time now);
  app_cooldown throttled(row_index i, answer&& a, mono_time now);
  [[nodiscard]] scope_kind scope_of(const row& r, const answer& a, mono_time now, inference::attribution& attributed);
  void save(std::optional<organizer_id> of_one, bool app, const scope::announcement& cooldown, bool on_trial, mono_time now);
  void reopen(const row& r);
  void stale(row_index i, answer&& a, mono_time now);
  void unreached(row_index i, answer&& a, mono_time now);
  scope::announcement close(scope_kind kind, const row& r, const answer& a, const inference::attribution& attributed, mono_time now);
  void slow_down(scope_kind kind, const row& r, const scope::announcement& cooldown, const inference::attribution& attributed,
                 mono_time now);
  void faulted(row_index i, answer&& a, bool conflict, mono_time now);
  void unauthorised(row_index i, answer&& a, mono_time now);
  void short_of_resources(row_index i, answer&& a, mono_time now);
  void permanent(row_index i, answer_class what, answer&& a, mono_time now);
  void again_at(row_index i, answer&& a, mono_time due);
  void wait_until(row_index i, answer&& a, mono_time due);
  void again_now(row_index i, answer&& a);
  static void remember(row& r, answer&& a);
  [[nodiscard]] static std::chrono::nanoseconds rested(std::chrono::nanoseconds wait, operation op, const answer& a);

  // lane_stop.cpp: how rows leave, and how the lane ends
  void advanced(row_index i, bool lost, mono_time now);
  void abandon_drain();
  void end_row(row_index i) noexcept;
  void record(row_index i, outcome result, answer&& a);
  void release(row_index i, bool strike, answer&& a);
  void release_unsent(row_index i);
  void release_rested(mono_time now);
  void give_back(row_index i, bool strike, answer&& a);
  [[nodiscard]] bool rests(const row& r) noexcept;
  void break_streak();
  void close_refused_organizers();
  void close_organizer_now(organizer_index who, answer&& why);
  void forget(row_index i) noexcept;
  void release_all();
  [[nodiscard]] bool all_done() const noexcept;
  void check_token(mono_time now);
  void check_outage(mono_time now);
  void save_now_and_then(mono_time now);
  void save_learnt();

  run_context& context_;
  lane_settings config_;
  lane_id id_;
  std::uint32_t app_;
  fetch_sizes sizes_;
  organizers organizers_;
  retry_queue retries_;
  sent_list sent_;
  streak streak_;
  struct refused_organizer {
    organizer_index who;
    answer why;
  };
  std::vector<refused_organizer> closing_;  // to be closed once none of their calls is in flight
  health health_;
  pace pace_;
  std::optional<pace> pace_before_;  // the pace before a throttle that may turn out to be one organizer's
  struct pending_restore {
    mono_time since;
    std::uint32_t successes;
  };
  std::optional<pending_restore> restore_;  // pace_before_ is restored once enough calls succeed
  inference inference_;
  concurrency_limit limit_;
  batching batching_;
  std::optional<learnt_pace> saved_;
  mono_time saved_at_ = mono_time::min();
  std::uint64_t left_ = 0;  // rows that have not ended, claimed or not, as far as is known
  scope scope_;
  mono_time pause_ = mono_time::min();  // no call before this time

  connections connections_;
  std::vector<organizer_index> awaiting_;  // organizers whose first ready row waits for a connection that was never used
  unsigned connection_count_;              // how many the driver may have open
  mono_time last_shortage_ = mono_time::min();
  unsigned shortages_ = 0;
  bool shared_answer_ = false;           // of the answer that is handled: another call of its batch stands for the connection
  bool token_lacks_descriptor_ = false;  // no connection is open or opened until there is a token
  mono_time shortage_until_ = mono_time::min();
  mono_time connect_at_ = mono_time::min();
  unsigned connect_failures_ = 0;
  unsigned refused_handshakes_ = 0;  // rounds in a row, while none has ever succeeded
  unsigned refused_logins_ = 0;      // rounds in a row, by a proxy
  bool login_refused_ = false;       // and for good
  bool ever_connected_ = false;

  std::uint32_t token_ = 0;
  bool token_good_ = false;
  bool token_requested_ = false;
  std::optional<mono_time> token_again_;  // there is none, and none is requested before this time
  unsigned refused_tokens_ = 0;           // in a row, with no success between

  std::deque<organizer_index> want_fresh_, want_stale_;
  mono_time stale_at_;
  std::uint32_t fresh_left_ = 0;  // organizers with fresh rows in the ledger
  std::uint32_t unfetched_ = 0;   // organizers with rows in the ledger that will be sent
  std::uint32_t fetching_ = 0;    // pages that are being claimed
  std::uint32_t fetching_fresh_ = 0;
  bool stale_turn_ = false;      // stale rows may be claimed: once no fresh row could be sent any more
  std::uint32_t requested_ = 0;  // rows of these pages
  std::uint32_t claimed_ = 0;    // rows in this process that have not ended
  std::uint32_t in_flight_ = 0;  // calls
  std::uint32_t requests_ = 0;   // that carry them: a batch is one
  std::uint32_t advancing_ = 0;  // rows whose next operation is sent once the advance is durable

  // Where other workers carry out the same runs:
  bool looking_ = false;                       // look_for_rows was not answered yet
  bool stale_waits_ = false;                   // counted among the lanes that wait to claim stale rows
  mono_time look_at_ = mono_time::min();       // not before this time again
  std::chrono::nanoseconds look_interval_{0};  // between the latest two
  bool nothing_elsewhere_ = false;             // the latest answer: nothing can be claimed, and no other worker holds rows
  std::optional<mono_time> set_down_until_;    // when the first scope opens whose rows were released by set_down
  lane_report since_report_;
  mono_time reported_at_;
  double wants_ = 0;

  std::uint64_t calls_ = 0;  // made

  std::optional<stop_reason> stopped_;
  std::string detail_;
  std::optional<mono_time> come_back_;
  mono_time drained_at_ = mono_time::max();  // the end of the drain
  // Of a lane that has stopped: rows whose last call the service may still carry out. They are released once that is over, if other lanes
  // go on for so long, and otherwise stay claimed.
  struct resting_row {
    row_index row;
    mono_time until;
    bool strike;
    answer last;
  };
  std::vector<resting_row> resting_;
  std::uint64_t deferred_ = 0;  // rows that go to the next run
  std::uint64_t kept_ = 0;      // rows that stay claimed: the service may still carry out their calls
};

}  // namespace convoke::engine
