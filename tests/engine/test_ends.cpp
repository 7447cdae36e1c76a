// How a run ends: deadlines, outages, stops, the drain, a ledger that fails.

#include "engine/script.hpp"

namespace convoke::engine::test {

BOOST_AUTO_TEST_SUITE(ends)

BOOST_AUTO_TEST_CASE(a_stop_lets_calls_finish_and_releases_the_rest) {
  auto t = script::started({4}, 2);
  const auto a = t.next<send_call>();
  const auto b = t.next<send_call>();
  t.stop(stop_reason::interrupted);
  BOOST_TEST(t.released(false).row == 3U);
  BOOST_TEST(t.released(false).row == 4U);
  t.connect(5);
  t.pass(10s);
  t.quiet();
  t.finish(a, ok());
  t.recorded(outcome::created);
  t.finish(b, http(500));
  BOOST_TEST(t.released(false).attempts == 1U);
  t.over(stop_reason::interrupted);
}

BOOST_AUTO_TEST_CASE(the_drain_has_an_end_and_leaves_rows_in_flight_claimed) {
  auto t = script::started({2}, 2);
  const auto a = t.next<send_call>();
  t.next<send_call>();
  t.stop(stop_reason::interrupted);
  t.pass(25s - 1ns);
  t.quiet();
  t.pass(1ns);
  t.over(stop_reason::interrupted);
  t.reply(a, ok());
  t.pass(60s);
  t.quiet();  // nothing after the end
}

BOOST_AUTO_TEST_CASE(the_end_waits_for_commits_but_not_for_ever) {
  auto t = script::started({1}, 1);
  t.finish(t.next<send_call>(), ok());
  t.next<record_outcome>();
  t.pass(25s - 1ns);
  t.quiet();
  t.pass(1ns);
  t.over(stop_reason::storage);
}

BOOST_AUTO_TEST_CASE(a_page_that_comes_after_the_stop_goes_back) {
  script t({{0, 5, 0}});
  t.next<refresh_token>();
  t.token(1);
  t.next<fetch_rows>();
  t.stop(stop_reason::interrupted);
  t.quiet();
  t.arrive(0, false, {{1, 1, 0, 1, 0}}, true);
  t.released(false);
  t.over(stop_reason::interrupted);
}

BOOST_AUTO_TEST_CASE(a_stop_releases_rows_that_wait_for_a_retry_and_rows_with_an_undecided_answer) {
  auto t = script::started({3}, 1);
  t.finish(t.next<send_call>(), http(500, "Oops"));
  t.finish(t.next<send_call>(), http(400, "Bad"));
  t.reply(t.next<send_call>(), ok());
  t.recorded(outcome::failed);  // the success broke the streak of one
  t.recorded(outcome::created);
  t.stop(stop_reason::interrupted);
  BOOST_TEST(t.released(false).last.error_code == "Oops");
  t.over(stop_reason::interrupted);

  auto u = script::started({2, 1}, 1);
  u.finish(u.next<send_call>(), http(400, "Bad"));
  const auto other = u.next<send_call>();
  u.stop(stop_reason::interrupted);
  const auto undecided = u.released(false);
  BOOST_TEST(undecided.row == 1U);
  BOOST_TEST(undecided.last.error_code == "Bad");
  u.released(false);
  u.finish(other, ok());
  u.recorded(outcome::created);
  u.over(stop_reason::interrupted);
}

BOOST_AUTO_TEST_CASE(attempts_used_up_in_the_drain_are_a_strike_all_the_same) {
  auto s = script::quick();
  s.max_attempts = 1;
  auto t = script::started({1}, 1, s);
  const auto c = t.next<send_call>();
  t.stop(stop_reason::interrupted);
  t.reply(c, http(500));
  t.released(true);
  t.over(stop_reason::interrupted);
}

BOOST_AUTO_TEST_CASE(the_worse_reason_is_reported) {
  auto t = script::started({1}, 1);
  t.next<send_call>();
  t.stop(stop_reason::deferred);
  t.stop(stop_reason::interrupted);
  t.stop(stop_reason::deferred);
  t.pass(25s);
  t.over(stop_reason::interrupted);
}

BOOST_AUTO_TEST_CASE(max_duration_stops_and_drains) {
  auto s = script::quick();
  s.max_duration = 10s;
  auto t = script::started({3}, 1, s);
  const auto c = t.next<send_call>();
  t.pass(10s - 1ns);
  t.quiet();
  t.pass(1ns);
  t.released(false);
  t.released(false);
  t.finish(c, ok());
  t.recorded(outcome::created);
  BOOST_TEST((t.over(stop_reason::deferred).come_back == 0s));  // at once
}

BOOST_AUTO_TEST_CASE(a_time_limit_in_a_cooldown_says_when_it_opens) {
  auto s = script::quick();
  s.max_duration = 10s;
  auto t = script::started({3}, 1, s);
  t.finish(t.next<send_call>(), throttling(60s));
  t.next<save_cooldown>();
  t.pass(10s);
  for (int i = 0; i < 3; ++i) t.released(false);
  const auto f = t.over(stop_reason::deferred);
  BOOST_TEST_REQUIRE(f.come_back.has_value());
  BOOST_TEST((*f.come_back >= 50s));
  BOOST_TEST((*f.come_back <= 56s));
}

BOOST_AUTO_TEST_CASE(rows_that_used_up_their_attempts_are_given_some_time) {
  auto s = script::quick();
  s.max_attempts = 1;
  auto t = script::started({1}, 1, s);
  t.finish(t.next<send_call>(), http(500));
  t.released(true);
  BOOST_TEST((t.over(stop_reason::deferred).come_back == 10min));
}

BOOST_AUTO_TEST_CASE(a_row_is_released_only_when_its_last_call_is_over) {
  auto s = script::quick();
  s.max_attempts = 1;
  auto t = script::started({1}, 1, s);
  t.finish(t.next<send_call>(), broken(attempt_error::timeout));
  t.pass(5s - 1ns);
  t.quiet();
  t.pass(1ns);
  t.released(true);
  t.over(stop_reason::deferred);
}

BOOST_AUTO_TEST_CASE(a_row_whose_last_call_may_be_at_work_stays_claimed_when_the_run_stops) {
  auto s = script::quick();
  s.max_attempts = 1;
  auto t = script::started({1}, 1, s);
  t.finish(t.next<send_call>(), broken(attempt_error::timeout));
  t.pass(1s);
  t.stop(stop_reason::interrupted);
  t.over(stop_reason::interrupted);  // and nothing is released
}

BOOST_AUTO_TEST_CASE(a_retry_that_would_come_after_the_deadline_is_not_waited_for) {
  auto s = script::quick();
  s.row_deadline = 2s;
  s.max_attempts = 9;
  auto t = script::started({1}, 1, s);
  t.finish(t.next<send_call>(), http(500));
  t.pass(1s);
  const auto c = t.next<send_call>();
  t.pass(900ms);
  t.finish(c, http(500));  // at least one second more
  t.released(false);
  t.over(stop_reason::deferred);
}

BOOST_AUTO_TEST_CASE(a_ledger_that_fails_ends_everything_at_once) {
  auto t = script::started({9}, 2);
  const auto a = t.next<send_call>();
  t.next<send_call>();
  t.storage_failed();
  BOOST_TEST(t.over(stop_reason::storage).detail == "disk full");
  t.finish(a, ok());
  t.connect(3);
  t.stop(stop_reason::interrupted);
  t.pass(60s);
  t.quiet();
}

// Answers every call at once with a fault for `how_long`; returns when the calls were made.
static std::vector<mono_time> fault_for(script& t, std::chrono::nanoseconds how_long) {
  std::vector<mono_time> calls;
  const auto end = t.now() + how_long;
  while (t.now() < end) {
    for (auto sent = t.all<send_call>(); !sent.empty(); sent = t.all<send_call>()) {
      for (const auto& c : sent) {
        calls.push_back(t.now());
        t.finish(c, http(500));
      }
    }
    std::vector<row_id> done;
    for (const auto& r : t.all<release_row>()) done.push_back(r.row);
    t.commit(done);
    t.pass(100ms);
  }
  return calls;
}

BOOST_AUTO_TEST_CASE(a_service_that_only_faults_is_called_less_then_probed_then_given_up) {
  auto s = script::quick();
  s.max_outage = 5min;
  auto t = script::started({3000}, 4, s);
  const auto early = fault_for(t, 60s);
  BOOST_TEST(early.size() <= 1000U);  // a pause after each hundred, and longer each time
  const auto start = t.now();
  auto probes = fault_for(t, 120s);
  BOOST_TEST(probes.size() >= 23U);
  BOOST_TEST(probes.size() <= 26U);
  for (std::size_t i = 1; i < probes.size(); ++i) BOOST_TEST((probes[i] - probes[i - 1]).count() >= 4900000000);  // seen every 100 ms
  BOOST_TEST((start < probes.front()));
  fault_for(t, 121s);
  BOOST_TEST((t.over(stop_reason::deferred).come_back == 5min));  // as long again
}

BOOST_AUTO_TEST_CASE(one_success_ends_an_outage) {
  auto t = script::started({3000}, 4);
  fault_for(t, 80s);
  t.pass(5s);
  const auto probe = t.all<send_call>();
  BOOST_TEST_REQUIRE(probe.size() == 1U);
  t.finish(probe[0], ok());
  t.recorded(outcome::created);
  t.pass(1s);
  BOOST_TEST(t.all<send_call>().size() >= 3U);
}

BOOST_AUTO_TEST_CASE(a_server_that_cannot_be_reached_ends_the_run) {
  auto s = script::quick();
  s.max_outage = 10min;
  auto t = script::started({5}, 0, s);
  const auto start = t.now();
  while (t.all<finished>().empty()) {
    t.pass(1s);
    if (t.may_connect_at() <= t.now()) t.connect_failed(0, attempt_error::connect);
    std::vector<row_id> done;
    for (const auto& r : t.all<release_row>()) done.push_back(r.row);
    if (!done.empty()) {
      t.commit(done);
      const auto f = t.over(stop_reason::deferred);
      BOOST_TEST(f.detail.contains("it broke"));
      BOOST_TEST((f.come_back == 10min));
      break;
    }
    BOOST_TEST_REQUIRE((t.now() - start < 11min));
  }
  BOOST_TEST((t.now() - start >= 10min));
}

BOOST_AUTO_TEST_CASE(a_peer_that_was_never_trusted_ends_the_run_soon) {
  auto t = script::started({5}, 0, script::quick());
  const auto start = t.now();
  std::vector<row_id> released;
  while (released.empty()) {
    BOOST_TEST_REQUIRE((t.now() - start < 30s));
    if (t.may_connect_at() <= t.now()) t.connect_failed(0, attempt_error::tls);
    for (const auto& r : t.all<release_row>()) released.push_back(r.row);
    t.pass(1s);
  }
  t.commit(released);
  BOOST_TEST(t.over(stop_reason::deferred).detail.contains("No TLS handshake has succeeded"));
}

BOOST_AUTO_TEST_CASE(a_peer_that_was_trusted_once_may_come_back) {
  auto t = script::started({5}, 1, script::quick());
  for (int i = 0; i < 20; ++i) {
    if (t.may_connect_at() <= t.now()) t.connect_failed(0, attempt_error::tls);
    t.pass(1s);
  }
  BOOST_TEST(t.all<finished>().empty());
}

// Directories lock an account after a few wrong passwords.
BOOST_AUTO_TEST_CASE(a_login_that_a_proxy_never_accepted_is_tried_once) {
  auto t = script::started({5}, 0, script::quick());
  t.connect_failed(0, attempt_error::proxy_login);
  BOOST_TEST((t.may_connect_at() == mono_time::max()));
  std::vector<row_id> released;
  for (const auto& r : t.all<release_row>()) released.push_back(r.row);
  t.commit(released);
  BOOST_TEST(t.over(stop_reason::credentials).detail.contains("it broke"));
}

BOOST_AUTO_TEST_CASE(a_login_that_a_proxy_accepted_before_is_tried_twice) {
  auto t = script::started({5}, 1, script::quick());
  t.connect_failed(0, attempt_error::proxy_login);
  t.connect_failed(0, attempt_error::proxy_login);  // of the same round
  BOOST_TEST(t.all<finished>().empty());
  BOOST_TEST((t.may_connect_at() < mono_time::max()));
  t.pass(2s);
  t.connect_failed(0, attempt_error::proxy_login);
  BOOST_TEST((t.may_connect_at() == mono_time::max()));
}

BOOST_AUTO_TEST_CASE(half_faults_are_no_outage) {
  auto t = script::started({400}, 1);
  const auto start = t.now();
  int n = 0;
  for (auto sent = t.all<send_call>(); !sent.empty() && n < 300; sent = t.all<send_call>()) {
    for (const auto& c : sent) t.finish(c, ++n % 2 == 0 ? http(500) : ok());
    t.all<record_outcome>();
  }
  BOOST_TEST(n >= 300);
  BOOST_TEST((t.now() == start));  // no pause: not more than half were faults
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace convoke::engine::test
