// Calls that go together into one request, in virtual time.

#include <set>

#include "engine/script.hpp"

namespace convoke::engine::test {

namespace {

settings together(unsigned size = 20) {
  auto s = script::quick();
  s.batch_size = size;
  return s;
}

script many(unsigned organizers, unsigned rows, unsigned connections, const settings& s) {
  return script::started(std::vector<std::uint32_t>(organizers, rows), connections, s);
}

std::vector<answer> each(const send_batch& b, const answer& a) {
  return std::vector<answer>(b.calls.size(), a);
}

// An answer of which only the head was read.
answer too_large(bool bound = true) {
  auto a = broken(attempt_error::truncated);
  a.status = 200;
  a.whole = false;
  a.too_large = true;
  a.bound = bound;
  return a;
}

void commit_all(script& t) {
  for (const auto& one : t.all<record_outcome>()) t.commit({one.row});
}

// Answers every request with success until nothing is left. The number of calls in each.
std::vector<std::size_t> serve(script& t) {
  std::vector<std::size_t> sizes;
  for (bool any = true; any;) {
    any = false;
    for (const auto& b : t.all<send_batch>()) {
      std::set<row_id> rows;
      for (const auto& c : b.calls) rows.insert(c.row);
      BOOST_TEST(rows.size() == b.calls.size());
      BOOST_TEST(b.calls.size() >= 2U);
      sizes.push_back(b.calls.size());
      t.finish(b, each(b, ok()));
      any = true;
    }
    for (const auto& c : t.all<send_call>()) {
      sizes.push_back(1);
      t.finish(c, ok());
      any = true;
    }
    commit_all(t);
  }
  return sizes;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(calls_in_batches)

BOOST_AUTO_TEST_CASE(a_request_has_one_call_of_each_organizer_and_no_more_than_the_size) {
  auto t = many(7, 2, 1, together(5));
  const auto b = t.next<send_batch>();
  BOOST_TEST(b.calls.size() == 5U);
  t.quiet();
  BOOST_TEST(t.numbers().calls == 5U);
  BOOST_TEST(t.numbers().batches == 1U);
  BOOST_TEST(t.numbers().in_flight == 5U);
  t.finish(b, each(b, ok()));
  commit_all(t);
  const auto sizes = serve(t);
  std::size_t rest = 0;
  for (const auto n : sizes) rest += n;
  BOOST_TEST(rest == 9U);
  t.over(stop_reason::finished);
}

BOOST_AUTO_TEST_CASE(one_organizer_alone_has_no_batch) {
  auto t = many(1, 3, 2, together());
  BOOST_TEST(t.all<send_call>().size() == 2U);
  BOOST_TEST(t.all<send_batch>().empty());
}

BOOST_AUTO_TEST_CASE(size_1_sends_every_call_alone) {
  auto t = many(5, 1, 5, together(1));
  BOOST_TEST(t.all<send_call>().size() == 5U);
  BOOST_TEST(t.all<send_batch>().empty());
}

BOOST_AUTO_TEST_CASE(every_operation_goes_into_a_batch) {
  for (const auto op : {operation::create_or_get, operation::update, operation::get, operation::remove}) {
    auto t = script::owing(op, update_rule::never, {1, 1, 1}, 1, together());
    const auto b = t.next<send_batch>();
    BOOST_TEST(b.calls.size() == 3U);
    for (const auto& c : b.calls) BOOST_TEST(to_string(c.op) == to_string(op));
  }
}

BOOST_AUTO_TEST_CASE(calls_wait_for_each_other_for_a_tenth_of_a_second_at_most) {
  auto s = together();
  s.rate = 50;
  auto t = many(30, 1, 4, s);
  std::vector<std::pair<double, std::size_t>> sent;
  const auto begin = t.now();
  for (int i = 0; i < 3000; ++i) {
    for (const auto& b : t.all<send_batch>()) {
      sent.emplace_back(std::chrono::duration<double>(t.now() - begin).count(), b.calls.size());
      t.finish(b, each(b, ok()));
    }
    for (const auto& c : t.all<send_call>()) {
      sent.emplace_back(std::chrono::duration<double>(t.now() - begin).count(), 1);
      t.finish(c, ok());
    }
    commit_all(t);
    t.pass(1ms);
  }
  std::size_t calls = 0, requests = sent.size();
  for (const auto& [at, n] : sent) {
    calls += n;
    // Never more than the pace has allowed by then.
    BOOST_TEST(static_cast<double>(calls) <= 50 * at + 1.01);
    BOOST_TEST(n <= 6U);
  }
  BOOST_TEST(calls == 30U);
  BOOST_TEST(requests <= 8U);
  // And the pace is used: 30 calls at 50/s take 0.58 s, the last ones at most a tenth more.
  BOOST_TEST(sent.back().first < 0.7);
}

BOOST_AUTO_TEST_CASE(a_fast_pace_fills_requests_without_being_exceeded) {
  auto s = together();
  s.rate = 500;
  s.organizer_concurrency = 1000;
  auto t = many(20, 20, 16, s);
  std::size_t calls = 0, requests = 0;
  const auto begin = t.now();
  for (int i = 0; i < 900; ++i) {
    for (const auto& b : t.all<send_batch>()) {
      calls += b.calls.size();
      ++requests;
      t.finish(b, each(b, ok()));
    }
    BOOST_TEST(t.all<send_call>().empty());
    commit_all(t);
    for (const auto& claim : t.all<fetch_rows>()) static_cast<void>(claim);
    const auto elapsed = std::chrono::duration<double>(t.now() - begin).count();
    BOOST_TEST(static_cast<double>(calls) <= 500 * elapsed + 2);
    t.pass(1ms);
  }
  // 400 calls at 500/s take 0.8 s.
  BOOST_TEST(calls == 400U);
  BOOST_TEST(static_cast<double>(calls) / static_cast<double>(requests) > 19.0);
}

BOOST_AUTO_TEST_CASE(each_call_ends_on_its_own) {
  auto t = many(4, 1, 2, together());
  const auto b = t.next<send_batch>();
  auto late = http(0);
  late.error = attempt_error::truncated;
  t.finish(b, {ok(), throttling(3s, "User_Application/ReadWrite/x/1"), http(400, "BadRequest"), late});
  // The success, and the permanent refusal.
  BOOST_TEST(t.all<record_outcome>().size() == 2U);
  BOOST_TEST(t.numbers().throttled == 1U);
  BOOST_TEST(t.numbers().faults == 1U);
  t.pass(2500ms);
  // The missing one is sent again; the throttled one waits for the end of its cooldown.
  const auto again = t.all<send_call>();
  BOOST_TEST_REQUIRE(again.size() == 1U);
  BOOST_TEST(again[0].row == b.calls[3].row);
  BOOST_TEST(again[0].attempt == 2U);
  t.finish(again[0], ok());
  t.pass(1s);
  const auto last = t.all<send_call>();
  BOOST_TEST_REQUIRE(last.size() == 1U);
  BOOST_TEST(last[0].row == b.calls[1].row);
}

BOOST_AUTO_TEST_CASE(a_throttled_call_without_scope_closes_the_lane) {
  auto t = many(4, 2, 2, together(3));
  const auto first = t.next<send_batch>();
  t.finish(first, {throttling(5s), ok(), ok()});
  t.all<record_outcome>();
  t.all<send_batch>();
  t.all<send_call>();
  t.pass(4900ms);
  BOOST_TEST(t.all<send_batch>().empty());
  BOOST_TEST(t.all<send_call>().empty());
}

BOOST_AUTO_TEST_CASE(a_throttled_batch_closes_the_lane_once) {
  auto t = many(5, 2, 1, together());
  const auto b = t.next<send_batch>();
  t.refuse(b, throttling(5s));
  // All calls of the batch name the lane and the end that the service announced, with its jitter.
  const auto saved = t.all<save_cooldown>();
  BOOST_TEST_REQUIRE(!saved.empty());
  for (const auto& one : saved) BOOST_TEST((!one.organizer && one.until - t.now() >= 5s && one.until - t.now() <= 5500ms));
  t.pass(4900ms);
  BOOST_TEST(t.all<send_batch>().empty());
  t.pass(1s);
  const auto again = t.next<send_batch>();
  BOOST_TEST(again.calls.size() == 5U);
  // A throttle costs no attempt.
  BOOST_TEST(t.numbers().faults == 0U);
}

BOOST_AUTO_TEST_CASE(a_refused_token_is_renewed_once_for_all_calls) {
  auto t = many(5, 1, 1, together());
  const auto b = t.next<send_batch>();
  t.refuse(b, http(401, "InvalidAuthenticationToken"));
  BOOST_TEST(t.all<refresh_token>().size() == 1U);
  t.token(2);
  t.pass(3s);
  std::size_t calls = t.all<send_call>().size();
  for (const auto& one : t.all<send_batch>()) calls += one.calls.size();
  BOOST_TEST(calls == 5U);
}

BOOST_AUTO_TEST_CASE(a_service_that_refuses_batches_gets_single_calls_and_it_is_said_once) {
  for (const int status : {400, 403, 404, 405, 410, 501}) {
    auto t = many(6, 1, 2, together(3));
    const auto both = t.all<send_batch>();
    BOOST_TEST_REQUIRE(both.size() == 2U);
    t.refuse(both[0], http(status, "BadRequest", "no"));
    t.refuse(both[1], http(status, "BadRequest", "no"));
    const auto said = t.all<batch_limited>();
    BOOST_TEST_REQUIRE(said.size() == 1U);
    BOOST_TEST(said[0].size == 1U);
    BOOST_TEST(!said[0].reason.empty());
    BOOST_TEST(t.all<send_batch>().empty());
    const auto sizes = serve(t);
    BOOST_TEST(sizes.size() == 6U);
    BOOST_TEST(t.numbers().faults == 0U);
    t.over(stop_reason::finished);
  }
}

BOOST_AUTO_TEST_CASE(a_request_that_is_too_large_is_divided) {
  auto t = many(8, 1, 1, together(8));
  auto b = t.next<send_batch>();
  BOOST_TEST(b.calls.size() == 8U);
  t.refuse(b, http(413));
  BOOST_TEST(t.next<batch_limited>().size == 4U);
  b = t.next<send_batch>();
  BOOST_TEST(b.calls.size() == 4U);
  t.refuse(b, http(413));
  BOOST_TEST(t.next<batch_limited>().size == 2U);
  b = t.next<send_batch>();
  t.refuse(b, http(413));
  BOOST_TEST(t.next<batch_limited>().size == 1U);
  BOOST_TEST(serve(t).size() == 8U);
  t.over(stop_reason::finished);
}

BOOST_AUTO_TEST_CASE(a_request_whose_answer_is_too_large_is_divided) {
  auto t = many(8, 1, 1, together(8));
  for (const unsigned size : {8U, 4U, 2U}) {
    const auto b = t.next<send_batch>();
    BOOST_TEST(b.calls.size() == size);
    t.refuse(b, too_large());
    BOOST_TEST(t.next<batch_limited>().size == size / 2);
  }
  BOOST_TEST(serve(t).size() == 8U);
  BOOST_TEST(t.numbers().faults == 0U);
  t.over(stop_reason::finished);
}

BOOST_AUTO_TEST_CASE(an_answer_that_is_too_large_and_names_no_request_leaves_the_calls_in_doubt) {
  auto t = many(8, 1, 1, together(8));
  t.refuse(t.next<send_batch>(), too_large(false));
  BOOST_TEST(t.all<batch_limited>().at(0).size == 4U);
  BOOST_TEST(t.numbers().faults == 8U);
  BOOST_TEST(t.all<send_batch>().empty());
  BOOST_TEST(t.all<send_call>().empty());
  t.pass(2s);
  for (const auto& b : t.all<send_batch>()) BOOST_TEST(b.calls.size() <= 4U);
}

BOOST_AUTO_TEST_CASE(a_batch_without_an_answer_leaves_every_call_in_doubt) {
  auto t = many(3, 1, 2, together());
  const auto b = t.next<send_batch>();
  t.refuse(b, broken(attempt_error::timeout));
  BOOST_TEST(t.numbers().faults == 3U);
  t.pass(4900ms);  // the keys rest
  BOOST_TEST(t.all<send_batch>().empty());
  BOOST_TEST(t.all<send_call>().empty());
  t.pass(3s);
  std::size_t calls = t.all<send_call>().size();
  for (const auto& one : t.all<send_batch>()) calls += one.calls.size();
  BOOST_TEST(calls == 3U);
}

BOOST_AUTO_TEST_CASE(a_dead_connection_costs_no_attempt) {
  auto t = many(3, 1, 0, together());
  t.connect(0, true);
  const auto b = t.next<send_batch>();
  t.refuse(b, broken(attempt_error::stale));
  BOOST_TEST(t.numbers().faults == 0U);
  BOOST_TEST(t.numbers().stale == 3U);
}

BOOST_AUTO_TEST_CASE(the_calls_of_a_dead_connection_go_together_on_one_new_connection) {
  auto t = many(4, 1, 0, together());
  t.connect(0, true);
  const auto b = t.next<send_batch>();
  BOOST_TEST(b.calls.size() == 4U);
  t.connect(1, true);  // idle, and perhaps dead as well
  t.refuse(b, broken(attempt_error::stale));
  const auto again = t.next<send_batch>();
  BOOST_TEST(again.calls.size() == 4U);
  BOOST_TEST(again.connection == 0U);
  t.quiet();
}

BOOST_AUTO_TEST_CASE(a_batch_is_one_request_where_they_are_limited) {
  auto s = together(5);
  s.connections = 4;
  s.organizer_concurrency = 8;
  auto t = many(2, 20, 4, s);
  const auto sent = t.all<send_batch>();
  BOOST_TEST_REQUIRE(sent.size() == 4U);
  // After a timeout half of the requests are in flight: two, whatever number of calls they have.
  t.refuse(sent[0], broken(attempt_error::timeout));
  BOOST_TEST(t.all<send_batch>().empty());
  t.finish(sent[1], each(sent[1], ok()));
  BOOST_TEST(t.all<send_batch>().empty());
  t.finish(sent[2], each(sent[2], ok()));
  BOOST_TEST(t.all<send_batch>().size() == 1U);
  BOOST_TEST(t.all<send_call>().empty());
}

BOOST_AUTO_TEST_CASE(a_pause_is_no_credit_for_a_batch) {
  auto s = together(3);
  s.rate = 50;
  s.organizer_concurrency = 1;
  auto t = many(3, 2, 2, s);
  t.late(100ms);
  t.tick();
  const auto sent = t.all<send_batch>();
  BOOST_TEST_REQUIRE(sent.size() == 1U);
  BOOST_TEST_REQUIRE(sent[0].calls.size() == 3U);
  // For two seconds no organizer may have another call.
  t.late(2s);
  t.finish(sent[0], each(sent[0], ok()));
  BOOST_TEST(t.all<send_batch>().empty());
  BOOST_TEST(t.all<send_call>().empty());
  t.pass(100ms);
  BOOST_TEST(t.all<send_batch>().size() == 1U);
}

BOOST_AUTO_TEST_CASE(in_an_outage_calls_are_made_alone) {
  auto t = many(4, 1, 1, together());
  auto b = t.next<send_batch>();
  t.refuse(b, http(500));
  t.pass(31s);
  std::size_t probes = 0;
  for (int i = 0; i < 4; ++i) {
    for (const auto& c : t.all<send_batch>()) t.refuse(c, http(500));
    for (const auto& c : t.all<send_call>()) {
      ++probes;
      t.finish(c, http(500));
    }
    t.pass(5s);
  }
  BOOST_TEST(probes > 0U);
}

BOOST_AUTO_TEST_CASE(calls_of_a_batch_that_a_drain_gave_up_are_ignored_later) {
  auto t = many(3, 1, 1, together());
  const auto b = t.next<send_batch>();
  t.stop(stop_reason::interrupted);
  t.pass(26s);
  BOOST_TEST(t.all<release_row>().empty());
  t.over(stop_reason::interrupted);
  t.finish(b, each(b, ok()));
  t.quiet();
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace convoke::engine::test
