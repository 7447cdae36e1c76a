// Several workers carry out the same runs: leases, cooldowns of others, and rows that come and go.

#include <chrono>
#include <vector>

#include "engine/script.hpp"

namespace convoke::engine::test {

namespace {

settings shared() {
  auto s = script::quick();
  s.shared = true;
  return s;
}
settings following() {
  auto s = shared();
  s.follow = true;
  return s;
}

// A script whose only row was carried out, and that looks for more now.
script used_up(const settings& s = shared()) {
  auto t = script::started({1}, 1, s);
  t.finish(t.next<send_call>(), ok());
  t.next<look_for_rows>();
  t.recorded(outcome::created);
  t.quiet();
  return t;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(workers)

// ---- the lease

BOOST_AUTO_TEST_CASE(nothing_is_sent_in_the_last_seconds_of_a_lease) {
  auto t = script::started({3}, 1, shared());
  t.lease(t.now() + 60s);
  const auto a = t.next<send_call>();
  t.pass(55s);
  t.finish(a, ok());
  t.recorded(outcome::created);  // its outcome is recorded all the same
  t.quiet();
  t.pass(60s);
  t.quiet();
  t.lease(t.now() + 60s);
  t.one_success();
}

BOOST_AUTO_TEST_CASE(it_is_sent_until_then) {
  auto t = script::started({3}, 1, shared());
  t.lease(t.now() + 60s);
  const auto a = t.next<send_call>();
  t.pass(55s - 1ns);
  t.finish(a, ok());
  t.recorded(outcome::created);
  t.next<send_call>();
}

BOOST_AUTO_TEST_CASE(a_heartbeat_that_failed_stops_sending_at_once) {
  auto t = script::started({3}, 1, shared());
  t.lease(t.now() + 60s);
  const auto a = t.next<send_call>();
  t.lease(mono_time::min());
  t.finish(a, ok());
  t.recorded(outcome::created);
  t.pass(10min);
  t.quiet();
  t.lease(t.now() + 60s);
  t.next<send_call>();
}

BOOST_AUTO_TEST_CASE(the_end_of_the_lease_wakes_the_engine) {
  script t({{0, 1, 0}}, shared());
  t.lease(t.now() + 60s);
  BOOST_TEST((t.wake().value() == t.now() + 55s));
}

BOOST_AUTO_TEST_CASE(nothing_is_claimed_or_looked_for_while_the_lease_may_be_over) {
  script t({{0, 5, 0}}, shared());
  t.next<refresh_token>();
  t.lease(t.now() + 60s);
  t.pass(56s);
  t.token(1);
  t.quiet();
  t.lease(t.now() + 60s);
  t.next<fetch_rows>();

  auto u = used_up();
  u.lease(u.now() + 5s);
  u.available({}, 3);
  u.pass(1min);
  u.quiet();
  u.lease(u.now() + 60s);
  u.next<look_for_rows>();
}

// ---- rows

BOOST_AUTO_TEST_CASE(a_lane_ends_when_nothing_is_left_and_others_hold_nothing) {
  auto t = used_up();
  t.available({}, 0);
  t.over(stop_reason::finished);
}

BOOST_AUTO_TEST_CASE(it_looks_again_less_and_less_often_while_others_hold_rows) {
  auto t = used_up();
  std::vector<std::chrono::nanoseconds> waits;
  for (int i = 0; i < 5; ++i) {
    t.available({}, 2);
    const auto asked = t.now();
    while (t.all<look_for_rows>().empty()) t.pass(100ms);
    waits.push_back(t.now() - asked);
  }
  BOOST_TEST((waits == std::vector<std::chrono::nanoseconds>{1s, 2s, 4s, 5s, 5s}));
  t.available({}, 0);
  t.over(stop_reason::finished);
}

BOOST_AUTO_TEST_CASE(rows_that_others_released_are_claimed) {
  auto t = used_up();
  t.available({{0, 2, 0}}, 0);
  t.page(2, true);
  t.one_success();
  const auto last = t.next<send_call>();
  t.quiet();
  t.finish(last, ok());
  t.recorded(outcome::created);
  t.pass(1s);
  t.next<look_for_rows>();  // others may have released more since
  t.available({}, 0);
  t.over(stop_reason::finished);
}

BOOST_AUTO_TEST_CASE(a_new_organizer_joins_the_round) {
  auto t = used_up();
  t.available({{9, 1, 0}}, 0);
  const auto claim = t.next<fetch_rows>();
  BOOST_TEST(claim.pages.at(0).organizer == 9U);
  t.arrive(false, {{9, {{50, 50, 9, 1, 0}}, true}});
  BOOST_TEST(t.next<send_call>().row == 50U);
}

BOOST_AUTO_TEST_CASE(a_lane_that_began_with_nothing_requests_its_token_when_rows_come) {
  script t(std::vector<organizer_setup>{}, following());
  t.next<look_for_rows>();
  t.quiet();
  t.available({{4, 1, 0}}, 0);
  t.next<refresh_token>();
  t.quiet();
  t.token(1);
  t.next<fetch_rows>();
}

BOOST_AUTO_TEST_CASE(rows_that_became_stale_wait_an_attempt_timeout) {
  auto t = used_up();
  t.pass(5min);  // the wait of the beginning is over
  t.available({{0, 0, 2}}, 0);
  t.pass(20s - 1ns);
  t.quiet();
  t.pass(1ns);
  BOOST_TEST(t.next<fetch_rows>().stale);
}

BOOST_AUTO_TEST_CASE(fresh_rows_go_before_stale_ones) {
  auto t = used_up();
  t.pass(5min);
  t.available({{0, 0, 1}, {3, 1, 0}}, 0);
  t.page(1, true);
  t.one_success();
  t.pass(20s);
  BOOST_TEST(t.next<fetch_rows>().stale);
}

BOOST_AUTO_TEST_CASE(an_organizer_that_was_closed_is_tried_again_when_it_has_rows) {
  auto t = script::started({20}, 1, shared());
  for (int i = 0; i < 2; ++i) {
    auto refused = http(403, "Forbidden");
    t.finish(t.next<send_call>(), refused);
    t.pass(10s);
    if (!t.all<look_for_rows>().empty()) break;
  }
  t.all<record_outcome>();
  for (const auto& c : t.all<close_organizer>()) t.closed(c.organizer, 1);
  t.all<look_for_rows>();
  t.available({{0, 1, 0}}, 0);
  const auto claims = t.all<fetch_rows>();
  BOOST_REQUIRE(claims.size() == 1);
  BOOST_TEST(claims[0].pages.at(0).organizer == 0U);
}

BOOST_AUTO_TEST_CASE(a_follower_never_ends_by_itself) {
  auto t = used_up(following());
  t.available({}, 0);
  for (int i = 0; i < 10; ++i) {
    t.pass(5s);
    t.next<look_for_rows>();
    t.quiet();
    t.available({}, 0);
  }
  t.stop(stop_reason::interrupted);
  const auto f = t.over(stop_reason::interrupted);
  BOOST_TEST((f.lanes.at(0).reason == stop_reason::finished), "nothing was owed when it was stopped");
}

BOOST_AUTO_TEST_CASE(a_worker_that_is_stopped_while_others_hold_rows_has_not_finished_the_lane) {
  auto t = used_up();
  t.stop(stop_reason::interrupted);
  BOOST_TEST((t.over(stop_reason::interrupted).lanes.at(0).reason == stop_reason::interrupted), "its question was not answered");
  auto u = used_up(following());
  u.available({}, 3);
  u.stop(stop_reason::interrupted);
  BOOST_TEST((u.over(stop_reason::interrupted).lanes.at(0).reason == stop_reason::interrupted));
}

BOOST_AUTO_TEST_CASE(a_long_cooldown_ends_the_run_and_what_is_claimed_is_released_first) {
  auto t = script::started({3}, 1, shared());
  t.finish(t.next<send_call>(), throttling(2h));
  t.next<save_cooldown>();
  // Others would wait for these rows.
  for (int i = 0; i < 3; ++i) t.released(false);
  t.pass(1s);
  t.all<look_for_rows>();
  t.available({}, 0);
  t.all<look_for_rows>();
  const auto f = t.over(stop_reason::deferred);
  BOOST_TEST((f.come_back.value() > 119min));
}

BOOST_AUTO_TEST_CASE(rows_that_others_released_in_a_long_cooldown_are_not_waited_for) {
  auto t = script::started({3}, 1, shared());
  t.finish(t.next<send_call>(), throttling(2h));
  t.next<save_cooldown>();
  for (int i = 0; i < 3; ++i) t.released(false);
  t.pass(1s);
  t.all<look_for_rows>();
  t.available({{0, 7, 0}}, 0);
  t.all<look_for_rows>();
  t.over(stop_reason::deferred);
}

BOOST_AUTO_TEST_CASE(a_follower_releases_its_rows_in_a_long_cooldown_and_claims_again_after_it) {
  auto t = script::started({3}, 1, following());
  t.finish(t.next<send_call>(), throttling(2h));
  t.next<save_cooldown>();
  // Workers that do not follow would wait for them.
  for (int i = 0; i < 3; ++i) t.released(false);
  t.pass(20min);
  BOOST_TEST(t.all<look_for_rows>().size() == 1U);
  t.available({{0, 3, 0}}, 0);
  t.pass(20min);
  t.all<look_for_rows>();
  t.quiet();
  t.available({{0, 3, 0}}, 0);
  t.pass(90min);
  BOOST_TEST(t.all<fetch_rows>().size() == 1U);
}

BOOST_AUTO_TEST_CASE(without_other_workers_nothing_is_looked_for) {
  auto t = script::started({1}, 1);
  t.finish(t.next<send_call>(), ok());
  t.recorded(outcome::created);
  t.over(stop_reason::finished);
}

// ---- cooldowns

BOOST_AUTO_TEST_CASE(an_announced_cooldown_closes_the_lane_and_is_not_saved_again) {
  auto t = script::started({3}, 1, shared());
  const auto a = t.next<send_call>();
  t.announce({}, t.now() + 30s);
  t.finish(a, ok());
  t.recorded(outcome::created);
  t.pass(30s - 1ns);
  t.quiet();
  t.pass(1ns);
  t.next<send_call>();
  t.quiet();
}

BOOST_AUTO_TEST_CASE(an_announced_cooldown_of_an_organizer_closes_that_one_only) {
  auto t = script::started({2, 2}, 1, shared());
  const auto a = t.next<send_call>();
  t.announce(1, t.now() + 30s);
  t.finish(a, ok());
  t.recorded(outcome::created);
  const auto other = t.next<send_call>();
  BOOST_TEST(other.row == 2U);
  t.finish(other, ok());
  t.all<look_for_rows>();
  t.recorded(outcome::created);
  t.pass(29s);
  t.all<look_for_rows>();
  t.quiet();
  t.pass(1s);
  t.all<look_for_rows>();
  BOOST_TEST(t.next<send_call>().row == 3U);
}

BOOST_AUTO_TEST_CASE(no_call_is_made_between_cooldowns_that_are_announced_together) {
  auto slow = shared();
  slow.rate = 1;
  auto t = script::started({2, 2}, 1, slow);
  t.finish(t.next<send_call>(), ok());
  t.recorded(outcome::created);
  // A call is due when the announcement arrives.
  t.late(2s);
  const auto until = t.now() + 30s;
  t.announce({{.organizer = 0, .until = until}, {.organizer = 1, .until = until}});
  t.pass(29s);
  BOOST_TEST(t.all<send_call>().empty());
  t.pass(2s);
  BOOST_TEST(t.all<send_call>().size() == 1U);
}

BOOST_AUTO_TEST_CASE(an_announced_cooldown_of_an_organizer_without_rows_is_kept_for_later) {
  auto t = used_up();
  t.announce(8, t.now() + 30s);
  t.available({{8, 1, 0}}, 0);
  t.pass(29s);
  t.all<look_for_rows>();
  t.quiet();
  t.pass(1s);
  t.all<look_for_rows>();
  t.next<fetch_rows>();
}

BOOST_AUTO_TEST_CASE(an_announced_cooldown_longer_than_the_limit_is_cut) {
  auto t = script::started({3}, 1, following());
  const auto a = t.next<send_call>();
  t.announce({}, t.now() + 48h);
  t.next<cooldown_cut>();
  t.finish(a, ok());
  t.recorded(outcome::created);
  BOOST_TEST((t.numbers().cooldown_until.value() == t.now() + 24h));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace convoke::engine::test
