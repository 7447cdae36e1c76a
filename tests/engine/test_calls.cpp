// When a call may go, and whose turn it is.

#include "engine/script.hpp"

namespace convoke::engine::test {

BOOST_AUTO_TEST_SUITE(calls)

BOOST_AUTO_TEST_CASE(a_run_that_owes_nothing_is_over_at_once) {
  script t({});
  t.over(stop_reason::finished);
}

BOOST_AUTO_TEST_CASE(a_call_needs_a_token_a_row_and_a_connection) {
  script t({{7, 1, 0}});
  BOOST_TEST(t.next<refresh_token>().rejected == 0U);
  t.connect(3);
  t.quiet();  // nothing is claimed for a lane that cannot sign in
  t.token(1);
  const auto requested = t.all<fetch_rows>();
  BOOST_TEST_REQUIRE(requested.size() == 1U);
  BOOST_TEST(!requested[0].stale);
  BOOST_TEST_REQUIRE(requested[0].pages.size() == 1U);
  BOOST_TEST(requested[0].pages[0].organizer == 7U);
  BOOST_TEST(requested[0].pages[0].count == 1U);
  t.arrive(7, false, {{11, 1, 7, 4, 0}}, true);
  const auto c = t.next<send_call>();
  BOOST_TEST(c.row == 11U);
  BOOST_TEST(c.connection == 3U);
  BOOST_TEST(c.attempt == 1U);
  BOOST_TEST(t.numbers().in_flight == 1U);
  t.reply(c, ok());
  const auto r = t.next<record_outcome>();
  BOOST_TEST(r.token == 4U);
  BOOST_TEST(r.key == 1U);
  BOOST_TEST(r.attempts == 1U);
  t.quiet();  // not over before the commit
  BOOST_TEST(t.numbers().unacknowledged == 1U);
  t.commit({11});
  t.over(stop_reason::finished);
}

BOOST_AUTO_TEST_CASE(outcomes_of_a_success) {
  auto t = script::started({4}, 1);
  auto c = t.next<send_call>();
  t.finish(c, ok(201));
  t.recorded(outcome::created);
  c = t.next<send_call>();
  t.finish(c, ok(200));
  t.recorded(outcome::existing);
  c = t.next<send_call>();
  auto differs = ok(200);
  differs.drift = {"subject"};
  t.finish(c, differs);
  BOOST_TEST(t.recorded(outcome::drifted).last.drift.size() == 1U);
  c = t.next<send_call>();
  differs.status = 201;
  t.finish(c, differs);
  t.recorded(outcome::created);
  t.over(stop_reason::finished);
}

BOOST_AUTO_TEST_CASE(a_lost_connection_is_not_granted) {
  auto s = script::quick();
  s.rate = 1;  // the second call waits for its pace, with a connection idle
  auto t = script::started({2}, 2, s);
  BOOST_TEST(t.next<send_call>().connection == 0U);
  t.disconnect(1);
  t.pass(10s);
  t.quiet();
  t.connect(5);
  BOOST_TEST(t.next<send_call>().connection == 5U);
}

BOOST_AUTO_TEST_CASE(calls_are_spaced_by_the_rate) {
  auto s = script::quick();
  s.rate = 10;
  s.organizer_concurrency = 5;
  auto t = script::started({5}, 5, s);
  t.next<send_call>();
  t.quiet();
  t.pass(99ms);
  t.quiet();
  t.pass(1ms);
  t.next<send_call>();
  t.quiet();
  t.pass(1s);
  BOOST_TEST(t.all<send_call>().size() == 3U);  // woken at every 100 ms
  BOOST_TEST(t.numbers().rate == 10.0);
}

BOOST_AUTO_TEST_CASE(organizers_take_turns_up_to_their_concurrency) {
  auto s = script::quick();
  s.organizer_concurrency = 2;
  auto t = script::started({6, 6, 6}, 8, s);  // rows 1-6, 7-12, 13-18
  std::vector<row_id> order;
  for (const auto& c : t.all<send_call>()) order.push_back(c.row);
  BOOST_TEST(order == (std::vector<row_id>{1, 7, 13, 2, 8, 14}), boost::test_tools::per_element());
  t.reply({0, 0, 7, 1}, ok());
  t.next<record_outcome>();
  BOOST_TEST(t.next<send_call>().row == 9U);  // the only one below its limit
  t.quiet();
}

BOOST_AUTO_TEST_CASE(an_organizers_rate_keeps_only_it_back) {
  auto s = script::quick();
  s.organizer_rate = 1;
  auto t = script::started({2, 2}, 8, s);
  BOOST_TEST(t.all<send_call>().size() == 2U);
  t.pass(999ms);
  t.quiet();
  t.pass(1ms);
  BOOST_TEST(t.all<send_call>().size() == 2U);
}

BOOST_AUTO_TEST_CASE(no_call_starts_while_too_many_rows_are_unacknowledged) {
  auto s = script::quick();
  s.max_unacknowledged = 2;
  auto t = script::started({4}, 4, s);
  const auto first = t.next<send_call>();
  t.next<send_call>();
  t.quiet();
  t.finish(first, ok());
  t.next<record_outcome>();
  t.quiet();  // answered is not enough
  t.commit({first.row});
  t.next<send_call>();
  t.quiet();
}

BOOST_AUTO_TEST_CASE(two_rows_of_one_key_are_never_in_flight_together) {
  script t({{0, 2, 0}});
  t.next<refresh_token>();
  t.token(1);
  t.next<fetch_rows>();
  t.arrive(0, false, {{1, 77, 0, 1, 0}, {2, 77, 0, 1, 0}}, true);
  t.connect(0);
  t.connect(1);
  const auto c = t.next<send_call>();
  t.pass(5s);
  t.quiet();
  t.reply(c, ok());
  t.recorded(outcome::created);
  t.pass(1s);
  BOOST_TEST(t.next<send_call>().row == 2U);
}

BOOST_AUTO_TEST_CASE(a_page_is_asked_for_before_the_last_one_is_used_up) {
  auto s = script::quick();
  s.rate = 500;
  script t({{0, 5000, 0}}, s);
  t.next<refresh_token>();
  t.token(1);
  const auto first = t.next<fetch_rows>().pages.at(0);
  t.quiet();  // one at a time
  std::vector<owed_row> rows;
  for (row_id i = 0; i < first.count; ++i) rows.push_back({i, i, 0, 1, 0});
  t.arrive(0, false, rows, false);
  t.connect(0);
  std::uint32_t sent = 0;
  for (; t.all<fetch_rows>().empty(); ++sent) {
    const auto c = t.next<send_call>();
    t.finish(c, ok());
    t.recorded(outcome::created);
    t.pass(2ms);
  }
  BOOST_TEST(sent + 1 >= first.count / 2);
  BOOST_TEST(sent < first.count);
}

BOOST_AUTO_TEST_CASE(claims_are_bounded_however_many_organizers_there_are) {
  settings s;  // 500/s over 16 connections
  std::vector<organizer_setup> many;
  for (organizer_id o = 0; o < 10'000; ++o) many.push_back({o, 100, 0});
  script t(many, s);
  t.next<refresh_token>();
  t.token(1);
  std::uint32_t requested = 0;
  for (const auto& f : t.all<fetch_rows>())
    for (const auto& page : f.pages) requested += page.count;
  BOOST_TEST(requested >= 4 * s.connections);
  BOOST_TEST(requested <= 32 * s.connections);
}

BOOST_AUTO_TEST_CASE(an_empty_page_ends_an_organizer) {
  script t({{0, 3, 0}});
  t.next<refresh_token>();
  t.token(1);
  t.page(0, true);
  t.over(stop_reason::finished);
}

BOOST_AUTO_TEST_CASE(stale_rows_wait_for_the_fresh_and_for_the_attempt_timeout) {
  script t({{0, 1, 2}, {1, 1, 0}});
  t.next<refresh_token>();
  t.token(1);
  t.connect(0);
  t.page(1, true);
  t.page(1, true);
  t.one_success();
  const auto last_fresh = t.next<send_call>();
  t.pass(19s);
  t.finish(last_fresh, ok());
  t.recorded(outcome::created);
  t.quiet();  // 19 s: their calls may still be under way
  t.pass(999ms);
  t.quiet();
  t.pass(1ms);
  const auto requested = t.next<fetch_rows>();
  BOOST_TEST(requested.stale);
  t.arrive(0, true, {{50, 50, 0, 2, 1}, {51, 51, 0, 2, 0}}, true);
  t.one_success();
  t.one_success();
  t.over(stop_reason::finished);
}

BOOST_AUTO_TEST_CASE(after_the_timeout_stale_rows_still_wait_for_fresh_ones) {
  auto s = script::quick();
  s.rate = 1;
  script t({{0, 40, 1}}, s);
  t.next<refresh_token>();
  t.token(1);
  t.page(40, true);
  t.connect(0);
  for (int i = 0; i < 39; ++i) {
    t.one_success();
    t.quiet();  // no stale page, although 20 s have passed
    t.pass(1s);
  }
  const auto last = t.next<send_call>();
  BOOST_TEST(t.next<fetch_rows>().stale);
  t.reply(last, ok());
}

BOOST_AUTO_TEST_CASE(ticks_change_nothing_by_themselves) {
  auto t = script::started({3}, 1);
  t.next<send_call>();
  const auto before = t.wake();
  for (int i = 0; i < 3; ++i) t.tick();
  t.quiet();
  BOOST_TEST((t.wake() == before));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace convoke::engine::test
