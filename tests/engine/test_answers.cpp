// What each class of answer does to its row, its lane and its connection.

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>

#include "engine/script.hpp"

namespace convoke::engine::test {

namespace data = boost::unit_test::data;

BOOST_AUTO_TEST_SUITE(answers)

const attempt_error charged[] = {attempt_error::tls, attempt_error::timeout, attempt_error::closed, attempt_error::truncated,
                                 attempt_error::not_believed};

BOOST_DATA_TEST_CASE(a_fault_costs_an_attempt_and_five_are_a_strike, data::xrange(std::size(charged)), i) {
  auto t = script::started({1}, 1);
  for (unsigned attempt = 1; attempt <= 5; ++attempt) {
    const auto c = t.next<send_call>();
    BOOST_TEST(c.attempt == attempt);
    t.finish(c, broken(charged[i]));
    t.all<drop_connection>();
    if (attempt < 5) t.quiet();
    t.pass(60s);
  }
  const auto r = t.released(true);
  BOOST_TEST(r.attempts == 5U);
  BOOST_TEST(r.last.error_message == "it broke");
  t.over(stop_reason::deferred);
  BOOST_TEST(t.numbers().faults == 5U);
}

BOOST_AUTO_TEST_CASE(backoff_doubles_and_other_rows_of_the_organizer_go_on) {
  auto t = script::started({2}, 1);
  const auto c = t.next<send_call>();
  t.finish(c, http(500));
  t.one_success();
  t.pass(499ms);
  t.quiet();
  t.pass(501ms);
  const auto again = t.next<send_call>();
  BOOST_TEST(again.row == c.row);
  t.finish(again, http(502));
  t.pass(999ms);
  t.quiet();
  t.pass(1001ms);
  t.one_success();
  t.over(stop_reason::finished);
}

BOOST_AUTO_TEST_CASE(a_faults_own_retry_after_is_obeyed_for_its_row) {
  auto t = script::started({1}, 1);
  auto a = http(500);
  a.retry_after = 40s;
  t.finish(t.next<send_call>(), a);
  t.pass(40s - 1ns);
  t.quiet();
  t.pass(5s);
  t.one_success();
}

BOOST_AUTO_TEST_CASE(after_our_timeout_a_key_rests_five_seconds) {
  auto t = script::started({1}, 1);
  t.finish(t.next<send_call>(), broken(attempt_error::timeout));
  t.pass(5s - 1ns);
  t.quiet();
  t.pass(1ns);
  t.one_success();
}

BOOST_AUTO_TEST_CASE(the_rest_holds_for_the_key_not_only_the_row) {
  script t({{0, 2, 0}});
  t.next<refresh_token>();
  t.token(1);
  t.next<fetch_rows>();
  t.arrive(0, false, {{1, 77, 0, 1, 0}, {2, 77, 0, 1, 0}}, true);
  t.connect(0);
  t.finish(t.next<send_call>(), broken(attempt_error::timeout));
  t.pass(4999ms);
  t.quiet();
  t.pass(2s);
  t.next<send_call>();
}

BOOST_AUTO_TEST_CASE(after_a_503_the_connection_is_dropped) {
  auto t = script::started({1}, 1);
  const auto c = t.next<send_call>();
  t.reply(c, http(503));
  BOOST_TEST(t.next<drop_connection>().connection == c.connection);
  t.quiet();
}

BOOST_AUTO_TEST_CASE(a_call_that_never_left_is_no_call) {
  auto t = script::started({1}, 1);
  auto unsent = broken(attempt_error::stale);
  unsent.sent = false;
  t.finish(t.next<send_call>(), unsent);
  BOOST_TEST(t.numbers().calls == 1U);  // the next one, granted at once
  t.finish(t.next<send_call>(), broken(attempt_error::stale));
  BOOST_TEST(t.numbers().calls == 2U);
}

BOOST_AUTO_TEST_CASE(a_dead_connection_costs_no_attempt_five_times_in_a_row) {
  auto t = script::started({1}, 1);
  for (int i = 0; i < 5; ++i) {
    t.finish(t.next<send_call>(), broken(attempt_error::stale));  // again at once
  }
  BOOST_TEST(t.numbers().faults == 0U);
  t.finish(t.next<send_call>(), broken(attempt_error::stale));
  t.quiet();
  BOOST_TEST(t.numbers().faults == 1U);
  t.pass(1s);
  t.one_success();
}

BOOST_AUTO_TEST_CASE(a_request_that_never_began_costs_nothing) {
  auto t = script::started({1}, 1);
  for (int i = 0; i < 7; ++i) {
    t.finish(t.next<send_call>(), broken(attempt_error::connect));
    t.pass(60s);
  }
  t.one_success();
}

BOOST_AUTO_TEST_CASE(conflicts_fail_after_two) {
  for (const int status : {409, 423, 424}) {
    auto t = script::started({1}, 1);
    t.finish(t.next<send_call>(), http(status, "Conflict", "busy"));
    t.quiet();
    t.pass(1s);
    t.finish(t.next<send_call>(), http(status, "Conflict", "busy"));
    BOOST_TEST(t.recorded(outcome::failed).last.error_code == "Conflict");
    t.over(stop_reason::finished);
  }
}

BOOST_AUTO_TEST_CASE(many_refusals_of_one_token_cause_one_refresh) {
  auto t = script::started({50, 50}, 8);
  const auto sent = t.all<send_call>();
  BOOST_TEST(sent.size() == 8U);
  for (const auto& c : sent) {
    auto a = http(401, "InvalidAuthenticationToken");
    a.token = 1;
    t.finish(c, a);
  }
  BOOST_TEST(t.next<refresh_token>().rejected == 1U);
  t.quiet();
  t.pass(60s);
  t.quiet();  // nothing goes with a refused token
  t.token(2);
  BOOST_TEST(t.all<send_call>().size() == 8U);
}

BOOST_AUTO_TEST_CASE(a_late_refusal_of_the_old_token_does_not_count_for_the_new_one) {
  auto t = script::started({2}, 2);
  const auto a = t.next<send_call>();
  const auto b = t.next<send_call>();
  auto refusal = http(401);
  refusal.token = 1;
  t.finish(a, refusal);
  t.next<refresh_token>();
  t.token(2);
  t.finish(b, refusal);
  t.quiet();
  t.pass(1s);
  BOOST_TEST(t.all<send_call>().size() == 2U);
}

BOOST_AUTO_TEST_CASE(three_refused_tokens_stop_the_lane) {
  auto t = script::started({3}, 1);
  for (std::uint32_t token = 1; token <= 3; ++token) {
    const auto c = t.next<send_call>();
    auto refusal = http(401, "InvalidAuthenticationToken");
    refusal.token = token;
    t.finish(c, refusal);
    if (token == 3) break;
    BOOST_TEST(t.next<refresh_token>().rejected == token);
    t.token(token + 1);
    t.quiet();  // a short pause
    t.pass(1s);
  }
  for (int i = 0; i < 3; ++i) t.released(false);
  const auto f = t.over(stop_reason::credentials);
  BOOST_TEST(f.detail.contains("--client-id"));
}

BOOST_AUTO_TEST_CASE(a_success_between_refusals_ends_their_count) {
  auto t = script::started({9}, 1);
  for (std::uint32_t token = 1; token <= 4; ++token) {
    auto refusal = http(401);
    refusal.token = token;
    t.finish(t.next<send_call>(), refusal);
    t.next<refresh_token>();
    t.token(token + 1);
    t.pass(1s);
    t.one_success();
  }
}

BOOST_AUTO_TEST_CASE(a_wrong_credential_stops_the_lane_and_a_late_token_does_not) {
  script t({{0, 1, 0}});
  t.next<refresh_token>();
  t.token_failed(false);
  t.quiet();
  t.token_failed(true);
  BOOST_TEST(t.over(stop_reason::credentials).detail.contains("AADSTS7000215"));
}

BOOST_AUTO_TEST_CASE(while_no_token_can_be_had_nothing_is_granted_and_no_row_is_charged) {
  auto t = script::started({4}, 2);
  const auto under_way = t.all<send_call>();
  BOOST_TEST_REQUIRE(under_way.size() == 2U);
  t.token_failed(false);         // token 1 ran out
  t.finish(under_way[0], ok());  // sent before that
  t.recorded(outcome::created);
  t.finish(under_way[1], broken(attempt_error::stale));
  for (int i = 0; i < 60; ++i) {  // as often as the driver requests a token again: the lane is down after half a minute and gives up no row
    t.pass(10s);
    t.token_failed(false);
    t.quiet();
  }
  BOOST_TEST(t.numbers().calls == 2U);
  BOOST_TEST(t.numbers().faults == 0U);
  t.disconnect(1);
  t.token(2);
  BOOST_TEST(t.next<drop_connection>().connection == 0U);  // used, and the row whose connection was dead needs a new one
  t.connect(0);
  for (int i = 0; i < 3; ++i) t.one_success();
  t.over(stop_reason::finished);
}

BOOST_AUTO_TEST_CASE(a_lane_without_a_token_gives_up_after_the_outage_and_its_rows_stay_owed) {
  auto s = script::quick();
  s.max_outage = 2min;
  auto t = script::started({3}, 1, s);
  const auto c = t.next<send_call>();
  t.reply(c, ok());
  t.recorded(outcome::created);
  t.token_failed(false);
  t.connect(0);
  for (int i = 0; i < 10; ++i) {
    t.pass(11s);
    t.quiet();
    t.token_failed(false);
  }
  t.pass(11s);
  for (int i = 0; i < 2; ++i) BOOST_TEST(t.released(false).attempts == 0U);
  BOOST_TEST(t.over(stop_reason::deferred).detail.contains("AADSTS7000215"));
}

BOOST_AUTO_TEST_CASE(a_lack_of_descriptors_means_fewer_connections_and_costs_no_attempt) {
  auto t = script::started({20}, 4);
  const auto sent = t.all<send_call>();
  for (const auto& c : sent) t.finish(c, broken(attempt_error::local_resources));
  BOOST_TEST(t.next<set_connections>().count == 4U);  // half of 8, once for all of them
  t.quiet();
  BOOST_TEST(t.numbers().faults == 0U);
  t.pass(1s);
  const auto again = t.all<send_call>();
  BOOST_TEST(again.size() == 4U);
  t.pass(31s);
  for (const auto& c : again) t.finish(c, ok());
  const auto more = t.all<set_connections>();
  BOOST_TEST_REQUIRE(more.size() == 1U);
  BOOST_TEST(more[0].count == 5U);  // one more after half a minute without trouble
}

BOOST_AUTO_TEST_CASE(connect_failures_back_off_together_and_reset) {
  script t({{0, 5, 0}});
  t.next<refresh_token>();
  t.token(1);
  t.page(5, true);
  BOOST_TEST((t.may_connect_at() <= t.now()));
  for (connection_id c = 0; c < 8; ++c) t.connect_failed(c, attempt_error::connect);
  BOOST_TEST((t.may_connect_at() - t.now() >= 500ms));
  BOOST_TEST((t.may_connect_at() - t.now() <= 1s));  // eight failures of one round are one
  t.pass(1s);
  t.connect_failed(0, attempt_error::tls);
  BOOST_TEST((t.may_connect_at() - t.now() >= 1s));
  t.pass(2s);
  t.connect_failed(0, attempt_error::local_resources);
  BOOST_TEST(t.next<set_connections>().count == 4U);
  t.pass(4s);
  t.connect(0);
  BOOST_TEST((t.may_connect_at() <= t.now()));
  t.one_success();
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace convoke::engine::test
