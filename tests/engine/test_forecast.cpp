// Forecasts are arithmetic, and must not state what is not known.

#include <vector>

#include <boost/test/unit_test.hpp>

#include "engine/forecast.hpp"

using namespace convoke;
using namespace convoke::engine;
using namespace std::chrono_literals;
using basis = forecast::basis;

namespace {

std::optional<remembered_pace> learnt(double rate, std::chrono::nanoseconds age) {
  return remembered_pace{{.rate = rate}, age};
}

}  // namespace

BOOST_AUTO_TEST_CASE(no_calls_take_no_time) {
  const auto f = foresee({}, {}, learnt(48, 1h), 10min);
  BOOST_TEST((f.from == basis::nothing_to_do));
  BOOST_TEST((f.most == 0ms));
}

BOOST_AUTO_TEST_CASE(a_learnt_rate_gives_one_figure) {
  const auto f = foresee({}, {.calls = 12'000}, learnt(48, 22h), 0s);
  BOOST_TEST((f.from == basis::learnt));
  BOOST_TEST(f.rate == 48.0);
  BOOST_TEST((f.learnt_ago == 22h));
  BOOST_TEST((f.least == 250s));
  BOOST_TEST((f.most == 250s));
}

BOOST_AUTO_TEST_CASE(an_old_rate_is_started_from_at_half) {
  BOOST_TEST((foresee({}, {.calls = 100}, learnt(50, 36h), 0s).from == basis::learnt));
  const auto f = foresee({}, {.calls = 12'000}, learnt(48, 40h), 0s);
  BOOST_TEST((f.from == basis::learnt_long_ago));
  BOOST_TEST(f.rate == 24.0);
  BOOST_TEST((f.least == 250s));
  BOOST_TEST((f.most == 500s));
}

BOOST_AUTO_TEST_CASE(what_was_learnt_stays_below_the_ceiling) {
  const auto f = foresee({.rate = 20}, {.calls = 100}, learnt(48, 1h), 0s);
  BOOST_TEST(f.rate == 20.0);
  BOOST_TEST((f.most == 5s));
  BOOST_TEST(foresee({.rate = 20}, {.calls = 100}, learnt(48, 40h), 0s).rate == 20.0);
  BOOST_TEST(foresee({}, {.calls = 100}, learnt(0.001, 1h), 0s).rate == 0.5);
}

BOOST_AUTO_TEST_CASE(an_unknown_limit_gives_a_range) {
  const auto f = foresee({.rate = 500, .start_rate = 10}, {.calls = 12'000}, std::nullopt, 0s);
  BOOST_TEST((f.from == basis::unknown));
  BOOST_TEST(f.rate == 10.0);
  BOOST_TEST(f.ceiling == 500.0);
  BOOST_TEST((f.most == 20min));
  // 10, 20, 40, 80, 160, 320/s for half a second each: 315 calls in 3 s; the others at 500/s.
  BOOST_TEST((f.least == 26'370ms));
  const auto few = foresee({.rate = 500, .start_rate = 10}, {.calls = 10}, std::nullopt, 0s);
  BOOST_TEST((few.least == 750ms));
  BOOST_TEST((few.most == 1s));
  const auto capped = foresee({.rate = 5, .start_rate = 10}, {.calls = 10}, std::nullopt, 0s);
  BOOST_TEST((capped.least == 2s));
  BOOST_TEST((capped.most == 2s));
}

BOOST_AUTO_TEST_CASE(a_fixed_rate_is_the_one_that_was_set) {
  const auto f = foresee({.rate = 100, .fixed_rate = true}, {.calls = 1000}, learnt(48, 1h), 0s);
  BOOST_TEST((f.from == basis::fixed));
  BOOST_TEST((f.most == 10s));
}

BOOST_AUTO_TEST_CASE(a_cooldown_delays_and_a_busy_organizer_does) {
  const auto closed = foresee({}, {.calls = 480}, learnt(48, 1h), 90s);
  BOOST_TEST((closed.closed_for == 90s));
  BOOST_TEST((closed.most == 100s));
  const auto busy = foresee({.organizer_rate = 0.5}, {.calls = 480, .busiest = 60}, learnt(48, 1h), 0s);
  BOOST_TEST((busy.least == 2min));
  BOOST_TEST((busy.most == 2min));
}

BOOST_AUTO_TEST_CASE(clocks_that_are_set_back_and_huge_plans_do_not_overflow) {
  BOOST_TEST((foresee({}, {.calls = 1}, learnt(48, -5h), 0s).learnt_ago == 0s));
  BOOST_TEST((foresee({.rate = 0.01, .fixed_rate = true}, {.calls = ~std::uint64_t{0}}, {}, 0s).most > 24h * 365));
}

BOOST_AUTO_TEST_CASE(the_time_left_follows_what_was_seen) {
  BOOST_TEST((time_left(480, 48, 0, 0s) == 10s));       // nothing seen yet: the pace
  BOOST_TEST((time_left(480, 48, 47, 30s) == 40s));     // the cooldown counts
  BOOST_TEST((time_left(480, 500, 40, 0s) == 9600ms));  // the connections carry less than the pace allows
  BOOST_TEST((!time_left(480, 0, 0, 0s).has_value()));
  BOOST_TEST((time_left(0, 48, 48, 0s) == 0s));
}

BOOST_AUTO_TEST_CASE(of_several_lanes_the_slowest_decides) {
  const auto quick = foresee({}, {.calls = 480}, learnt(48, 1h), 0s), slow = foresee({}, {.calls = 480}, learnt(4, 2h), 30s);
  const auto idle = foresee({}, {}, learnt(400, 1h), 0s);
  const auto all = together(std::vector{quick, slow, idle});
  BOOST_TEST(all.calls == 960U);
  BOOST_TEST(all.rate == 52.0);  // that of the idle lane does not count
  BOOST_TEST((all.least == slow.least));
  BOOST_TEST((all.most == slow.most));
  BOOST_TEST((all.closed_for == 30s));
  BOOST_TEST((together(std::vector{quick}).most == quick.most));
}
