#include <boost/test/unit_test.hpp>
#include <chrono>

#include "core/saturating.hpp"

using convoke::mono_time;
using convoke::core::after;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(saturating)

BOOST_AUTO_TEST_CASE(a_wait_is_added_to_the_time) {
  BOOST_TEST((after(mono_time(5s), 2s) == mono_time(7s)));
  BOOST_TEST((after(mono_time(5s), 0s) == mono_time(5s)));
}

BOOST_AUTO_TEST_CASE(the_sum_does_not_pass_the_end_of_time) {
  constexpr auto end = mono_time::max();
  BOOST_TEST((after(mono_time(1ns), std::chrono::nanoseconds::max()) == end));
  BOOST_TEST((after(end, 1ns) == end));
  BOOST_TEST((after(end - 1ns, 1ns) == end));
  BOOST_TEST((after(end - 2ns, 1ns) == end - 1ns));
}

BOOST_AUTO_TEST_SUITE_END()
