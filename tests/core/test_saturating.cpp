#include "core/saturating.hpp"

#include <boost/test/unit_test.hpp>

namespace convoke::core {

using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(saturating)

BOOST_AUTO_TEST_CASE(a_wait_is_added_to_a_time) {
  BOOST_TEST((after(mono_time{1h}, 5s) == mono_time{1h + 5s}));
  BOOST_TEST((after(mono_time{-1h}, 5s) == mono_time{5s - 1h}));
}

BOOST_AUTO_TEST_CASE(the_sum_is_never_beyond_the_latest_time) {
  BOOST_TEST((after(mono_time{1h}, std::chrono::nanoseconds::max()) == mono_time::max()));
  BOOST_TEST((after(mono_time::max(), 1ns) == mono_time::max()));
  BOOST_TEST((after(mono_time::max() - 1s, 1s) == mono_time::max()));
  BOOST_TEST((after(mono_time::max() - 2s, 1s) == mono_time::max() - 1s));
}

BOOST_AUTO_TEST_CASE(a_time_before_the_epoch_does_not_overflow) {
  BOOST_TEST((after(mono_time::min(), 1s) == mono_time::min() + 1s));
  BOOST_TEST((after(mono_time::min(), std::chrono::nanoseconds::max()) < mono_time::max()));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace convoke::core
