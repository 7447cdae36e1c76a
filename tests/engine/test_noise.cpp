// Throttles by chance and throttles of a limit, as the pace sees them: how many calls lay between them, and at which rate.

#include "engine/noise.hpp"

#include <algorithm>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <random>

namespace convoke::engine {

namespace {

using finding = noise::finding;

// Calls between throttles that hit one call in `usual`.
class by_chance {
 public:
  explicit by_chance(std::uint64_t seed, double usual) : dice_(seed), gap_(1 / usual) {}
  double operator()() { return 1 + std::floor(gap_(dice_)); }

 private:
  std::mt19937_64 dice_;
  std::exponential_distribution<double> gap_;
};

noise::opening opening(double calls, double rate, double refused = 0) {
  return {.calls = calls, .rate = rate, .after = rate * 0.05, .refused = refused, .seconds = calls / rate + 1};
}

// Slows down by a tenth at each lesson and does what it is told; openings until chance is known, 0 if it never is.
int until_known(noise& n, by_chance& gap, double echoes) {
  double rate = 200, kept = rate;
  for (int i = 1; i <= 200; ++i) {
    switch (n.attribute(opening(gap(), rate, std::floor(echoes * rate * 0.05)))) {
      case finding::limit:
        rate *= 0.9;
        break;
      case finding::chance:
        return i;
      case finding::try_faster:
        kept = rate * 0.9;
        rate = n.to_try();
        break;
      case finding::failed:
        rate = kept;
        break;
    }
    rate = std::max(rate, 20.0);
  }
  return 0;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(noise_or_limit)

BOOST_DATA_TEST_CASE(chance_is_known_by_slowing_down_in_vain, boost::unit_test::data::make({0.0, 0.5, 1.0}), echoes) {
  int known = 0, openings = 0;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    noise n;
    by_chance gap(seed, 300);
    const int after = until_known(n, gap, echoes);
    if (after == 0) continue;
    ++known;
    openings += after;
    BOOST_TEST(n.chance() > 1 / 1500.0);
    BOOST_TEST(n.chance() < 1 / 60.0);
  }
  BOOST_TEST(known >= 95);
  BOOST_TEST(openings < 40 * known);
}

// A bucket that lets `depth` calls more through, so the nearer to the limit, the more calls there are before a refusal.
BOOST_DATA_TEST_CASE(a_limit_is_hardly_ever_taken_for_chance, boost::unit_test::data::make({2.0, 9.0, 100.0}), depth) {
  const double limit = 100;
  noise n;
  double rate = 130, kept = rate;
  int misattributed = 0;
  for (int i = 0; i < 200; ++i) {
    const auto calls = depth * rate / std::max(rate - limit, 0.5);
    const auto v = n.attribute(opening(calls, rate, std::floor(rate * 0.05 * (1 - limit / rate))));
    if (v == finding::chance) ++misattributed;
    if (v == finding::try_faster) {
      kept = rate;
      rate = n.to_try();
    } else {
      if (v == finding::failed) rate = kept;
      rate = rate > 1.02 * limit ? rate * 0.97 : 1.1 * limit;
    }
  }
  BOOST_TEST(misattributed <= 20);
}

BOOST_AUTO_TEST_CASE(another_limit_than_before_is_not_chance) {
  noise n;
  for (int i = 0; i < 6; ++i) BOOST_TEST((n.attribute(opening(20000, 100)) == finding::limit));
  // It halves: met after as many calls as a second lets through, whatever the rate.
  for (const double rate : {100.0, 98.0, 70.0, 60.0, 53.0}) BOOST_TEST((n.attribute(opening(50, rate)) == finding::limit));
}

namespace {

noise with_known_chance() {
  noise n;
  for (std::uint64_t seed = 1;; ++seed) {
    by_chance gap(seed, 300);
    n = {};
    if (until_known(n, gap, 0) > 0) return n;
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(what_chance_explains_teaches_nothing) {
  auto n = with_known_chance();
  by_chance gap(77, 300);
  int lessons = 0;
  for (int i = 0; i < 300; ++i)
    if (n.attribute(opening(gap(), 100)) == finding::limit) ++lessons;
  BOOST_TEST(lessons < 30);
}

BOOST_AUTO_TEST_CASE(throttles_too_soon_are_the_limits) {
  auto n = with_known_chance();
  int lessons = 0;
  for (int i = 0; i < 4; ++i)
    if (n.attribute(opening(5, 100)) == finding::limit) ++lessons;
  BOOST_TEST(lessons >= 2);
}

BOOST_AUTO_TEST_CASE(throttles_too_evenly_apart_are_the_limits) {
  auto n = with_known_chance();
  int lessons = 0;
  for (int i = 0; i < 10; ++i)
    if (n.attribute(opening(280 + i, 100)) == finding::limit) ++lessons;
  BOOST_TEST(lessons >= 1);
  BOOST_TEST(n.chance() == 0.0);  // nor had the others been chance
}

BOOST_AUTO_TEST_CASE(many_refused_at_once_are_the_limits) {
  auto n = with_known_chance();
  BOOST_TEST((n.attribute(opening(400, 100, 5)) == finding::limit));
}

BOOST_AUTO_TEST_CASE(where_going_faster_gets_no_more_done_it_was_no_chance) {
  auto n = with_known_chance();
  by_chance gap(5, 300);
  // Four times as fast, and as many calls a minute as before.
  for (int i = 0; i < 16 && n.chance() > 0; ++i) {
    auto o = opening(gap(), 1000);
    o.seconds = o.calls / 40;
    (void)n.attribute(o);
  }
  BOOST_TEST(n.chance() == 0.0);
}

BOOST_AUTO_TEST_CASE(it_is_over_when_nothing_is_throttled_any_more) {
  auto n = with_known_chance();
  n.quiet_for(5 / n.chance());
  BOOST_TEST(n.chance() > 0);
  n.quiet_for(13 / n.chance());
  BOOST_TEST(n.chance() == 0.0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace convoke::engine
