// Signals become stop requests. What the second one's time limit does is a matter for tests of the whole program.

#include <csignal>
#include <semaphore>

#include <boost/test/unit_test.hpp>

#include "cli/signals.hpp"

namespace {

using convoke::cli::signals;

// Waits until a stop is requested.
void await(const std::stop_token& stop) {
  std::binary_semaphore requested(0);
  const std::stop_callback wakes(stop, [&requested] { requested.release(); });
  requested.acquire();
}

bool has_handler(int number, void (*handler)(int)) {
  struct sigaction now{};
  return ::sigaction(number, nullptr, &now) == 0 && now.sa_handler == handler;
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_first_signal_requests_a_stop_and_is_remembered) {
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    signals caught;
    caught.set_calling(true);
    BOOST_TEST(caught.first() == 0);
    BOOST_TEST(!caught.stop().stop_requested());
    std::raise(number);
    await(caught.stop());
    BOOST_TEST(caught.first() == number);
    BOOST_TEST(!caught.at_once().stop_requested());
  }
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) BOOST_TEST(has_handler(number, SIG_DFL));
}

BOOST_AUTO_TEST_CASE(the_second_signal_requests_a_stop_at_once) {
  signals caught;
  std::raise(SIGTERM);
  await(caught.stop());
  std::raise(SIGINT);
  await(caught.at_once());
  BOOST_TEST(caught.first() == SIGTERM);
}

BOOST_AUTO_TEST_CASE(tokens_outlive_the_signals) {
  std::stop_token stop;
  {
    const signals caught;
    stop = caught.stop();
    std::raise(SIGINT);
    await(stop);
  }
  BOOST_TEST(stop.stop_requested());
  const signals again;
  BOOST_TEST(!again.stop().stop_requested());
  BOOST_TEST(again.first() == 0);
}

BOOST_AUTO_TEST_CASE(a_hangup_that_is_ignored_stays_ignored) {
  std::signal(SIGHUP, SIG_IGN);
  {
    const signals caught;
    BOOST_TEST(has_handler(SIGHUP, SIG_IGN));
    BOOST_TEST(!has_handler(SIGTERM, SIG_DFL));
  }
  BOOST_TEST(has_handler(SIGHUP, SIG_IGN));
  std::signal(SIGHUP, SIG_DFL);
}
