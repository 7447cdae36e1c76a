#include <rapidcheck/boost_test.h>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <cmath>
#include <limits>
#include <vector>

#include "pacing/pacing.hpp"

namespace {

// A call may be as much too early as the one before was late, at most a quarter of the spacing.
constexpr double lateness = 0.25;

using namespace std::chrono_literals;
using convoke::mono_time;
using convoke::pacing::gcra;
using std::chrono::nanoseconds;

const mono_time start{1h};

double seconds_between(mono_time a, mono_time b) {
  return std::chrono::duration<double>(b - a).count();
}
double burst_of(double rate) {
  return std::max(1.0, 0.002 * rate);
}

// Calls as soon as they conform, `count` of them.
std::vector<mono_time> greedy(gcra& pace, mono_time& now, std::size_t count) {
  std::vector<mono_time> calls;
  while (calls.size() < count) {
    now = std::max(now, pace.next(now));
    pace.take(now);
    calls.push_back(now);
  }
  return calls;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(even_spacing)

BOOST_AUTO_TEST_CASE(calls_are_spaced_evenly) {
  gcra pace(10);
  mono_time now = start;
  const auto calls = greedy(pace, now, 50);
  BOOST_TEST((calls.front() == start));
  for (std::size_t i = 1; i < calls.size(); ++i) BOOST_TEST((calls[i] - calls[i - 1] == 100ms));
}

BOOST_AUTO_TEST_CASE(the_burst_is_two_milliseconds_worth) {
  gcra pace(5000);
  mono_time now = start;
  const auto calls = greedy(pace, now, 5000);
  BOOST_TEST(std::count(calls.begin(), calls.end(), start) == 10);
  BOOST_TEST(seconds_between(start, calls.back()) > 0.997);
  BOOST_TEST(seconds_between(start, calls.back()) < 0.999);
}

BOOST_AUTO_TEST_CASE(what_a_timer_is_late_by_is_not_lost) {
  gcra pace(500);
  mono_time now = start;
  unsigned calls = 0;
  for (; now < start + 10s; ++calls) {
    now = std::max(now, pace.next(now)) + 150us;
    pace.take(now);
  }
  BOOST_TEST(calls >= 4998U);
  BOOST_TEST(calls <= 5001U);
}

BOOST_AUTO_TEST_CASE(a_pause_is_worth_one_burst_and_no_more) {
  gcra pace(5000);
  mono_time now = start;
  greedy(pace, now, 100);
  now += 1h;
  const auto resumed = now;
  const auto calls = greedy(pace, now, 30);
  BOOST_TEST(std::count(calls.begin(), calls.end(), resumed) == 10);
}

BOOST_AUTO_TEST_CASE(a_faster_pace_begins_without_a_burst) {
  gcra pace(10);
  mono_time now = start;
  greedy(pace, now, 1);
  pace.set_rate(5000, now);
  // One call at 10/s was taken just now: the next is due after one spacing of the new pace.
  BOOST_TEST((pace.next(now) == now + 200us));
  const auto calls = greedy(pace, now, 100);
  for (std::size_t i = 1; i < calls.size(); ++i) BOOST_TEST((calls[i] - calls[i - 1] == 200us));
}

BOOST_AUTO_TEST_CASE(a_slower_pace_keeps_the_calls_that_were_taken) {
  gcra pace(5000);
  mono_time now = start;
  greedy(pace, now, 10);
  pace.set_rate(10, now);
  BOOST_TEST((pace.next(now) == now + 100ms));
}

BOOST_AUTO_TEST_CASE(a_change_of_rate_keeps_the_elapsed_share_of_a_spacing) {
  gcra pace(1);
  pace.take(start);
  pace.set_rate(10, start + 500ms);
  BOOST_TEST((pace.next(start + 500ms) == start + 550ms));
}

BOOST_AUTO_TEST_CASE(setting_the_same_rate_changes_nothing) {
  gcra pace(3);
  mono_time now = start;
  greedy(pace, now, 5);
  const auto due = pace.next(now);
  for (int i = 0; i < 1000; ++i) pace.set_rate(3, now + std::chrono::microseconds(i));
  BOOST_TEST((pace.next(now) == due));
}

BOOST_AUTO_TEST_CASE(rates_out_of_range_are_the_slowest_or_the_fastest) {
  for (const double rate : {0.0, -1.0, std::nan(""), 1e-300}) {
    gcra pace(rate);
    pace.take(start);
    BOOST_TEST((pace.next(start) > start + 24h));
    BOOST_TEST(pace.rate() > 0);
  }
  gcra pace(std::numeric_limits<double>::infinity());
  pace.take(start);
  BOOST_TEST((pace.next(start) <= start + 1us));
}

// At whatever times calls are made: any window has no more of them than the rate allows, plus one burst.
RC_BOOST_PROP(never_admits_more_than_rate_and_burst_in_any_window, ()) {
  const double rate = *rc::gen::map(rc::gen::inRange(-20, 170), [](int e) { return std::pow(10.0, e / 30.0); });
  const auto pauses = *rc::gen::container<std::vector<unsigned>>(rc::gen::inRange(0U, 4000U));
  gcra pace(rate);
  mono_time now = start;
  std::vector<mono_time> calls;
  for (const auto pause : pauses) {
    now += nanoseconds(static_cast<std::int64_t>(pause * 1e6 / rate));  // 0 to 4 spacings
    for (int tries = 0; tries < 5; ++tries) {
      if (pace.next(now) > now) break;
      pace.take(now);
      calls.push_back(now);
    }
  }
  for (std::size_t i = 0; i < calls.size(); ++i) {
    for (std::size_t j = i; j < calls.size(); ++j) {
      const auto count = static_cast<double>(j - i + 1);
      RC_ASSERT(count <= rate * seconds_between(calls[i], calls[j]) + burst_of(rate) + lateness + 1e-6);
    }
  }
}

// The same while the rate changes at every step: the integral of the rate, plus the burst in force when the window opens.
RC_BOOST_PROP(changing_the_rate_never_grants_calls, ()) {
  const auto steps = *rc::gen::container<std::vector<std::pair<int, unsigned>>>(
      rc::gen::pair(rc::gen::inRange(-10, 150), rc::gen::inRange(0U, 20'000'000U)));
  double rate = 20;
  gcra pace(rate);
  mono_time now = start;
  struct sample {
    double allowed;  // the integral of the rate up to here
    double burst;
  };
  std::vector<sample> calls;
  double allowed = 0;
  for (const auto& [exponent, pause] : steps) {
    now += nanoseconds(pause);
    allowed += rate * pause * 1e-9;
    for (int tries = 0; tries < 200 && pace.next(now) <= now; ++tries) {
      pace.take(now);
      calls.push_back({allowed, burst_of(rate)});
    }
    rate = std::pow(10.0, exponent / 30.0);
    pace.set_rate(rate, now);
    RC_ASSERT(pace.rate() == rate);
  }
  for (std::size_t i = 0; i < calls.size(); ++i) {
    for (std::size_t j = i; j < calls.size(); ++j) {
      RC_ASSERT(static_cast<double>(j - i + 1) <= calls[j].allowed - calls[i].allowed + calls[i].burst + lateness + 1e-6);
    }
  }
}

// A caller that always has work gets the whole rate.
RC_BOOST_PROP(a_greedy_caller_gets_the_whole_rate, ()) {
  const double rate = *rc::gen::map(rc::gen::inRange(-20, 150), [](int e) { return std::pow(10.0, e / 30.0); });
  gcra pace(rate);
  mono_time now = start;
  const auto calls = greedy(pace, now, 1000);
  const double achieved = 999 / seconds_between(calls.front(), calls.back());
  RC_ASSERT(achieved >= rate * 0.9998);
}

BOOST_AUTO_TEST_SUITE_END()
