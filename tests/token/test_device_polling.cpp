#include <rapidcheck/boost_test.h>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <vector>

#include "token/device_polling.hpp"

namespace {

using namespace std::chrono_literals;
using convoke::mono_time;
using convoke::token::device_polling;

const mono_time start{100h};

BOOST_AUTO_TEST_SUITE(polling_for_a_sign_in)

BOOST_AUTO_TEST_CASE(the_interval_counts_from_each_answer) {
  device_polling p(5s, 900s, start);
  BOOST_TEST((p.next() == start + 5s));
  p.pending(start + 7s);
  BOOST_TEST((p.next() == start + 12s));
}

BOOST_AUTO_TEST_CASE(slow_down_makes_the_interval_five_seconds_longer_for_good) {
  device_polling p(5s, 900s, start);
  p.slow_down(start + 5s);
  BOOST_TEST((p.next() == start + 15s));
  p.pending(start + 15s);
  BOOST_TEST((p.next() == start + 25s));
  p.slow_down(start + 25s);
  BOOST_TEST((p.next() == start + 40s));
}

BOOST_AUTO_TEST_CASE(after_failures_the_wait_doubles_up_to_a_minute_and_is_forgotten_with_the_next_answer) {
  device_polling p(5s, 90000s, start);
  auto now = start;
  for (const auto wait : {10s, 20s, 40s, 60s, 60s}) {
    p.failed(std::nullopt, now);
    BOOST_TEST((p.next() == now + wait));
    now += wait;
  }
  p.pending(now);
  BOOST_TEST((p.next() == now + 5s));
}

BOOST_AUTO_TEST_CASE(a_retry_after_is_obeyed_and_makes_no_request_early) {
  device_polling p(5s, 900s, start);
  p.failed(300s, start);
  BOOST_TEST((p.next() == start + 300s));
  p.failed(1s, start + 300s);
  BOOST_TEST((p.next() == start + 320s));
}

BOOST_AUTO_TEST_CASE(an_interval_over_a_minute_is_kept_after_a_failure) {
  device_polling p(120s, 9000s, start);
  p.failed(std::nullopt, start);
  BOOST_TEST((p.next() == start + 120s));
}

BOOST_AUTO_TEST_CASE(there_is_no_request_after_the_code_has_expired) {
  device_polling p(5s, 11s, start);
  p.pending(start + 5s);
  BOOST_TEST((p.next() == start + 10s));
  p.pending(start + 10s);
  BOOST_TEST(!p.next());
  BOOST_TEST(!device_polling(10s, 10s, start).next());
}

// Whatever is answered, no request comes earlier than the service allows, and all come before the code expires.
RC_BOOST_PROP(no_request_is_early, ()) {
  const auto interval = std::chrono::seconds(*rc::gen::inRange(1, 60));
  const auto valid_for = std::chrono::seconds(*rc::gen::inRange(1, 5000));
  const auto answers = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 3));
  device_polling p(interval, valid_for, start);
  auto allowed = start + interval;
  std::chrono::nanoseconds least = interval;
  for (const int answer : answers) {
    const auto next = p.next();
    if (!next) break;
    RC_ASSERT(*next >= allowed);
    RC_ASSERT(*next < start + valid_for);
    const auto now = *next + std::chrono::milliseconds(*rc::gen::inRange(0, 3000));
    if (answer == 0) p.pending(now);
    if (answer == 1) p.slow_down(now);
    if (answer == 2) p.failed(std::nullopt, now);
    if (answer == 1) least += 5s;
    allowed = now + least;
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
