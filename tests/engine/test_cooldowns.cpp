// Throttles: what they close, for how long, and that nothing is sent inside.

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>

#include "engine/script.hpp"

namespace convoke::engine::test {

namespace data = boost::unit_test::data;

BOOST_AUTO_TEST_SUITE(cooldowns)

const std::chrono::nanoseconds waits[] = {500ms, 1s, 2128ms, 5s, 120s, 315s};

BOOST_DATA_TEST_CASE(nothing_is_sent_before_the_end_and_soon_after, data::xrange(std::size(waits)), i) {
  const auto wait = waits[i];
  auto t = script::started({3, 3}, 2);
  const auto a = t.next<send_call>();
  const auto b = t.next<send_call>();
  t.finish(a, throttling(wait));
  const auto saved = t.all<save_cooldown>();
  BOOST_TEST(saved.size() == (wait > 1s || (!saved.empty() && saved[0].until - t.now() > 1s) ? 1U : 0U));
  t.finish(b, ok());  // in flight before the cooldown: may end
  t.recorded(outcome::created);
  t.pass(wait - 1ns);
  t.quiet();
  BOOST_TEST(t.numbers().cooldown_until.has_value());
  t.pass(wait / 10 + 1ns);
  BOOST_TEST(t.all<send_call>().size() == 2U);
  BOOST_TEST(!t.numbers().cooldown_until.has_value());
  BOOST_TEST(t.numbers().throttled == 1U);
}

BOOST_AUTO_TEST_CASE(throttles_cost_no_attempt) {
  auto t = script::started({1}, 1);
  for (int i = 0; i < 12; ++i) {
    t.finish(t.next<send_call>(), throttling(1s));
    t.all<save_cooldown>();
    t.pass(1100ms);
  }
  t.one_success();
  t.over(stop_reason::finished);
}

BOOST_AUTO_TEST_CASE(of_overlapping_ends_the_latest_wins) {
  auto t = script::started({9}, 4);
  const auto sent = t.all<send_call>();
  t.finish(sent[0], throttling(30s));
  t.finish(sent[1], throttling(2s));
  t.pass(30s - 1ns);
  t.all<save_cooldown>();
  t.quiet();
  t.finish(sent[2], throttling(10s));  // announced inside, ends later
  t.pass(10s - 1ns);
  t.all<save_cooldown>();
  t.quiet();
  t.pass(1s + 1ns);
  BOOST_TEST(!t.all<send_call>().empty());
}

struct scoped {
  const char* header;
  bool whole_lane;
};
std::ostream& operator<<(std::ostream& out, const scoped& s) {
  return out << s.header;
}
const scoped scopes[] = {{"", true},
                         {"Tenant_Application/ReadWrite/app/tenant", true},
                         {"Application/ReadWrite/app", true},
                         {"Something_New/x", true},
                         {"User/ReadWrite/app/user", false},
                         {"Tenant_Application_User/ReadWrite/app/tenant/user", false},
                         {"Mailbox/Write", false}};

BOOST_DATA_TEST_CASE(the_header_names_the_scope, data::make(scopes), scope) {
  auto s = script::quick();
  s.organizer_concurrency = 1;
  auto t = script::started({5, 5}, 3, s);
  const auto a = t.next<send_call>();  // row 1, of organizer 0
  const auto b = t.next<send_call>();  // row 6, of organizer 1
  t.finish(a, throttling(20s, scope.header));
  const auto saved = t.next<save_cooldown>();
  BOOST_TEST(saved.organizer.has_value() == !scope.whole_lane);
  t.finish(b, ok());
  t.recorded(outcome::created);
  if (scope.whole_lane) {
    t.quiet();
  } else {
    BOOST_TEST(t.next<send_call>().row == 7U);  // the other organizer continues
    t.quiet();
  }
  t.pass(20s - 1ns);
  t.quiet();
  t.pass(2s + 1ns);
  const auto more = t.all<send_call>();
  BOOST_TEST(std::ranges::count(more, row_id{1}, &send_call::row) == 1);
}

BOOST_AUTO_TEST_CASE(an_applications_cooldown_closes_every_lane_of_it) {
  auto e = two_lanes(script::quick());
  e.answered(1, throttling(30s, "Application/ReadWrite/app"), mono_time{});
  std::size_t saved = 0;
  for (const auto& a : e.take_actions()) saved += std::holds_alternative<save_cooldown>(a) ? 1U : 0U;
  BOOST_TEST(saved == 2U);
  e.connection_ready(1, 0, false, mono_time{} + 30s - 1ns);
  for (const auto& a : e.take_actions()) BOOST_TEST(!std::holds_alternative<send_call>(a));
  e.tick(mono_time{} + 33s);
  std::size_t sent = 0;
  for (const auto& a : e.take_actions()) sent += std::holds_alternative<send_call>(a) ? 1U : 0U;
  BOOST_TEST(sent == 1U);
}

BOOST_AUTO_TEST_CASE(without_a_wait_backoff_grows_with_throttles_in_a_row) {
  auto t = script::started({1}, 1);
  for (const std::chrono::nanoseconds step : {1s, 2s, 4s, 8s, 16s, 32s, 60s, 60s}) {
    t.finish(t.next<send_call>(), throttling(std::nullopt));
    t.pass(step / 2 - 1ns);
    t.all<save_cooldown>();
    t.quiet();
    t.pass(step / 2 + 1ns);
  }
  t.one_success();
}

BOOST_AUTO_TEST_CASE(calls_already_under_way_do_not_make_the_backoff_grow) {
  auto t = script::started({20, 20}, 8);
  for (const auto& c : t.all<send_call>()) t.finish(c, throttling(std::nullopt));
  t.pass(1s);
  const auto probes = t.all<send_call>();
  BOOST_TEST(probes.size() == 8U);  // the first step, however many were throttled
  t.finish(probes[0], ok());
  for (std::size_t i = 1; i < probes.size(); ++i) t.finish(probes[i], throttling(std::nullopt));
  BOOST_TEST((*t.numbers().cooldown_until - t.now() <= 1s));  // the success made it the first again
}

BOOST_AUTO_TEST_CASE(cooldowns_from_before_are_obeyed) {
  script t({{0, 2, 0}, {1, 2, 0}}, script::quick(), {{std::nullopt, mono_time{} + 1000s + 20s}, {1, mono_time{} + 1000s + 60s}});
  t.next<refresh_token>();
  t.token(1);
  t.page(2, true);
  t.connect(0);
  t.connect(1);
  t.connect(2);
  t.quiet();
  t.pass(20s - 1ns);
  t.quiet();
  t.pass(1ns);
  BOOST_TEST(t.all<send_call>().size() == 2U);
  t.pass(40s - 1ns);
  t.quiet();  // not even a page of the organizer that may not be called
  t.pass(1ns);
  t.page(2, true);
  BOOST_TEST(t.all<send_call>().size() == 1U);  // the third connection
}

BOOST_AUTO_TEST_CASE(a_scope_closed_for_long_ends_the_run_with_the_time_to_come_back) {
  auto t = script::started({3}, 2);
  const auto a = t.next<send_call>();
  const auto b = t.next<send_call>();
  t.finish(a, throttling(3600s));
  t.next<save_cooldown>();
  t.quiet();  // b is still in flight
  t.pass(5s);
  t.finish(b, ok());
  t.recorded(outcome::created);
  BOOST_TEST(t.released(false).last.status == 429);
  BOOST_TEST(t.next<release_row>().attempts == 0U);
  t.commit({3});
  const auto f = t.over(stop_reason::deferred);
  BOOST_TEST_REQUIRE(f.come_back.has_value());
  BOOST_TEST((*f.come_back >= 3595s));
  BOOST_TEST((*f.come_back <= 3600s * 11 / 10));
}

BOOST_AUTO_TEST_CASE(ten_minutes_are_waited_for) {
  auto t = script::started({1}, 1);
  t.finish(t.next<send_call>(), throttling(540s));
  t.next<save_cooldown>();
  t.pass(594s);
  t.one_success();
  t.over(stop_reason::finished);
}

BOOST_AUTO_TEST_CASE(one_organizer_closed_for_long_waits_for_the_others) {
  auto s = script::quick();
  s.organizer_concurrency = 1;
  auto t = script::started({2, 3}, 1, s);
  t.finish(t.next<send_call>(), throttling(7200s, "User/x"));
  BOOST_TEST(t.next<save_cooldown>().organizer.value() == 0U);
  for (int i = 0; i < 3; ++i) t.one_success();
  t.released(false);
  t.released(false);
  BOOST_TEST((t.over(stop_reason::deferred).come_back.value() >= 7200s));
}

BOOST_AUTO_TEST_CASE(a_closed_organizer_without_rows_does_not_delay_the_end) {
  auto s = script::quick();
  auto t = script::started({2}, 2, s);
  const auto a = t.next<send_call>();
  const auto b = t.next<send_call>();
  t.finish(a, throttling(7200s, "User/x"));
  t.next<save_cooldown>();
  t.finish(b, ok());
  t.recorded(outcome::created);
  t.released(false);
  t.over(stop_reason::deferred);

  auto u = script::started({1, 1}, 2, s);
  const auto c = u.next<send_call>();
  const auto d = u.next<send_call>();
  u.finish(c, throttling(9s, "User/x"));
  u.next<save_cooldown>();
  u.finish(d, throttling(7200s, "User/x"));
  u.next<save_cooldown>();
  u.pass(10s);
  u.one_success();
  u.released(false);
  u.over(stop_reason::deferred);
}

BOOST_AUTO_TEST_CASE(throttles_are_bounded_by_the_row_deadline) {
  auto s = script::quick();
  s.row_deadline = 60s;
  auto t = script::started({2}, 1, s);
  t.finish(t.next<send_call>(), throttling(50s));
  t.next<save_cooldown>();
  t.pass(55s);
  t.finish(t.next<send_call>(), throttling(50s));
  t.next<save_cooldown>();
  t.pass(5s - 1ns);
  t.quiet();
  t.pass(1ns);
  BOOST_TEST(t.released(false).row == 1U);
  t.pass(55s);
  t.one_success();  // the other was never sent before: its time starts now
  t.over(stop_reason::deferred);
}

BOOST_AUTO_TEST_CASE(an_absurd_wait_does_not_overflow) {
  auto t = script::started({1}, 1);
  t.finish(t.next<send_call>(), throttling(std::chrono::nanoseconds::max()));
  t.next<cooldown_cut>();
  t.next<save_cooldown>();
  t.released(false);
  BOOST_TEST((t.over(stop_reason::deferred).come_back.value() >= 24h));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace convoke::engine::test
