// Which answers count, and what is kept of those that wait for the ledger.

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>

#include "engine/classify.hpp"
#include "engine/script.hpp"

namespace convoke::engine::test {

namespace data = boost::unit_test::data;

namespace {

answer foreign(int status) {
  auto a = http(status, "Another", "of another request");
  a.error = attempt_error::foreign;
  return a;
}
answer cut(answer a) {
  a.whole = false;
  return a;
}
answer unbound(answer a) {
  a.bound = false;
  return a;
}

const int what_a_status_means[] = {200, 201, 204, 301, 400, 401, 403, 404, 408, 409, 422, 429, 500, 503, 507, 509};
const int refusals[] = {400, 403, 404, 410, 422, 501};

}  // namespace

BOOST_AUTO_TEST_SUITE(belief)

BOOST_DATA_TEST_CASE(an_answer_to_another_request_costs_an_attempt_and_changes_nothing_else, data::make(what_a_status_means), status) {
  auto t = script::started({2, 2}, 2);
  const auto c = t.next<send_call>();
  const auto other = t.next<send_call>();
  t.reply(c, foreign(status));
  // Its connection is replaced, whatever the status; nothing is closed, refreshed, saved or recorded.
  BOOST_TEST(t.next<drop_connection>().connection == c.connection);
  t.quiet();
  BOOST_TEST(t.numbers().throttled == 0U);
  BOOST_TEST(t.numbers().faults == 1U);
  t.finish(other, ok());
  t.recorded(outcome::created);
  const auto next = t.next<send_call>();  // the lane and both organizers are open
  t.finish(next, ok());
  t.recorded(outcome::created);
  t.one_success();
  t.quiet();
  t.pass(5s - 1ns);  // its own call may still be in progress
  t.quiet();
  t.pass(1ns);
  const auto again = t.next<send_call>();
  BOOST_TEST(again.row == c.row);
  t.finish(again, ok());
  t.recorded(outcome::created);
  t.over(stop_reason::finished);
}

BOOST_AUTO_TEST_CASE(answers_to_other_requests_only_defer_their_row) {
  auto t = script::started({1}, 1);
  for (unsigned attempt = 1; attempt <= 5; ++attempt) {
    t.finish(t.next<send_call>(), foreign(404));
    t.next<drop_connection>();
    t.pass(60s);
  }
  t.released(true);
  t.over(stop_reason::deferred);
}

BOOST_AUTO_TEST_CASE(twenty_refusals_of_other_requests_are_no_streak) {
  auto t = script::started({30}, 1);
  for (int i = 0; i < 25; ++i) {
    t.finish(t.next<send_call>(), foreign(403));
    t.next<drop_connection>();
    t.pass(1s);
  }
  BOOST_TEST(t.all<finished>().empty());
  BOOST_TEST(t.all<close_organizer>().empty());
  BOOST_TEST(t.all<record_outcome>().empty());
}

BOOST_AUTO_TEST_CASE(answers_to_other_requests_refuse_no_token) {
  auto t = script::started({4}, 1);
  for (int i = 0; i < 4; ++i) {
    t.finish(t.next<send_call>(), foreign(401));
    t.next<drop_connection>();
    t.pass(1s);
  }
  BOOST_TEST(t.all<refresh_token>().empty());
}

BOOST_AUTO_TEST_CASE(an_answer_that_is_not_believed_costs_its_connection) {
  auto t = script::started({1}, 1);
  const auto c = t.next<send_call>();
  t.reply(c, broken(attempt_error::not_believed));
  BOOST_TEST(t.next<drop_connection>().connection == c.connection);
}

BOOST_DATA_TEST_CASE(a_refusal_that_was_cut_is_asked_for_once_more_on_a_new_connection, data::make(refusals), status) {
  auto t = script::started({1, 1}, 1);
  const auto c = t.next<send_call>();
  t.finish(c, cut(http(status, "Bad")));
  BOOST_TEST(t.next<drop_connection>().connection == c.connection);
  t.one_success();  // of the other organizer: no answer is undecided, so nothing is recorded
  t.quiet();
  t.pass(1s);
  BOOST_TEST(t.next<drop_connection>().connection == c.connection);  // the only one has carried an answer by now
  t.connect(c.connection);
  const auto again = t.next<send_call>();
  BOOST_TEST(again.row == c.row);
  BOOST_TEST(again.attempt == 2U);
  BOOST_TEST(t.numbers().faults == 0U);
  t.finish(again, cut(http(status, "Bad")));  // a service that always cuts them means it
  t.next<drop_connection>();
  BOOST_TEST(t.recorded(outcome::failed).attempts == 2U);
  for (const auto& closed : t.all<close_organizer>()) t.closed(closed.organizer, 0);
  t.over(stop_reason::finished);
}

BOOST_AUTO_TEST_CASE(what_a_cut_refusal_hid_counts) {
  auto t = script::started({1}, 1);
  t.finish(t.next<send_call>(), cut(http(404)));
  t.next<drop_connection>();
  t.pass(1s);
  t.one_success();
  t.over(stop_reason::finished);
}

BOOST_DATA_TEST_CASE(a_refusal_that_names_no_request_is_asked_for_once_more, data::make(refusals), status) {
  auto t = script::started({1}, 1);
  const auto c = t.next<send_call>();
  t.finish(c, unbound(http(status, "Bad")));
  t.next<drop_connection>();
  t.pass(5s - 1ns);  // the call's own answer was perhaps not seen
  t.quiet();
  t.pass(1ns);
  t.finish(t.next<send_call>(), http(status, "Bad"));
  t.recorded(outcome::failed);
  for (const auto& closed : t.all<close_organizer>()) t.closed(closed.organizer, 0);
  t.over(stop_reason::finished);
}

BOOST_AUTO_TEST_CASE(a_doubt_needs_a_new_connection_also_after_a_throttle) {
  auto t = script::started({1}, 1);
  t.finish(t.next<send_call>(), unbound(http(404)));
  t.next<drop_connection>();
  t.pass(5s);
  t.finish(t.next<send_call>(), throttling(1s));  // its connection has carried this answer
  t.pass(2s);
  t.all<save_cooldown>();
  const auto used = t.next<drop_connection>();
  t.quiet();  // what comes on a used one could be unbound again, and would be believed
  t.connect(used.connection);
  t.one_success();
  t.over(stop_reason::finished);
}

BOOST_AUTO_TEST_CASE(a_complete_refusal_of_this_request_counts_at_once) {
  auto t = script::started({1}, 1);
  t.finish(t.next<send_call>(), http(400, "Bad"));
  BOOST_TEST(t.recorded(outcome::failed).attempts == 1U);
  t.over(stop_reason::finished);
}

BOOST_AUTO_TEST_CASE(refusals_that_are_not_proven_are_no_streak_and_their_rows_stay_owed_at_a_stop) {
  auto t = script::started({30}, 1);
  for (int i = 0; i < 25; ++i) {
    t.finish(t.next<send_call>(), cut(http(400, "Bad")));
    t.next<drop_connection>();
  }
  t.stop(stop_reason::interrupted);
  BOOST_TEST(t.all<record_outcome>().empty());
  BOOST_TEST(t.all<release_row>().size() == 29U);  // and one is in flight
}

BOOST_AUTO_TEST_CASE(other_answers_need_no_client_request_id) {
  BOOST_TEST(!may_be_at_work(operation::create_or_get, unbound(http(503))));
  BOOST_TEST((classify(operation::create_or_get, unbound(http(429))).what == answer_class::throttle));
  BOOST_TEST((classify(operation::create_or_get, unbound(http(500))).what == answer_class::fault));
  BOOST_TEST((classify(operation::create_or_get, unbound(ok())).what == answer_class::success));
}

BOOST_AUTO_TEST_CASE(answers_that_wait_for_the_ledger_are_bounded_by_bytes) {
  auto s = script::quick();
  s.max_unacknowledged_bytes = 100'000;
  auto t = script::started({200}, 1, s);
  auto large = ok();
  large.stored->join_web_url.assign(4000, 'x');
  std::vector<row_id> recorded;
  unsigned sent = 0;
  const auto answer_all = [&] {
    for (auto calls = t.all<send_call>(); !calls.empty(); calls = t.all<send_call>()) {
      for (const auto& c : calls) t.finish(c, large);
      sent += static_cast<unsigned>(calls.size());
      for (const auto& r : t.all<record_outcome>()) recorded.push_back(r.row);
    }
  };
  answer_all();
  BOOST_TEST(sent <= 26U);
  BOOST_TEST(sent >= 15U);
  BOOST_TEST(t.numbers().unacknowledged_bytes >= s.max_unacknowledged_bytes);
  BOOST_TEST(t.numbers().unacknowledged_bytes < s.max_unacknowledged_bytes + 6000);
  t.pass(60s);
  BOOST_TEST(t.all<send_call>().empty());
  // Every acknowledged commit allows another call.
  while (!recorded.empty()) {
    t.commit(std::exchange(recorded, {}));
    answer_all();
  }
  BOOST_TEST(sent == 200U);
  BOOST_TEST(t.numbers().unacknowledged_bytes == 0U);
  t.over(stop_reason::finished);
}

BOOST_AUTO_TEST_CASE(one_answer_above_the_bound_stops_nothing_for_good) {
  auto s = script::quick();
  s.max_unacknowledged_bytes = 1;
  auto t = script::started({3}, 2, s);
  for (int i = 0; i < 2; ++i) t.finish(t.next<send_call>(), ok());
  const auto recorded = t.all<record_outcome>();
  BOOST_TEST(recorded.size() == 2U);
  t.quiet();
  t.commit({recorded[0].row});
  t.quiet();
  t.commit({recorded[1].row});
  t.one_success();
  t.over(stop_reason::finished);
}

BOOST_AUTO_TEST_CASE(a_released_row_counts_until_it_is_acknowledged) {
  auto s = script::quick();
  s.max_attempts = 1;
  auto t = script::started({1}, 1, s);
  auto a = http(500, "Wordy", std::string(500, 'w'));
  t.finish(t.next<send_call>(), a);
  const auto r = t.next<release_row>();
  BOOST_TEST(t.numbers().unacknowledged_bytes >= 500U);
  t.commit({r.row});
  BOOST_TEST(t.numbers().unacknowledged_bytes == 0U);
}

BOOST_AUTO_TEST_CASE(of_an_answer_that_did_not_end_its_row_only_the_error_is_kept) {
  auto s = script::quick();
  s.max_attempts = 2;
  auto t = script::started({1}, 1, s);
  auto a = http(429, "TooManyRequests", "wait");
  a.retry_after = 1s;
  a.throttle_scope.assign(200, 's');
  a.drift.assign(4, "subject");
  t.finish(t.next<send_call>(), a);
  (void)t.all<save_cooldown>();
  t.stop(stop_reason::interrupted);
  const auto r = t.released(false);
  BOOST_TEST(r.last.error_message == "wait");
  BOOST_TEST(r.last.throttle_scope.empty());
  BOOST_TEST(r.last.drift.empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace convoke::engine::test
