// What a lane cannot do without: a token, any connection. And calls that a drain gave up on.

#include "engine/script.hpp"

namespace convoke::engine::test {

BOOST_AUTO_TEST_SUITE(waits)

BOOST_AUTO_TEST_CASE(a_token_endpoint_that_asks_to_wait_for_a_day_ends_the_run) {
  script t({{0, 3, 0}});
  t.next<refresh_token>();
  t.token_failed(false, 24h);
  const auto f = t.over(stop_reason::deferred);
  BOOST_TEST((f.come_back.value() == 24h));
  BOOST_TEST(f.detail.contains("token"));
  BOOST_TEST(f.detail.contains("AADSTS7000215"));
}

BOOST_AUTO_TEST_CASE(ten_minutes_of_the_token_endpoint_are_waited_for) {
  script t({{0, 1, 0}});
  t.next<refresh_token>();
  t.token_failed(false, 10min);
  t.connect(0);
  t.pass(10min);
  t.quiet();
  t.token(1);
  t.page(1, true);
  t.one_success();
  t.over(stop_reason::finished);
}

BOOST_AUTO_TEST_CASE(a_lane_without_a_token_ends_after_its_calls_in_flight) {
  auto t = script::started({2}, 1);
  const auto c = t.next<send_call>();
  t.token_failed(false, 24h);
  t.quiet();
  t.finish(c, ok());
  t.recorded(outcome::created);
  t.released(false);
  BOOST_TEST((t.over(stop_reason::deferred).come_back.value() == 24h));
}

BOOST_AUTO_TEST_CASE(a_row_that_is_gone_waits_for_no_connection) {
  auto s = script::quick();
  s.row_deadline = 5s;
  auto t = script::started({1, 2}, 2, s);
  const auto sent = t.all<send_call>();
  BOOST_TEST_REQUIRE(sent.size() == 2U);
  t.reply(sent[0], broken(attempt_error::stale));  // its next call needs a new connection, which does not come
  t.finish(sent[1], throttling(1h, "Mailbox"));
  t.all<save_cooldown>();
  t.quiet();
  t.pass(5s);
  for (const auto& r : t.all<release_row>()) t.commit({r.row});
  t.over(stop_reason::deferred);  // what is left is closed for an hour
}

BOOST_AUTO_TEST_CASE(a_lane_that_owes_nothing_needs_no_token) {
  auto t = script::started({1}, 1);
  const auto c = t.next<send_call>();
  t.token_failed(false, 24h);
  t.finish(c, ok());
  t.recorded(outcome::created);
  t.over(stop_reason::finished);
}

BOOST_AUTO_TEST_CASE(one_failure_of_the_token_endpoint_alone_is_an_outage_when_it_lasts) {
  auto s = script::quick();
  s.max_outage = 2min;
  script t({{0, 3, 0}}, s);
  t.next<refresh_token>();
  t.connect(0);
  t.token_failed(false, 9min);
  t.pass(2min - 1ns);
  t.quiet();
  t.pass(1ns);
  const auto f = t.over(stop_reason::deferred);
  BOOST_TEST((f.come_back.value() >= 7min));  // not before a token may be requested again
  BOOST_TEST(f.detail.contains("token"));
}

BOOST_AUTO_TEST_CASE(a_token_that_never_comes_is_an_outage_although_no_failure_is_reported) {
  auto s = script::quick();
  s.max_outage = 2min;
  script t({{0, 3, 0}}, s);
  t.next<refresh_token>();
  t.connect(0);
  t.pass(2min - 1ns);
  t.quiet();
  t.pass(1ns);
  t.over(stop_reason::deferred);

  auto u = script::started({3}, 1, s);
  auto refusal = http(401);
  refusal.token = 1;
  u.finish(u.next<send_call>(), refusal);
  u.next<refresh_token>();
  u.pass(2min);
  for (int i = 0; i < 3; ++i) u.released(false);
  u.over(stop_reason::deferred);
}

BOOST_AUTO_TEST_CASE(one_failed_connect_alone_is_an_outage_when_it_lasts) {
  for (const bool reported : {true, false}) {
    auto s = script::quick();
    s.max_outage = 2min;
    auto t = script::started({2}, 0, s);
    if (reported) t.connect_failed(0, attempt_error::connect);
    t.pass(2min - 1ns);
    t.quiet();
    t.pass(1ns);
    for (int i = 0; i < 2; ++i) t.released(false);
    t.over(stop_reason::deferred);
  }
}

BOOST_AUTO_TEST_CASE(a_lane_that_has_nothing_to_send_lacks_nothing) {
  auto s = script::quick();
  s.max_outage = 1min;
  auto t = script::started({1}, 1, s);
  const auto c = t.next<send_call>();
  t.pass(10min);  // the call is in flight; no connection is idle
  t.quiet();
  t.finish(c, ok());
  t.recorded(outcome::created);
  t.over(stop_reason::finished);
}

BOOST_AUTO_TEST_CASE(an_organizer_with_a_call_that_the_drain_gave_up_on_is_not_closed) {
  auto t = script::started({4, 1}, 3);  // rows 1-4 and 5
  const auto sent = t.all<send_call>();
  BOOST_TEST_REQUIRE(sent.size() == 3U);  // 1, 5, 2
  t.finish(sent[0], http(403, "Forbidden", "No application access policy found for this app."));
  t.finish(sent[1], ok());
  t.recorded(outcome::failed);
  t.recorded(outcome::created);
  t.quiet();  // to be closed, but row 2 is in flight
  t.stop(stop_reason::interrupted);
  t.quiet();
  t.pass(25s);
  BOOST_TEST(t.released(false).row == 3U);
  BOOST_TEST(t.released(false).row == 4U);
  t.over(stop_reason::interrupted);  // row 2 stays claimed
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace convoke::engine::test
