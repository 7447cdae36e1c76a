// What progress reports while calls are made, are throttled, and make no progress.

#include <boost/test/unit_test.hpp>

#include "run/progress_meter.hpp"

using namespace convoke;
using namespace convoke::run;
using namespace std::chrono_literals;

namespace {

constexpr utc_time wall{std::chrono::seconds(1'790'000'000)};

struct fixture {
  mono_time now{1h};
  engine::counters numbers{.rate = 50};
  progress_meter meter{1000, 0, 1000, now};

  // Reports five times a second, as the driver does.
  observer::progress pass(std::chrono::nanoseconds how_long, std::uint64_t rows_each_time) {
    observer::progress p;
    for (const auto end = now + how_long; now < end;) {
      now += 200ms;
      if (rows_each_time > 0) meter.ended(rows_each_time, rows_each_time, now);
      p = meter.report(numbers, now, wall);
    }
    return p;
  }
  void close(std::chrono::nanoseconds how_long) { numbers.cooldown_until = now + how_long; }
};

bool about(std::optional<std::chrono::milliseconds> t, std::chrono::milliseconds wanted) {
  return t && *t > wanted * 8 / 10 && *t < wanted * 12 / 10;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(progress, fixture)

BOOST_AUTO_TEST_CASE(before_anything_is_observed_the_pace_is_used) {
  const auto p = pass(200ms, 0);
  BOOST_TEST(about(p.left, 20s));
  BOOST_TEST(p.calls_left == 1000u);
}

BOOST_AUTO_TEST_CASE(rows_are_counted_once_they_are_committed) {
  const auto p = pass(10s, 10);
  BOOST_TEST(p.done == 500u);
  BOOST_TEST(p.rate > 45.0);
  BOOST_TEST(p.rate < 55.0);
  BOOST_TEST(about(p.left, 10s));
}

BOOST_AUTO_TEST_CASE(released_rows_are_not_done_and_owe_no_call) {
  meter.ended(100, 0, now);
  const auto p = pass(200ms, 0);
  BOOST_TEST(p.done == 0u);
  BOOST_TEST(p.calls_left == 900u);
}

BOOST_AUTO_TEST_CASE(rows_that_share_a_key_share_a_call) {
  progress_meter duplicates(10, 0, 4, now);
  duplicates.ended(2, 5, now);
  const auto p = duplicates.report(numbers, now, wall);
  BOOST_TEST(p.done == 5u);
  BOOST_TEST(p.calls_left == 2u);
}

BOOST_AUTO_TEST_CASE(the_observed_rate_is_used_where_it_is_below_the_pace) {
  numbers.rate = 500;
  BOOST_TEST(about(pass(10s, 2).left, 72s));  // 900 calls at 10/s, and a quarter more
}

BOOST_AUTO_TEST_CASE(a_long_cooldown_is_part_of_the_time_left_and_does_not_change_the_usual_rate) {
  pass(10s, 10);
  close(5min);
  auto p = pass(100s, 0);
  BOOST_TEST_REQUIRE(p.closed_for.has_value());
  BOOST_TEST((*p.closed_for == 200s));
  BOOST_TEST((*p.closed_until == wall + 200s));
  BOOST_TEST(about(p.left, 210s));
  p = pass(200s, 0);
  BOOST_TEST(!p.closed_for.has_value());
  BOOST_TEST(!p.nothing_for.has_value());
  BOOST_TEST(about(p.left, 10s));
}

BOOST_AUTO_TEST_CASE(repeated_short_cooldowns_are_part_of_the_usual_rate) {
  observer::progress p;
  for (int i = 0; i < 10; ++i) {
    close(2s);
    pass(2s, 0);
    p = pass(1s, 10);
  }
  BOOST_TEST(about(p.left, 24s));  // 500 calls at a third of 50/s, and a quarter more
}

BOOST_AUTO_TEST_CASE(without_progress_there_is_no_forecast) {
  pass(10s, 10);
  BOOST_TEST(!pass(29s, 0).nothing_for.has_value());
  const auto p = pass(2s, 0);
  BOOST_TEST_REQUIRE(p.nothing_for.has_value());
  BOOST_TEST((*p.nothing_for >= 30s));
  BOOST_TEST(!p.left.has_value());
  BOOST_TEST(pass(200ms, 10).left.has_value());
}

BOOST_AUTO_TEST_CASE(rows_that_others_end_are_done_and_rows_that_come_are_left) {
  meter.found(400, now);
  auto p = pass(200ms, 0);
  BOOST_TEST(p.done == 600u);
  BOOST_TEST(p.calls_left == 400u);
  meter.found(500, now);
  p = pass(200ms, 0);
  BOOST_TEST(p.rows == 1100u);
  BOOST_TEST(p.done == 600u);
  BOOST_TEST(p.calls_left == 500u);
  meter.ended(500, 500, now);
  BOOST_TEST(pass(200ms, 0).done == 1100u);
  BOOST_TEST(!pass(60s, 0).nothing_for.has_value(), "nothing is left that could end");
}

BOOST_AUTO_TEST_CASE(rows_that_others_hold_at_the_start_are_counted_once) {
  progress_meter some(100, 0, 60, now);
  some.found(100, now);
  some.ended(60, 60, now);
  some.found(0, now);
  const auto p = some.report(numbers, now, wall);
  BOOST_TEST(p.rows == 100u);
  BOOST_TEST(p.done == 100u);
}

BOOST_AUTO_TEST_SUITE_END()
