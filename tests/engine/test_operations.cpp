// What follows from an answer by the operation that the row owed, and how a row advances from one operation to the next.

#include "engine/operations.hpp"

#include "engine/script.hpp"

namespace convoke::engine::test {

namespace {

constexpr auto create_or_get = operation::create_or_get, update = operation::update, get = operation::get, remove = operation::remove;

// Rows of one organizer that owe createOrGet and, whatever its answer shows, an update after it.
script owing_both(std::uint32_t rows, unsigned connections, const settings& s = script::quick()) {
  return script::owing(create_or_get, update_rule::always, {rows}, connections, s);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(operation_rules)

BOOST_AUTO_TEST_CASE(create_or_get_is_followed_by_an_update_where_the_rule_says_so) {
  for (const int status : {200, 201}) {
    BOOST_TEST((after_success(create_or_get, update_rule::always, ok(status)).next == update));
    BOOST_TEST((after_success(create_or_get, update_rule::if_different, different(status)).next == update));
    BOOST_TEST(!after_success(create_or_get, update_rule::if_different, ok(status)).next.has_value());
    auto settled = ok(status), differs = different(status);  // both show that what createOrGet cannot set is set
    settled.settled = differs.settled = true;
    for (const auto& a : {settled, differs}) BOOST_TEST(!after_success(create_or_get, update_rule::always, a).next.has_value());
    BOOST_TEST(!after_success(create_or_get, update_rule::both, settled).next.has_value());
    for (const auto& a : {differs, ok(status)}) BOOST_TEST((after_success(create_or_get, update_rule::both, a).next == update));
    BOOST_TEST(!after_success(create_or_get, update_rule::never, different(status)).next.has_value());
  }
}

BOOST_AUTO_TEST_CASE(the_last_operation_decides_the_outcome) {
  const auto result = [](operation op, const answer& a) { return after_success(op, update_rule::never, a).result; };
  BOOST_TEST((result(create_or_get, ok(201)) == outcome::created));
  BOOST_TEST((result(create_or_get, different(201)) == outcome::created));
  BOOST_TEST((result(create_or_get, ok(200)) == outcome::existing));
  BOOST_TEST((result(create_or_get, different(200)) == outcome::drifted));
  BOOST_TEST((result(update, ok(200)) == outcome::updated));
  BOOST_TEST((result(update, different(200)) == outcome::drifted));
  BOOST_TEST((result(get, ok(200)) == outcome::unchanged));
  BOOST_TEST((result(get, different(200)) == outcome::drifted));
  BOOST_TEST((result(remove, http(204)) == outcome::removed));
}

BOOST_AUTO_TEST_CASE(a_meeting_that_is_gone_is_lost_removed_or_created_once_more) {
  BOOST_TEST((after_gone(get, false).result == outcome::lost));
  BOOST_TEST((after_gone(remove, false).result == outcome::removed));
  BOOST_TEST((after_gone(update, false).next == create_or_get));
  BOOST_TEST(!after_gone(update, true).next.has_value());
  BOOST_TEST((after_gone(update, true).result == outcome::failed));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(advancing_rows)

BOOST_AUTO_TEST_CASE(an_update_is_sent_only_after_the_answer_before_it_is_durable) {
  auto t = owing_both(1, 1);
  t.finish(t.call(create_or_get), ok(201));
  const auto a = t.next<advance_row>();
  BOOST_TEST((a.next == update));
  BOOST_TEST(a.row == 1U);
  BOOST_TEST(a.key == 1001U);
  BOOST_TEST(a.token == 1U);
  BOOST_TEST(a.attempts == 1U);
  BOOST_TEST(a.last.status == 201);
  BOOST_TEST(a.last.stored.has_value());
  BOOST_TEST(t.numbers().unacknowledged == 1U);
  BOOST_TEST(t.numbers().unacknowledged_bytes > 0U);
  t.pass(60s);
  t.quiet();  // neither the update nor the end of the run
  t.commit({1});
  BOOST_TEST(t.numbers().unacknowledged_bytes == 0U);
  t.finish(t.call(update), ok(200));
  BOOST_TEST(t.recorded(outcome::updated).attempts == 2U);
  t.over(stop_reason::finished);
  BOOST_TEST(t.numbers().retried == 0U);
}

BOOST_AUTO_TEST_CASE(a_row_that_differs_is_updated_and_one_that_agrees_is_not) {
  auto t = script::owing(create_or_get, update_rule::if_different, {2}, 1);
  t.finish(t.call(create_or_get), different(200));
  t.advanced(update);
  t.finish(t.call(create_or_get), ok(200));  // row 2 was granted while row 1 was not durable
  t.recorded(outcome::existing);
  t.finish(t.call(update), ok(200));
  t.recorded(outcome::updated);
  t.over(stop_reason::finished);
}

BOOST_AUTO_TEST_CASE(a_meeting_that_differs_after_its_update_is_drifted) {
  auto t = owing_both(1, 1);
  t.finish(t.call(create_or_get), ok(201));
  t.advanced(update);
  t.finish(t.call(update), different(200));
  BOOST_TEST(t.recorded(outcome::drifted).last.drift.size() == 1U);
  t.over(stop_reason::finished);
}

BOOST_AUTO_TEST_CASE(a_row_that_advances_counts_as_unacknowledged) {
  auto s = script::quick();
  s.max_unacknowledged = 1;
  auto t = owing_both(2, 2, s);
  t.finish(t.call(create_or_get), ok(201));
  const auto a = t.next<advance_row>();
  t.pass(10s);
  t.quiet();
  t.commit({a.row});
  BOOST_TEST(t.call(update).row == 1U);  // a row that has begun goes first
  t.quiet();
}

BOOST_AUTO_TEST_CASE(each_operation_has_attempts_of_its_own) {
  auto s = script::quick();
  s.max_attempts = 2;
  auto t = owing_both(1, 1, s);
  t.finish(t.call(create_or_get), http(500));
  t.pass(1s);
  t.finish(t.call(create_or_get), ok(201));
  t.advanced(update);
  t.finish(t.call(update), http(500));
  t.pass(1s);  // the wait begins again at its first step, too
  const auto last = t.call(update);
  BOOST_TEST(last.attempt == 4U);
  t.finish(last, http(500));
  const auto back = t.released(true);
  BOOST_TEST(back.attempts == 4U);
  BOOST_TEST(t.numbers().retried == 2U);
  t.over(stop_reason::deferred);
}

BOOST_AUTO_TEST_CASE(conflicts_are_counted_for_each_operation) {
  auto t = owing_both(1, 1);
  t.finish(t.call(create_or_get), http(409));
  t.pass(1s);
  t.finish(t.call(create_or_get), ok(201));
  t.advanced(update);
  t.finish(t.call(update), http(409));
  t.pass(1s);
  t.finish(t.call(update), ok(200));
  t.recorded(outcome::updated);
}

BOOST_AUTO_TEST_CASE(the_deadline_of_a_row_goes_on_through_its_operations) {
  auto s = script::quick();
  s.row_deadline = 10s;
  auto t = owing_both(1, 1, s);
  t.finish(t.call(create_or_get), ok(201));
  const auto a = t.next<advance_row>();
  t.pass(10s);
  t.quiet();
  t.commit({a.row});
  t.released(false);
  t.over(stop_reason::deferred);
}

BOOST_AUTO_TEST_CASE(an_update_that_timed_out_is_sent_again_after_its_key_has_rested) {
  auto t = owing_both(1, 1);
  t.finish(t.call(create_or_get), ok(201));
  t.advanced(update);
  t.finish(t.call(update), broken(attempt_error::timeout));
  t.pass(5s - 1ns);
  t.quiet();
  t.pass(1ns);
  t.finish(t.call(update), ok(200));
  t.recorded(outcome::updated);
}

BOOST_AUTO_TEST_CASE(a_token_that_is_refused_for_an_update_is_replaced_and_the_update_sent_again) {
  auto t = owing_both(1, 1);
  t.finish(t.call(create_or_get), ok(201));
  t.advanced(update);
  t.finish(t.call(update), http(401));
  t.next<refresh_token>();
  t.token(2);
  t.pass(1s);
  t.finish(t.call(update), ok(200));
  t.recorded(outcome::updated);
}

BOOST_AUTO_TEST_CASE(an_update_that_finds_no_meeting_creates_it_once_more_and_fails_the_second_time) {
  auto t = owing_both(1, 1);
  t.finish(t.call(create_or_get), ok(200));
  t.advanced(update);
  t.finish(t.call(update), http(404, "NotFound"));
  t.advanced(create_or_get);
  t.finish(t.call(create_or_get), ok(201));
  t.advanced(update);
  t.finish(t.call(update), http(404, "NotFound"));
  const auto failed = t.recorded(outcome::failed);
  BOOST_TEST(failed.attempts == 4U);
  BOOST_TEST(failed.last.error_message.contains("does not find it"));
  t.over(stop_reason::finished);
}

BOOST_AUTO_TEST_CASE(a_row_that_was_claimed_for_an_update_may_end_by_create_or_get) {
  auto t = script::owing(update, update_rule::if_different, {1}, 1);
  t.finish(t.call(update), http(404, "NotFound"));
  t.advanced(create_or_get);
  t.finish(t.call(create_or_get), ok(201));
  t.recorded(outcome::created);
  t.over(stop_reason::finished);
}

BOOST_AUTO_TEST_CASE(a_meeting_that_an_update_does_not_find_breaks_no_streak) {
  auto t = owing_both(2, 2);
  const auto first = t.call(create_or_get), second = t.call(create_or_get);
  t.finish(first, ok(201));
  t.advanced(update);
  t.finish(second, http(400, "BadRequest"));
  t.finish(t.call(update), http(404, "NotFound"));
  t.next<advance_row>();
  t.quiet();  // row 2 is undecided: the same answer may come twenty times
}

BOOST_AUTO_TEST_CASE(a_refusal_of_an_update_ends_the_organizer) {
  auto t = owing_both(3, 1);
  t.finish(t.call(create_or_get), ok(201));
  t.advanced(update);
  t.finish(t.call(create_or_get), ok(201));
  BOOST_TEST(t.next<advance_row>().row == 2U);
  t.finish(t.call(update), http(403, "Forbidden"));
  t.quiet();  // nothing more is sent for this organizer
  t.commit({2});
  BOOST_TEST(t.recorded(outcome::failed).last.error_message.contains("Grant-CsApplicationAccessPolicy"));
  t.next<close_organizer>();
  t.closed(0, 2);
  t.over(stop_reason::finished);
}

BOOST_AUTO_TEST_CASE(a_row_that_advances_while_its_organizer_is_closed_is_ended_by_that) {
  auto t = script::owing(create_or_get, update_rule::always, {9, 2}, 4);
  const auto sent = t.all<send_call>();  // rows 1, 10, 2, 11
  t.reply(sent[2], ok(201));             // row 2
  t.next<advance_row>();
  t.reply(sent[0], http(403, "Forbidden"));  // row 1
  t.reply(sent[1], ok(201));                 // breaks the streak
  t.recorded(outcome::failed);
  BOOST_TEST(t.next<advance_row>().row == 10U);
  t.next<close_organizer>();
  t.closed(0, 8);
  t.commit({2});
  for (connection_id c = 0; c < 3; ++c) t.connect(c);
  t.quiet();  // row 2 was ended with its organizer
  t.commit({10});
  BOOST_TEST(t.call(update).row == 10U);
  BOOST_TEST(t.numbers().unacknowledged == 2U);  // rows 10 and 11, in flight
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(stops_while_a_row_advances)

BOOST_AUTO_TEST_CASE(the_row_goes_back_once_its_advance_is_durable) {
  auto t = owing_both(1, 1);
  t.finish(t.call(create_or_get), ok(201));
  const auto a = t.next<advance_row>();
  t.stop(stop_reason::interrupted);
  t.pass(1s);
  t.quiet();
  t.commit({a.row});
  const auto back = t.next<release_row>();  // no update: the next run sends it
  BOOST_TEST(back.row == a.row);
  BOOST_TEST(!back.strike);
  BOOST_TEST(back.attempts == 1U);
  t.quiet();  // not over before this is durable as well
  t.commit({back.row});
  t.over(stop_reason::interrupted);
}

BOOST_AUTO_TEST_CASE(an_answer_that_comes_during_the_drain_still_advances_its_row) {
  auto t = owing_both(1, 1);
  const auto c = t.call(create_or_get);
  t.stop(stop_reason::interrupted);
  t.finish(c, ok(201));
  t.advanced(update);
  t.released(false);
  t.over(stop_reason::interrupted);
}

BOOST_AUTO_TEST_CASE(an_advance_that_is_not_acknowledged_is_not_waited_for_longer_than_the_drain) {
  auto t = owing_both(1, 1);
  t.finish(t.call(create_or_get), ok(201));
  t.next<advance_row>();
  t.stop(stop_reason::interrupted);
  t.pass(25s - 1ns);
  t.quiet();
  t.pass(1ns);
  t.over(stop_reason::interrupted);
}

BOOST_AUTO_TEST_CASE(a_ledger_that_fails_while_a_row_advances_ends_everything) {
  auto t = owing_both(1, 1);
  t.finish(t.call(create_or_get), ok(201));
  t.next<advance_row>();
  t.storage_failed();
  t.over(stop_reason::storage);
  t.commit({1});
  t.quiet();
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(other_operations)

BOOST_AUTO_TEST_CASE(a_get_ends_a_row_as_unchanged_drifted_or_lost) {
  auto t = script::owing(get, update_rule::never, {3}, 1);
  t.finish(t.call(get), ok(200));
  t.recorded(outcome::unchanged);
  t.finish(t.call(get), different(200));
  t.recorded(outcome::drifted);
  t.finish(t.call(get), http(404, "NotFound"));
  t.recorded(outcome::lost);
  t.over(stop_reason::finished);
}

BOOST_AUTO_TEST_CASE(lost_meetings_do_not_stop_a_lane_however_many_there_are) {
  auto t = script::owing(get, update_rule::never, {30}, 1);
  for (int i = 0; i < 30; ++i) {
    t.finish(t.call(get), http(404, "NotFound"));
    t.recorded(outcome::lost);
  }
  t.over(stop_reason::finished);
}

BOOST_AUTO_TEST_CASE(a_meeting_is_removed_by_a_success_and_where_it_is_gone_already) {
  auto t = script::owing(remove, update_rule::never, {3}, 1);
  for (const int status : {204, 200, 404}) {
    t.finish(t.call(remove), http(status));
    t.recorded(outcome::removed);
  }
  t.over(stop_reason::finished);
}

BOOST_AUTO_TEST_CASE(a_removal_that_failed_ambiguously_is_sent_again) {
  auto t = script::owing(remove, update_rule::never, {1}, 1);
  t.finish(t.call(remove), broken(attempt_error::closed));
  t.pass(1s);
  t.finish(t.call(remove), http(404));
  t.recorded(outcome::removed);
}

// An answer that names no client-request-id may belong to no request at all.
BOOST_AUTO_TEST_CASE(a_removal_that_nothing_ties_to_its_request_is_sent_once_more) {
  for (const int status : {204, 404}) {
    auto t = script::owing(remove, update_rule::never, {1}, 1);
    auto unnamed = http(status);
    unnamed.bound = false;
    t.finish(t.call(remove), unnamed);
    t.next<drop_connection>();
    t.pass(5s - 1ns);  // the call may still be in progress
    t.quiet();
    t.connect(0);
    t.pass(1ns);
    t.finish(t.call(remove), unnamed);
    t.next<drop_connection>();
    t.recorded(outcome::removed);
    t.over(stop_reason::finished);
  }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(lost_writes)

BOOST_AUTO_TEST_CASE(an_outcome_that_another_process_wrote_before_is_counted_once_and_ends_the_row_here) {
  auto t = script::started({1}, 1);
  t.finish(t.next<send_call>(), ok());
  const auto r = t.next<record_outcome>();
  t.lose({r.row, r.row, 77});
  BOOST_TEST(t.numbers().lost_writes == 1U);
  BOOST_TEST(t.numbers().unacknowledged == 0U);
  t.over(stop_reason::finished);
}

BOOST_AUTO_TEST_CASE(a_row_that_another_process_holds_is_not_among_the_deferred) {
  auto s = script::quick();
  s.max_attempts = 1;
  auto t = script::started({1}, 1, s);
  t.finish(t.next<send_call>(), http(500));
  t.lose({t.next<release_row>().row});
  t.over(stop_reason::finished);
}

BOOST_AUTO_TEST_CASE(a_row_that_was_lost_while_it_advanced_is_not_sent) {
  auto t = owing_both(1, 1);
  t.finish(t.call(create_or_get), ok(201));
  t.lose({t.next<advance_row>().row});
  BOOST_TEST(t.numbers().lost_writes == 1U);
  BOOST_TEST(t.numbers().unacknowledged == 0U);
  t.over(stop_reason::finished);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace convoke::engine::test
