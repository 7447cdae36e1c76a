#include <rapidcheck/boost_test.h>
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <cstdint>
#include <vector>

#include "pacing/pacing.hpp"

namespace {

using namespace std::chrono_literals;
using convoke::mono_time;
using convoke::pacing::cooldown;
using std::chrono::nanoseconds;

const mono_time start{1h};

}  // namespace

BOOST_AUTO_TEST_SUITE(cooldowns)

BOOST_AUTO_TEST_CASE(a_new_cooldown_is_open) {
  const cooldown c;
  BOOST_TEST(!c.closed(mono_time::min()));
  BOOST_TEST(!c.closed(start));
}

BOOST_AUTO_TEST_CASE(closed_until_the_end_and_not_at_it) {
  cooldown c;
  BOOST_TEST(c.close_until(start + 5s));
  BOOST_TEST(c.closed(start));
  BOOST_TEST(c.closed(start + 5s - 1ns));
  BOOST_TEST(!c.closed(start + 5s));
}

BOOST_AUTO_TEST_CASE(an_earlier_or_equal_end_moves_nothing) {
  cooldown c;
  c.close_until(start + 5s);
  BOOST_TEST(!c.close_until(start + 3s));
  BOOST_TEST(!c.close_until(start + 5s));
  BOOST_TEST((c.end() == start + 5s));
}

RC_BOOST_PROP(the_latest_end_wins, (std::vector<std::int32_t> ends)) {
  cooldown c;
  mono_time latest = mono_time::min();
  for (const auto offset : ends) {
    const auto end = start + nanoseconds(offset);
    RC_ASSERT(c.close_until(end) == (end > latest));
    latest = std::max(latest, end);
    RC_ASSERT(c.end() == latest);
  }
}

BOOST_AUTO_TEST_SUITE_END()
