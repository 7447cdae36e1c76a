#include <rapidcheck/boost_test.h>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <limits>

#include "pacing/pacing.hpp"

namespace {

using namespace std::chrono_literals;
using convoke::pacing::random_engine;
using std::chrono::nanoseconds;

}  // namespace

BOOST_AUTO_TEST_SUITE(jitter_and_backoff)

RC_BOOST_PROP(jitter_is_never_less_and_at_most_a_tenth, (std::uint64_t seed)) {
  random_engine random(seed);
  const nanoseconds wait{*rc::gen::inRange<std::int64_t>(0, std::numeric_limits<std::int64_t>::max())};
  const auto got = convoke::pacing::with_jitter(wait, random);
  RC_ASSERT(got >= wait);
  RC_ASSERT(got - wait <= nanoseconds(wait.count() / 10));
}

BOOST_AUTO_TEST_CASE(jitter_spreads_over_the_tenth) {
  random_engine random(7);
  auto least = 200s * 1000, most = 0s * 1000;
  for (int i = 0; i < 1000; ++i) {
    const auto got = std::chrono::duration_cast<std::chrono::seconds>(convoke::pacing::with_jitter(100'000s, random));
    least = std::min(least, got);
    most = std::max(most, got);
  }
  BOOST_TEST(least.count() < 100'500);
  BOOST_TEST(most.count() > 109'500);
}

BOOST_AUTO_TEST_CASE(jitter_does_not_overflow) {
  random_engine random(1);
  BOOST_TEST((convoke::pacing::with_jitter(nanoseconds::max(), random) == nanoseconds::max()));
  BOOST_TEST((convoke::pacing::with_jitter(0ns, random) == 0ns));
}

BOOST_AUTO_TEST_CASE(backoff_doubles_to_a_minute) {
  for (unsigned failures = 0; failures < 200; ++failures) {
    const double step = std::min(60.0, std::pow(2.0, std::max(1U, failures) - 1.0));
    double least = 1e9, most = 0;
    random_engine random(failures);
    for (int i = 0; i < 400; ++i) {
      const double got = std::chrono::duration<double>(convoke::pacing::backoff(failures, random)).count();
      least = std::min(least, got);
      most = std::max(most, got);
    }
    BOOST_TEST(least >= step / 2);
    BOOST_TEST(least < step * 0.52);
    BOOST_TEST(most <= step);
    BOOST_TEST(most > step * 0.98);
  }
  random_engine random(1);
  BOOST_TEST((convoke::pacing::backoff(std::numeric_limits<unsigned>::max(), random) <= 60s));
}

BOOST_AUTO_TEST_SUITE_END()
