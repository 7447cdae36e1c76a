// Permanent answers: undecided at first, then recorded, or the reason why their lane stops.

#include "engine/script.hpp"

namespace convoke::engine::test {

BOOST_AUTO_TEST_SUITE(permanent_answers)

BOOST_AUTO_TEST_CASE(a_rows_own_fault_is_recorded_once_something_succeeds) {
  auto t = script::started({3}, 1);
  t.finish(t.next<send_call>(), http(400, "BadRequest", "1026: An error has occurred."));
  const auto next = t.next<send_call>();
  t.quiet();  // undecided
  t.finish(next, ok());
  const auto failed = t.recorded(outcome::failed);
  BOOST_TEST(failed.row == 1U);
  BOOST_TEST(failed.last.error_code == "BadRequest");
  t.recorded(outcome::created);
  t.one_success();
  t.over(stop_reason::finished);
}

BOOST_AUTO_TEST_CASE(at_the_end_undecided_answers_are_recorded) {
  auto t = script::started({2}, 1);
  t.finish(t.next<send_call>(), http(422, "Bad"));
  t.finish(t.next<send_call>(), http(422, "Bad"));
  t.recorded(outcome::failed);
  t.recorded(outcome::failed);
  t.over(stop_reason::finished);
}

BOOST_AUTO_TEST_CASE(another_permanent_answer_breaks_the_streak_throttles_and_faults_do_not) {
  auto t = script::started({9}, 1);
  t.finish(t.next<send_call>(), http(400, "A"));
  t.finish(t.next<send_call>(), http(500));
  t.finish(t.next<send_call>(), throttling(500ms));
  t.quiet();
  t.pass(600ms);
  t.finish(t.next<send_call>(), http(400, "B"));
  BOOST_TEST(t.recorded(outcome::failed).last.error_code == "A");
}

BOOST_AUTO_TEST_CASE(an_organizers_answer_ends_the_organizer) {
  auto t = script::started({3, 2}, 1);  // rows 1-3 and 4-5
  t.finish(t.next<send_call>(), http(403, "Forbidden", "No application access policy found for this app."));
  const auto other = t.next<send_call>();
  BOOST_TEST(other.row == 4U);
  t.finish(other, ok());
  const auto failed = t.recorded(outcome::failed);
  BOOST_TEST(failed.last.error_message.contains("Grant-CsApplicationAccessPolicy"));
  t.recorded(outcome::created);
  const auto closed = t.next<close_organizer>();
  BOOST_TEST(closed.organizer == 0U);
  BOOST_TEST(closed.last.error_message.contains("Grant-CsApplicationAccessPolicy"));
  t.one_success();  // rows 2 and 3 are never sent
  t.quiet();        // the close is not acknowledged
  t.closed(0, 2);
  t.over(stop_reason::finished);
}

BOOST_AUTO_TEST_CASE(an_organizer_is_closed_only_when_its_calls_are_back) {
  auto t = script::started({9, 2}, 3);
  const auto a = t.next<send_call>();
  const auto other = t.next<send_call>();
  const auto b = t.next<send_call>();
  BOOST_TEST(b.row == 2U);
  t.finish(a, http(404, "NotFound"));
  BOOST_TEST(t.next<send_call>().row == 11U);
  t.finish(other, ok());
  t.recorded(outcome::failed);
  t.recorded(outcome::created);
  t.quiet();  // b may still make its meeting
  t.finish(b, ok());
  t.recorded(outcome::created);
  BOOST_TEST(t.next<close_organizer>().organizer == 0U);
  t.closed(0, 7);
  t.finish({0, 1, 11, 1}, ok());
  t.recorded(outcome::created);
  t.over(stop_reason::finished);
}

BOOST_AUTO_TEST_CASE(late_answers_of_a_refused_organizer_are_recorded_at_once_and_before_it_is_closed) {
  auto t = script::started({9, 2}, 4);
  const auto sent = t.all<send_call>();  // rows 1, 10, 2, 11
  t.finish(sent[0], http(404, "NotFound"));
  t.finish(sent[1], ok());
  t.recorded(outcome::failed);
  t.recorded(outcome::created);
  t.reply(sent[2], http(403, "Forbidden"));
  BOOST_TEST(t.recorded(outcome::failed).row == 2U);
  BOOST_TEST(t.next<close_organizer>().last.status == 404);
  t.quiet();
}

BOOST_AUTO_TEST_CASE(two_permanent_answers_for_one_organizer_end_each_row_once) {
  auto t = script::started({9}, 2);
  const auto a = t.next<send_call>();
  const auto b = t.next<send_call>();
  t.finish(a, http(404, "NotFound"));
  t.finish(b, http(403, "Forbidden"));
  BOOST_TEST(t.recorded(outcome::failed).row == 1U);
  BOOST_TEST(t.recorded(outcome::failed).row == 2U);
  t.next<close_organizer>();
  t.quiet();  // it is not over before the rest is durable
  t.closed(0, 7);
  t.over(stop_reason::finished);
}

BOOST_AUTO_TEST_CASE(rows_that_were_claimed_before_their_organizer_was_closed_are_ended_by_that) {
  script t({{0, 500, 0}, {1, 1, 0}});
  t.next<refresh_token>();
  t.token(1);
  t.page(3, false);
  t.page(1, true);
  const auto more = t.next<fetch_rows>();
  BOOST_TEST_REQUIRE(more.pages.size() == 1U);
  BOOST_TEST(more.pages[0].organizer == 0U);
  t.connect(0);
  t.finish(t.next<send_call>(), http(404, "NotFound"));
  t.finish(t.next<send_call>(), ok());
  t.recorded(outcome::failed);
  t.recorded(outcome::created);
  t.next<close_organizer>();
  t.closed(0, 499);
  t.quiet();
  t.arrive(0, false, {{70, 70, 0, 1, 0}}, false);
  t.over(stop_reason::finished);
}

BOOST_AUTO_TEST_CASE(faults_of_a_blocked_organizer_are_not_tried_again) {
  auto t = script::started({9, 30}, 3);
  const auto a = t.next<send_call>();
  t.next<send_call>();
  const auto b = t.next<send_call>();
  t.finish(a, http(404, "NotFound"));
  t.finish(b, http(500));
  t.pass(10s);
  for (const auto& c : t.all<send_call>()) BOOST_TEST(c.row >= 10U);
}

BOOST_AUTO_TEST_CASE(twenty_of_the_same_stop_the_lane_and_stay_owed) {
  auto t = script::started({10, 10, 10}, 1);
  for (int i = 0; i < 19; ++i) t.finish(t.next<send_call>(), http(400, "BadRequest", "no"));
  const auto last = t.next<send_call>();
  t.quiet();
  t.finish(last, http(400, "BadRequest", "no"));
  const auto released = t.all<release_row>();
  BOOST_TEST(released.size() == 30U);
  std::vector<row_id> ids;
  for (const auto& r : released) {
    BOOST_TEST(!r.strike);
    ids.push_back(r.row);
  }
  t.quiet();
  t.commit(ids);
  BOOST_TEST(t.over(stop_reason::permission).detail.contains("BadRequest"));
}

BOOST_AUTO_TEST_CASE(twenty_refused_organizers_stop_the_lane_and_the_detail_names_the_command_that_fixes_it) {
  auto t = script::started(std::vector<std::uint32_t>(25, 2), 1);
  for (int i = 0; i < 20; ++i) {
    if (i == 7) {  // neither breaks a streak
      t.finish(t.next<send_call>(), http(500));
      t.finish(t.next<send_call>(), throttling(500ms));
      t.pass(550ms);
    }
    t.finish(t.next<send_call>(), http(403, "Forbidden", "No application access policy found for this app."));
  }
  std::vector<row_id> ids;
  for (const auto& r : t.all<release_row>()) ids.push_back(r.row);
  BOOST_TEST(ids.size() == 50U);
  t.commit(ids);
  BOOST_TEST(t.over(stop_reason::permission).detail.contains("Grant-CsApplicationAccessPolicy"));
}

BOOST_AUTO_TEST_CASE(nineteen_are_no_streak) {
  auto t = script::started({20}, 1);
  for (int i = 0; i < 19; ++i) t.finish(t.next<send_call>(), http(400, "BadRequest"));
  t.finish(t.next<send_call>(), ok());
  for (int i = 0; i < 19; ++i) t.recorded(outcome::failed);
  t.recorded(outcome::created);
  t.over(stop_reason::finished);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace convoke::engine::test
