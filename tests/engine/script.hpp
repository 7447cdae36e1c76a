#pragma once

// A script for the engine: the test acts as driver, ledger, service and clock, one step at a time.

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <deque>
#include <optional>
#include <source_location>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "engine/engine.hpp"

namespace convoke::engine::test {

using namespace std::chrono_literals;

inline const char* name_of(const action& a) {
  static constexpr const char* names[] = {"fetch_rows",      "look_for_rows", "send_call",   "send_batch",      "batch_limited",
                                          "record_outcome",  "advance_row",   "release_row", "close_organizer", "save_cooldown",
                                          "forget_cooldown", "cooldown_cut",  "save_pace",   "refresh_token",   "set_connections",
                                          "drop_connection", "wake_at",       "finished"};
  static_assert(std::size(names) == std::variant_size_v<action>);
  return names[a.index()];
}

// ---- answers

inline answer http(int status, std::string code = {}, std::string message = {}) {
  answer a;
  a.status = status;
  a.error_code = std::move(code);
  a.error_message = std::move(message);
  return a;
}
inline answer ok(int status = 201) {
  auto a = http(status);
  a.stored.emplace();
  a.stored->id = "m";
  return a;
}
// A meeting that differs from what is wanted.
inline answer different(int status = 200) {
  auto a = ok(status);
  a.drift = {"subject"};
  return a;
}
inline answer broken(attempt_error e) {
  answer a;
  a.error = e;
  a.error_message = "it broke";
  return a;
}
inline answer throttling(std::optional<std::chrono::nanoseconds> wait, std::string scope = {}) {
  auto a = http(429, "TooManyRequests");
  a.retry_after = wait;
  a.throttle_scope = std::move(scope);
  return a;
}

class script {
 public:
  using where = std::source_location;

  // So fast that the pace does not matter, unless a test sets one.
  static settings quick() {
    settings s;
    s.fixed_rate = true;  // the pace has tests of its own
    s.rate = 1e9;
    s.connections = 8;
    return s;
  }

  explicit script(std::vector<organizer_setup> organizers, settings s = quick(), std::vector<cooldown_setup> cooldowns = {})
      : script({lane_setup{.lane = 0, .organizers = std::move(organizers), .cooldowns = std::move(cooldowns)}}, s) {}
  script(std::vector<lane_setup> lanes, const settings& s) : engine_(s, std::move(lanes), now_) { collect(); }

  // Signs in, answers every page in full, and opens `connections`. The first calls are granted then.
  static script started(const std::vector<std::uint32_t>& rows_each, unsigned connections, const settings& s = quick()) {
    return owing(operation::create_or_get, update_rule::never, rows_each, connections, s);
  }
  // The same with rows that owe another operation, or one more.
  static script owing(operation op, update_rule rule, const std::vector<std::uint32_t>& rows_each, unsigned connections,
                      const settings& s = quick(), bool repairs = false) {
    std::vector<organizer_setup> setup;
    for (std::uint32_t i = 0; i < rows_each.size(); ++i) setup.push_back({i, rows_each[i], 0});
    script t(std::move(setup), s);
    t.op_ = op;
    t.rule_ = rule;
    t.repairs_ = repairs;
    t.next<refresh_token>();
    t.token(1);
    for (const auto n : rows_each) t.page(n, true);
    for (connection_id c = 0; c < connections; ++c) t.connect(c);
    return t;
  }

  // Lanes of one organizer each, organizer n in lane n, all signed in and with one connection. The calls of all lanes are granted then.
  static script lanes(std::vector<lane_setup> setup, std::vector<std::uint32_t> rows_each, const settings& s = quick()) {
    for (lane_id l = 0; l < setup.size(); ++l) {
      setup[l].lane = l;
      setup[l].organizers = {{l, rows_each[l], 0}};
    }
    const auto count = static_cast<lane_id>(setup.size());
    script t(std::move(setup), s);
    for (lane_id l = 0; l < count; ++l) t.next<refresh_token>();
    for (lane_id l = 0; l < count; ++l) {
      t.token(1, l);
      t.page(rows_each[l], true);
    }
    for (lane_id l = 0; l < count; ++l) t.connect(0, false, l);
    return t;
  }

  // ---- events
  void token(std::uint32_t n, lane_id l = 0) { engine_.token_ready(l, n, now_), collect(); }
  void token_failed(bool fatal, std::optional<std::chrono::nanoseconds> wait = {}, lane_id l = 0) {
    const auto again = wait ? std::optional(now_ + *wait) : std::nullopt;
    engine_.token_failed(l, error{errc::credentials, "AADSTS7000215: wrong secret"}, fatal, again, now_), collect();
  }
  void token_lacks_descriptor() {
    engine_.token_failed(0, error{errc::resources, "too many open files"}, false, std::nullopt, now_), collect();
  }
  void connect(connection_id c, bool reused = false, lane_id l = 0) { engine_.connection_ready(l, c, reused, now_), collect(); }
  void disconnect(connection_id c) { engine_.connection_lost(0, c, now_), collect(); }
  void connect_failed(connection_id c, attempt_error e, lane_id l = 0) { engine_.connect_failed(l, c, broken(e), now_), collect(); }
  void reply(const send_call& c, answer a) { engine_.answered(c.row, std::move(a), now_), collect(); }
  // Answers the call; then the connection is ready again, or a new one in its place.
  void finish(const send_call& c, answer a) {
    const bool lives = a.error == attempt_error::none;
    reply(c, std::move(a));
    const bool dropped = std::ranges::any_of(todo_, [&c](const action& one) {
      const auto* const drop = std::get_if<drop_connection>(&one);
      return drop != nullptr && drop->lane == c.lane && drop->connection == c.connection;
    });
    connect(c.connection, lives && !dropped, c.lane);
  }
  // Answers the calls of a batch, in any order; then the connection is ready again, or a new one in its place.
  void finish(const send_batch& b, std::vector<answer> each) {
    batch_answer a;
    for (std::size_t i = b.calls.size(); i > 0; --i) a.items.push_back({b.calls[i - 1].row, std::move(each.at(i - 1))});
    finish(b, std::move(a));
  }
  void refuse(const send_batch& b, answer whole) {
    batch_answer a;
    for (const auto& one : b.calls) a.items.push_back({one.row, {}});
    a.envelope = std::move(whole);
    finish(b, std::move(a));
  }
  void finish(const send_batch& b, batch_answer a) {
    const bool lives = !a.envelope || a.envelope->error == attempt_error::none;
    engine_.batch_answered(b.lane, std::move(a), now_), collect();
    const bool dropped = !all<drop_connection>().empty();
    connect(b.connection, lives && !dropped, b.lane);
  }
  void commit(std::vector<row_id> rows) { engine_.committed(rows, {}, now_), collect(); }
  void lose(std::vector<row_id> rows) { engine_.committed({}, rows, now_), collect(); }
  void closed(organizer_id o, std::uint32_t rows) { engine_.organizer_closed(0, o, rows, now_), collect(); }
  void stop(stop_reason r) { engine_.stop(r, now_), collect(); }
  void storage_failed() { engine_.storage_failed(error{errc::storage, "disk full"}, now_), collect(); }
  void lease(mono_time until) { engine_.lease_until(until, now_), collect(); }
  void share(const lane_share& s) { engine_.share_changed(0, s, now_), collect(); }
  void announce(std::optional<organizer_id> o, mono_time until) { announce({{.organizer = o, .until = until}}); }
  void announce(const std::vector<announced_cooldown>& all) { engine_.cooldown_announced(all, now_), collect(); }
  void available(const std::vector<organizer_setup>& rows, std::uint64_t held, lane_id l = 0) {
    engine_.rows_available(l, rows, held, now_), collect();
  }
  [[nodiscard]] lane_report report() { return engine_.report(0, now_); }
  void tick() { engine_.tick(now_), collect(); }
  void arrive(bool stale, const std::vector<claimed_page>& pages) { engine_.rows_arrived(claim_.lane, stale, pages, now_), collect(); }
  void arrive(organizer_id o, bool stale, std::vector<owed_row> rows, bool exhausted) { arrive(stale, {{o, std::move(rows), exhausted}}); }
  // Fills the next page that is requested: the next one of the present claim, else the first one of the next action, which must be a claim.
  // The claim is answered with its last page.
  std::vector<row_id> page(std::uint32_t count, bool exhausted, where at = where::current()) {
    if (filled_.empty()) claim_ = next<fetch_rows>(at);
    const auto who = claim_.pages.at(filled_.size()).organizer;
    std::vector<owed_row> rows;
    std::vector<row_id> ids;
    for (std::uint32_t i = 0; i < count; ++i) {
      ids.push_back(next_row_);
      rows.push_back({next_row_, 1000 + next_row_, who, 1, 0, op_, rule_, repairs_});
      ++next_row_;
    }
    filled_.push_back({who, std::move(rows), exhausted});
    if (filled_.size() == claim_.pages.size()) arrive(claim_.stale, std::exchange(filled_, {}));
    return ids;
  }
  // Time passes; the engine gets a tick at each wake_at.
  void pass(std::chrono::nanoseconds d) {
    const auto end = now_ + d;
    while (wake_ && *wake_ <= end) {
      BOOST_TEST_REQUIRE((*wake_ > now_), "wake_at is in the past");
      now_ = *std::exchange(wake_, std::nullopt);
      tick();
    }
    now_ = end;
    tick();
  }

  // Time passes, and the engine does not learn of it before the next event.
  void late(std::chrono::nanoseconds d) { now_ += d; }

  // ---- actions
  template <class T>
  T next(where at = where::current()) {
    BOOST_TEST_REQUIRE(!todo_.empty(), "line " << at.line() << ": no action, one expected");
    BOOST_TEST_REQUIRE(std::holds_alternative<T>(todo_.front()), "line " << at.line() << ": not " << front_name());
    T a = std::get<T>(std::move(todo_.front()));
    todo_.pop_front();
    return a;
  }
  void quiet(where at = where::current()) {
    BOOST_TEST_REQUIRE(todo_.empty(), "line " << at.line() << ": nothing expected, but " << front_name());
  }
  // A record, acknowledged.
  record_outcome recorded(outcome expected, where at = where::current()) {
    auto r = next<record_outcome>(at);
    BOOST_TEST(to_string(r.result) == to_string(expected), "line " << at.line() << ": " << to_string(r.result));
    commit({r.row});
    return r;
  }
  release_row released(bool strike, where at = where::current()) {
    auto r = next<release_row>(at);
    BOOST_TEST(r.strike == strike, "line " << at.line() << ": strike is " << r.strike);
    commit({r.row});
    return r;
  }
  // An advance, acknowledged.
  advance_row advanced(operation expected, where at = where::current()) {
    auto a = next<advance_row>(at);
    BOOST_TEST(to_string(a.next) == to_string(expected), "line " << at.line() << ": " << to_string(a.next));
    commit({a.row});
    return a;
  }
  // A call of this operation.
  send_call call(operation expected, where at = where::current()) {
    auto c = next<send_call>(at);
    BOOST_TEST(to_string(c.op) == to_string(expected), "line " << at.line() << ": " << to_string(c.op));
    return c;
  }
  finished over(stop_reason expected, where at = where::current()) {
    auto f = next<finished>(at);
    BOOST_TEST(static_cast<int>(f.reason) == static_cast<int>(expected),
               "line " << at.line() << ": reason " << static_cast<int>(f.reason) << ": " << f.detail);
    quiet(at);
    return f;
  }
  // A call that is granted, answered with a success and committed.
  void one_success(where at = where::current()) {
    const auto c = next<send_call>(at);
    finish(c, ok());
    recorded(outcome::created, at);
  }
  // Everything an action of this type, in order; others stay.
  template <class T>
  std::vector<T> all() {
    std::vector<T> found;
    std::deque<action> rest;
    for (auto& a : todo_) {
      if (std::holds_alternative<T>(a)) {
        found.push_back(std::get<T>(std::move(a)));
      } else {
        rest.push_back(std::move(a));
      }
    }
    todo_ = std::move(rest);
    return found;
  }

  [[nodiscard]] mono_time now() const { return now_; }
  [[nodiscard]] std::optional<mono_time> wake() const { return wake_; }
  [[nodiscard]] const counters& numbers() const { return engine_.numbers(); }
  [[nodiscard]] mono_time may_connect_at() const { return engine_.may_connect_at(0); }

 private:
  // Boost.Test builds its message also where nothing failed.
  [[nodiscard]] const char* front_name() const { return todo_.empty() ? "none" : name_of(todo_.front()); }
  void collect() {
    for (auto& a : engine_.take_actions()) {
      if (const auto* w = std::get_if<wake_at>(&a)) {
        wake_ = w->when;
      } else {
        todo_.push_back(std::move(a));
      }
    }
  }

  mono_time now_ = mono_time{} + 1000s;
  engine engine_;
  std::deque<action> todo_;
  std::optional<mono_time> wake_;
  fetch_rows claim_{};
  std::vector<claimed_page> filled_;  // of claim_, as long as it is not answered
  row_id next_row_ = 1;
  operation op_ = operation::create_or_get;  // of the rows of a page
  update_rule rule_ = update_rule::never;
  bool repairs_ = false;
};

// Two lanes of one application. Row 1 is in flight on the first lane's connection; the second has rows 2 and 3 and no connection.
inline engine two_lanes(const settings& config) {
  engine e(config,
           {lane_setup{.lane = 0, .organizers = {{0, 1, 0}}, .cooldowns = {}},
            lane_setup{.lane = 1, .organizers = {{5, 2, 0}}, .cooldowns = {}}},
           mono_time{});
  for (lane_id l = 0; l < 2; ++l) e.token_ready(l, 1, mono_time{});
  const claimed_page of_one{0, {{1, 1, 0, 1, 0}}, true}, of_the_other{5, {{2, 2, 5, 1, 0}, {3, 3, 5, 1, 0}}, true};
  e.rows_arrived(0, false, {&of_one, 1}, mono_time{});
  e.rows_arrived(1, false, {&of_the_other, 1}, mono_time{});
  e.connection_ready(0, 0, false, mono_time{});
  (void)e.take_actions();
  return e;
}

}  // namespace convoke::engine::test
