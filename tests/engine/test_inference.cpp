// To which scope a throttle without a scope is attributed, and how many calls may be in flight.

#include "engine/inference.hpp"

#include <boost/test/unit_test.hpp>
#include <random>

#include "engine/concurrency_limit.hpp"

namespace convoke::engine {

using namespace std::chrono_literals;

namespace {

constexpr mono_time t{100s};

// What happened since: `calls` calls of each of `others` organizers, from 10 on, sent at `when`, succeeded.
void succeed(inference& i, organizer_index others, unsigned calls, mono_time when) {
  for (unsigned n = 0; n < calls; ++n) {
    for (organizer_index p = 10; p < 10 + others; ++p) i.succeeded(p, when);
  }
}

// Organizer 1 closes the lane until t + 1 s.
inference suspicious() {
  inference i;
  const auto r = i.throttled(1, t, t + 100ms);
  BOOST_TEST(!r.organizer);
  i.closed_until(r, t + 1s);
  return i;
}

// Two more throttles of it alone, while each of a hundred others succeeded four times.
inference convinced() {
  auto i = suspicious();
  succeed(i, 100, 2, t + 1500ms);
  i.closed_until(i.throttled(1, t + 1600ms, t + 1700ms), t + 1800ms);
  succeed(i, 100, 2, t + 2s);
  const auto r = i.throttled(1, t + 3s, t + 3100ms);
  BOOST_TEST(r.organizer);
  BOOST_TEST(r.newly_limited);
  i.closed_until(r, t + 5s);
  return i;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(inferences)

BOOST_AUTO_TEST_CASE(a_throttle_is_attributed_to_an_organizer_that_is_throttled_alone_while_others_succeed) {
  auto i = convinced();
  BOOST_TEST(i.limited(1));
  BOOST_TEST(i.throttled(1, t + 6s, t + 6100ms).organizer);
}

BOOST_AUTO_TEST_CASE(too_few_calls_or_too_few_others_prove_nothing) {
  auto few = suspicious();
  succeed(few, 19, 1, t + 2s);
  BOOST_TEST(!few.throttled(1, t + 3s, t + 3100ms).organizer);
  auto narrow = suspicious();
  succeed(narrow, 4, 100, t + 2s);
  BOOST_TEST(!narrow.throttled(1, t + 3s, t + 3100ms).organizer);
}

BOOST_AUTO_TEST_CASE(evidence_adds_up_while_it_alone_is_throttled) {
  auto i = suspicious();
  unsigned throttles = 0;
  for (auto now = t + 2s; !i.limited(1); now += 2s) {
    succeed(i, 9, 10, now);
    for (int n = 0; n < 10; ++n) i.succeeded(1, now);
    const auto r = i.throttled(1, now + 1s, now + 1100ms);
    BOOST_TEST(r.organizer == i.limited(1));
    BOOST_TEST(r.same_organizer == !r.organizer);
    i.closed_until(r, now + 1500ms);
    ++throttles;
  }
  // It makes a tenth of the calls and a little more: chance is below 1 in 10,000 after five.
  BOOST_TEST(throttles == 5U);
}

BOOST_AUTO_TEST_CASE(random_throttles_are_not_attributed_to_an_organizer) {
  inference i;
  std::mt19937_64 random(1);
  auto now = t;
  unsigned wrong = 0;
  for (int n = 0; n < 2000; ++n) {
    for (organizer_index p = 0; p < 50; ++p) {
      for (int calls = 0; calls < 20; ++calls) i.succeeded(p, now);
    }
    const auto r = i.throttled(static_cast<organizer_index>(random() % 50), now + 1s, now + 1100ms);
    i.closed_until(r, now + 2s);
    wrong += r.organizer ? 1U : 0U;
    now += 3s;
  }
  BOOST_TEST(wrong == 0U);
}

BOOST_AUTO_TEST_CASE(successes_of_calls_sent_before_the_cooldown_opened_prove_nothing) {
  auto i = suspicious();
  succeed(i, 10, 10, t + 500ms);
  BOOST_TEST(!i.throttled(1, t + 3s, t + 3100ms).organizer);
}

BOOST_AUTO_TEST_CASE(two_organizers_that_are_throttled_together_are_the_lane) {
  auto i = suspicious();
  (void)i.throttled(2, t + 50ms, t + 150ms);  // it was in flight when the cooldown was announced
  succeed(i, 10, 10, t + 2s);
  BOOST_TEST(!i.throttled(1, t + 3s, t + 3100ms).organizer);
}

BOOST_AUTO_TEST_CASE(a_throttle_of_another_organizer_in_the_cooldown_clears_the_attribution_and_counts_the_calls_made_since) {
  auto i = convinced();
  for (int n = 0; n < 7; ++n) i.called(12, t + 4s);
  i.called(12, t + 5500ms);  // after the cooldown: not too early
  i.called(1, t + 4s);
  const auto r = i.throttled(12, t + 4s, t + 4100ms);
  BOOST_TEST(!r.organizer);
  BOOST_TEST(r.misattributed == 7U);
  BOOST_TEST(!i.limited(1));
  i.closed_until(r, t + 6s);
  succeed(i, 10, 10, t + 7s);
  // The attribution was wrong, so another one takes the full evidence.
  BOOST_TEST(!i.throttled(1, t + 8s, t + 8100ms).organizer);
}

BOOST_AUTO_TEST_CASE(an_organizer_that_was_limited_before_takes_less_evidence_after_a_throttle_of_the_lane) {
  auto i = convinced();
  const auto lane = i.throttled(12, t + 9s, t + 9100ms);
  BOOST_TEST(!lane.organizer);
  BOOST_TEST(!i.limited(1));
  i.closed_until(lane, t + 10s);
  succeed(i, 10, 10, t + 11s);
  const auto r = i.throttled(1, t + 12s, t + 12100ms);
  BOOST_TEST(r.organizer);
  BOOST_TEST(!r.newly_limited);  // the lane was not closed for it this time
}

BOOST_AUTO_TEST_CASE(a_much_shorter_wait_in_its_cooldown_is_another_limit) {
  auto i = suspicious();
  succeed(i, 100, 2, t + 1500ms);
  i.closed_until(i.throttled(1, t + 1600ms, t + 1700ms), t + 1800ms);
  succeed(i, 100, 2, t + 2s);
  i.closed_until(i.throttled(1, t + 3s, t + 3100ms), t + 23s);
  const auto lane = i.throttled(12, t + 5s, t + 5100ms, 1s);
  BOOST_TEST(!lane.organizer);
  i.closed_until(lane, t + 6100ms);
  succeed(i, 10, 10, t + 7s);
  BOOST_TEST(i.throttled(1, t + 23s, t + 23100ms, 20s).organizer);
}

BOOST_AUTO_TEST_CASE(successes_of_its_own_calls_clear_an_organizer) {
  auto i = convinced();
  for (unsigned n = 0; n < inference::successes_to_clear; ++n) i.succeeded(1, t + 6s);
  BOOST_TEST(!i.limited(1));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(calls_in_flight)

namespace {

// So many calls that took so long, one every 10 ms.
mono_time calls(concurrency_limit& w, mono_time now, unsigned n, std::chrono::nanoseconds took, unsigned in_flight) {
  for (unsigned i = 0; i < n; ++i) {
    w.called(in_flight);
    w.succeeded(now - took, now);
    now += 10ms;
  }
  return now;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_steady_service_gets_all_connections) {
  concurrency_limit w(16);
  (void)calls(w, t, 1000, 100ms, 16);
  BOOST_TEST(w.limit() == 16U);
}

BOOST_AUTO_TEST_CASE(a_service_that_grows_slow_gets_fewer_calls_at_once_and_more_when_it_recovers) {
  concurrency_limit w(64);
  auto now = calls(w, t, 200, 50ms, 8);
  now = calls(w, now, 600, 400ms, 64);
  BOOST_TEST(w.limit() <= 16U);
  BOOST_TEST(w.limit() >= 2U);
  for (int i = 0; i < 60; ++i) now = calls(w, now, 64, 50ms, w.limit());
  BOOST_TEST(w.limit() == 64U);
}

BOOST_AUTO_TEST_CASE(latency_that_does_not_depend_on_the_load_changes_nothing) {
  concurrency_limit w(64);
  auto now = calls(w, t, 200, 50ms, 4);
  (void)calls(w, now, 600, 400ms, 4);
  BOOST_TEST(w.limit() == 64U);
}

BOOST_AUTO_TEST_CASE(timeouts_halve_once_a_second_and_never_to_nothing) {
  concurrency_limit w(16);
  for (int i = 0; i < 10; ++i) w.timed_out(t);
  BOOST_TEST(w.limit() == 8U);
  for (int i = 1; i < 10; ++i) w.timed_out(t + i * 2s);
  BOOST_TEST(w.limit() == 2U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace convoke::engine
