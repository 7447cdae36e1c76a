// The machine's timer: when its handler runs, and that it does not run after the timer's end.

#include <boost/asio/post.hpp>
#include <boost/test/unit_test.hpp>

#include "run/clock.hpp"

using namespace convoke;
using namespace std::chrono_literals;

namespace {

struct fixture {
  boost::asio::io_context io{1};
  run::machine_clock clock{io};
  unsigned fired = 0;
  mono_time at{};
  std::unique_ptr<run::timer> timer = clock.make_timer([this] {
    ++fired;
    at = clock.now();
  });
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(machine_timer, fixture)

BOOST_AUTO_TEST_CASE(the_latest_request_counts_whether_it_is_earlier_or_later) {
  const auto begin = clock.now();
  timer->expire_at(begin + 10ms);
  timer->expire_at(begin + 5ms);
  timer->expire_at(begin + 30ms);
  io.run();
  BOOST_TEST(fired == 1U);
  BOOST_TEST((at >= begin + 30ms));
  io.restart();
  timer->expire_at(begin);  // in the past
  BOOST_TEST(fired == 1U);  // not from within the call
  io.run();
  BOOST_TEST(fired == 2U);
}

BOOST_AUTO_TEST_CASE(a_cancelled_timer_leaves_no_work_and_can_be_set_again) {
  timer->expire_at(clock.now() + 1h);
  timer->cancel();
  io.run();
  BOOST_TEST(fired == 0U);
  io.restart();
  timer->expire_at(clock.now() + 1ms);
  io.run();
  BOOST_TEST(fired == 1U);
}

BOOST_AUTO_TEST_CASE(an_expiry_that_is_queued_already_does_not_reach_a_timer_that_was_cancelled_or_has_ended) {
  for (const bool end : {false, true}) {
    timer->expire_at(clock.now() - 1s);
    // Between these handlers the io_context queues the expiry behind them.
    for (int i = 0; i < 2; ++i) boost::asio::post(io, [] {});
    io.restart();
    io.poll_one();
    io.poll_one();
    BOOST_REQUIRE(fired == 0U);
    end ? timer.reset() : timer->cancel();
    io.run();
    BOOST_TEST(fired == 0U);
  }
}

BOOST_AUTO_TEST_CASE(the_handler_may_set_its_own_timer) {
  std::unique_ptr<run::timer> again;
  unsigned times = 0;
  again = clock.make_timer([&] {
    if (++times < 3) again->expire_at(clock.now());
  });
  again->expire_at(clock.now());
  io.run();
  BOOST_TEST(times == 3U);
}

BOOST_AUTO_TEST_SUITE_END()
