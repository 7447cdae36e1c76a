#include <rapidcheck/boost_test.h>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <limits>

#include "token/token.hpp"

namespace {

using namespace std::chrono_literals;
using convoke::mono_time;
using convoke::token::grant;
using convoke::token::refusal;
using convoke::token::schedule;

const mono_time start{100h};

grant lasting(std::chrono::seconds life, std::optional<std::chrono::seconds> refresh = std::nullopt) {
  return {.access_token = convoke::secret("t"), .lifetime = life, .refresh_in = refresh};
}
refusal transient(std::optional<std::chrono::nanoseconds> retry_after = std::nullopt) {
  return {.fatal = false, .retry_after = retry_after, .message = {}};
}
refusal fatal() {
  return {.fatal = true, .retry_after = std::nullopt, .message = {}};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(token_schedule)

BOOST_AUTO_TEST_CASE(the_first_token_is_requested_at_once) {
  const schedule s;
  BOOST_TEST(!s.usable(start));
  BOOST_TEST((s.next_request() == mono_time::min()));
}

BOOST_AUTO_TEST_CASE(a_token_of_an_hour_is_usable_for_55_minutes_and_renewed_after_50) {
  schedule s;
  s.received(lasting(3600s), start, 0);
  BOOST_TEST(s.usable(start));
  BOOST_TEST(s.usable(start + 55min - 1ns));
  BOOST_TEST(!s.usable(start + 55min));
  BOOST_TEST((s.next_request() == start + 50min));
}

BOOST_AUTO_TEST_CASE(a_token_of_a_day_is_renewed_at_half_of_its_life_or_at_refresh_in) {
  schedule s;
  s.received(lasting(86400s), start, 0);
  BOOST_TEST((s.next_request() == start + 12h));
  BOOST_TEST(s.usable(start + 24h - 5min - 1ns));
  s.received(lasting(86400s, 20h), start, 0);
  BOOST_TEST((s.next_request() == start + 20h));
  s.received(lasting(86400s, 24h - 1s), start, 0);
  BOOST_TEST((s.next_request() == start + 24h - 10min));
}

BOOST_AUTO_TEST_CASE(short_lifetimes_have_margins_of_a_tenth) {
  schedule s;
  s.received(lasting(10s), start, 0);
  BOOST_TEST(s.usable(start + 9s - 1ns));
  BOOST_TEST(!s.usable(start + 9s));
  BOOST_TEST((s.next_request() == start + 8s));
  s.received(lasting(1s), start, 0);
  BOOST_TEST((s.next_request() == start + 800ms));
  BOOST_TEST(!s.usable(start + 900ms));
}

RC_BOOST_PROP(the_next_token_is_requested_while_the_present_one_is_usable, ()) {
  const auto life = std::chrono::seconds(*rc::gen::inRange(1, 28 * 3600));
  const auto refresh = *rc::gen::maybe(rc::gen::inRange(1, 28 * 3600));
  const double jitter = *rc::gen::map(rc::gen::inRange(0, 1001), [](int i) { return i / 1000.0; });
  schedule s;
  s.received(lasting(life, refresh && *refresh < life.count() ? std::optional(std::chrono::seconds(*refresh)) : std::nullopt), start,
             jitter);
  RC_ASSERT(s.next_request() > start);
  RC_ASSERT(s.usable(s.next_request()));
  RC_ASSERT(!s.usable(start + life));
}

BOOST_AUTO_TEST_CASE(jitter_only_makes_the_request_earlier) {
  schedule s;
  s.received(lasting(3600s), start, 1);
  BOOST_TEST((s.next_request() == start + 45min));
  s.received(lasting(3600s), start, 17);
  BOOST_TEST((s.next_request() == start + 45min));
  s.received(lasting(3600s), start, -3);
  BOOST_TEST((s.next_request() == start + 50min));
}

BOOST_AUTO_TEST_CASE(failures_back_off_and_the_present_token_stays) {
  schedule s;
  s.received(lasting(3600s), start, 0);
  mono_time now = start + 50min;
  for (const auto step : {1s, 2s, 4s, 8s, 16s, 32s, 60s, 60s}) {
    s.failed(transient(), now, 1);
    BOOST_TEST((s.next_request() == now + step));
    BOOST_TEST(s.usable(now));
  }
  s.failed(transient(), now, 0);
  BOOST_TEST((s.next_request() == now + 30s));
  s.received(lasting(3600s), now, 0);
  s.failed(transient(), now, 0);
  BOOST_TEST((s.next_request() == now + 500ms));
}

BOOST_AUTO_TEST_CASE(retry_after_is_obeyed_in_full) {
  schedule s;
  s.failed(transient(60s), start, 0);
  BOOST_TEST((s.next_request() == start + 60s));
  s.failed(transient(60s), start, 1);
  BOOST_TEST((s.next_request() == start + 66s));
  schedule unlimited(std::chrono::nanoseconds::max());
  unlimited.failed(transient(std::chrono::nanoseconds::max()), start, 1);
  BOOST_TEST((unlimited.next_request() == mono_time::max()));
}

BOOST_AUTO_TEST_CASE(a_retry_after_above_the_longest_wait_is_cut_to_it) {
  schedule s;
  s.failed(transient(std::chrono::nanoseconds::max()), start, 0);
  BOOST_TEST((s.next_request() == start + 24h));
  schedule impatient(5s);
  impatient.failed(transient(24h), start, 0);
  BOOST_TEST((impatient.next_request() == start + 5s));
  impatient.failed(transient(5s), start, 1);
  BOOST_TEST((impatient.next_request() == start + 5500ms));
}

BOOST_AUTO_TEST_CASE(there_is_no_request_after_a_fatal_refusal) {
  schedule s;
  s.received(lasting(3600s), start, 0);
  s.failed(fatal(), start + 50min, 0);
  BOOST_TEST((s.next_request() == mono_time::max()));
  BOOST_TEST(s.usable(start + 50min));
  s.rejected(start + 51min);
  BOOST_TEST((s.next_request() == mono_time::max()));
  BOOST_TEST(!s.usable(start + 51min));
}

BOOST_AUTO_TEST_CASE(a_login_that_a_proxy_never_accepted_is_not_tried_again) {
  auto login = fatal();
  login.doubtful = login.proxy_login = true;
  schedule never;
  BOOST_TEST(never.failed(login, start, 0));
  BOOST_TEST((never.next_request() == mono_time::max()));
  // One with which a token came is tried a second time.
  schedule before;
  before.received(lasting(3600s), start, 0);
  BOOST_TEST(!before.failed(login, start, 0));
  BOOST_TEST(before.failed(login, start, 0));
}

BOOST_AUTO_TEST_CASE(a_doubtful_fatal_refusal_counts_when_it_is_the_second_in_a_row) {
  auto doubtful = fatal();
  doubtful.doubtful = true;
  schedule s;
  BOOST_TEST(!s.failed(doubtful, start, 0));
  BOOST_TEST((s.next_request() == start + 500ms));
  BOOST_TEST(!s.failed(transient(), start, 0));
  BOOST_TEST(!s.failed(doubtful, start, 0));
  BOOST_TEST(s.failed(doubtful, start, 0));
  BOOST_TEST((s.next_request() == mono_time::max()));

  schedule believed;
  BOOST_TEST(!believed.failed(doubtful, start, 0));
  BOOST_TEST(believed.failed(fatal(), start, 0));
  schedule granted;
  BOOST_TEST(!granted.failed(doubtful, start, 0));
  granted.received(lasting(3600s), start, 0);
  BOOST_TEST(!granted.failed(doubtful, start, 0));
}

BOOST_AUTO_TEST_CASE(a_rejected_token_is_replaced_at_once) {
  schedule s;
  s.received(lasting(3600s), start, 0);
  s.rejected(start + 1min);
  BOOST_TEST(!s.usable(start + 1min));
  BOOST_TEST((s.next_request() <= start + 1min));
}

BOOST_AUTO_TEST_CASE(a_rejection_does_not_shorten_a_wait) {
  schedule s;
  s.received(lasting(3600s), start, 0);
  s.failed(transient(60s), start + 50min, 0);
  s.rejected(start + 50min + 1s);
  BOOST_TEST((s.next_request() == start + 51min));
}

BOOST_AUTO_TEST_SUITE_END()
