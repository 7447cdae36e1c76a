// How long throttles are waited for and when the reads of a lane end, in virtual time.

#include <rapidcheck/boost_test.h>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <optional>
#include <source_location>
#include <string>
#include <vector>

#include "diagnosis/assess.hpp"
#include "diagnosis/findings.hpp"
#include "diagnosis/patience.hpp"

namespace convoke::test {
namespace {

using namespace std::chrono_literals;
using diagnosis::lane_reads;
using diagnosis::read_meaning;
using diagnosis::read_seen;
using diagnosis::token_wait;
using std::chrono::nanoseconds;
using enum diagnosis::lane_reads::call::kind;

const std::string a_third_organizer = "0c1b2c3d-0000-4000-8000-00000000000c", upn = "ada@school.example";
const mono_time start{1h};

read_seen answered(int status, std::optional<std::chrono::seconds> retry_after = {}) {
  return {.organizer = {}, .failure = {}, .status = status, .code = {}, .message = {}, .request_id = {}, .retry_after = retry_after};
}
read_seen throttled(std::optional<std::chrono::seconds> retry_after = {}) {
  return answered(429, retry_after);
}
read_seen not_connected() {
  auto out = answered(0);
  out.failure = "connection refused";
  return out;
}
read_seen found(std::string object_id) {
  auto out = answered(200);
  out.object_id = std::move(object_id);
  return out;
}

// A lane whose clock moves only by the waits before its calls.
class script {
 public:
  script(std::vector<std::string> organizers, std::chrono::milliseconds patience) : reads_(std::move(organizers), patience) {}

  // The next call is this one, at this time since the begin, and meets that. What is known of the organizer then; empty: not all yet.
  std::optional<read_seen> call(nanoseconds when, lane_reads::call::kind what, const std::string& user, const read_seen& met,
                                std::source_location at = std::source_location::current()) {
    BOOST_TEST_CONTEXT("in line " << at.line()) {
      BOOST_TEST_REQUIRE(reads_.next().has_value());
      const auto& next = *reads_.next();
      now_ += next.wait;
      BOOST_TEST((now_ == when), "it is made at " << now_.count() << " ns");
      BOOST_TEST((next.what == what));
      BOOST_TEST(next.user == user);
      const auto* const seen = reads_.take(met);
      return seen == nullptr ? std::nullopt : std::optional(*seen);
    }
    return {};
  }
  // The reads are over, and these organizers were not read.
  void over(const std::vector<std::string>& unread, std::source_location at = std::source_location::current()) const {
    BOOST_TEST_CONTEXT("in line " << at.line()) {
      BOOST_TEST(!reads_.next().has_value());
      BOOST_TEST(std::vector(reads_.unread().begin(), reads_.unread().end()) == unread, boost::test_tools::per_element());
    }
  }
  [[nodiscard]] const lane_reads& reads() const { return reads_; }

 private:
  lane_reads reads_;
  nanoseconds now_{0};
};

bool settled(const std::optional<read_seen>& seen, read_meaning meaning, bool waited = false) {
  return seen && meaning_of(*seen) == meaning && seen->waited == waited;
}

BOOST_AUTO_TEST_SUITE(patience_with_reads)

BOOST_AUTO_TEST_CASE(without_a_throttle_ten_a_second_are_read) {
  script t({one_organizer, another_organizer, a_third_organizer}, 30s);
  const auto first = t.call(0ms, read, one_organizer, answered(200));
  BOOST_TEST(settled(first, read_meaning::allowed));
  BOOST_TEST(first->organizer == one_organizer);
  BOOST_TEST(first->object_id.empty());
  // What is wrong with one organizer says nothing about the next one, and no fault of the service does.
  BOOST_TEST(settled(t.call(100ms, read, another_organizer, answered(403)), read_meaning::not_entitled));
  BOOST_TEST(settled(t.call(200ms, read, a_third_organizer, answered(500)), read_meaning::fault));
  t.over({});
  BOOST_TEST(t.reads().seen().size() == 3U);
}

BOOST_AUTO_TEST_CASE(without_organizers_there_is_no_call) {
  script({}, 30s).over({});
}

BOOST_AUTO_TEST_CASE(a_throttle_within_the_patience_is_waited_for_and_a_second_more) {
  script t({one_organizer, another_organizer}, 30s);
  BOOST_TEST(!t.call(0s, read, one_organizer, throttled(9s)));
  BOOST_TEST(t.reads().seen().empty());
  BOOST_TEST(settled(t.call(10s, read, one_organizer, answered(200)), read_meaning::allowed, true));
  // The next organizer was not waited for.
  BOOST_TEST(settled(t.call(10s + 100ms, read, another_organizer, answered(200)), read_meaning::allowed));
  t.over({});
}

BOOST_AUTO_TEST_CASE(every_form_of_a_throttle_is_waited_for) {
  script t({one_organizer}, 30s);
  BOOST_TEST(!t.call(0s, read, one_organizer, throttled()));
  BOOST_TEST(!t.call(2s, read, one_organizer, answered(503, 2s)));
  BOOST_TEST(!t.call(5s, read, one_organizer, answered(509, 0s)));
  // 503 without a time is a fault, not a throttle.
  BOOST_TEST(settled(t.call(6s, read, one_organizer, answered(503)), read_meaning::fault, true));
  t.over({});
}

BOOST_AUTO_TEST_CASE(the_patience_is_for_all_waits_of_the_lane_together) {
  script t({one_organizer, another_organizer, a_third_organizer}, 30s);
  BOOST_TEST(!t.call(0s, read, one_organizer, throttled(9s)));
  BOOST_TEST(!t.call(10s, read, one_organizer, throttled(9s)));
  BOOST_TEST(settled(t.call(20s, read, one_organizer, answered(200)), read_meaning::allowed, true));
  // Of 30 s 10 are left: 9 + 1 fit, nothing after that does.
  BOOST_TEST(!t.call(20s + 100ms, read, another_organizer, throttled(9s)));
  const auto last = t.call(30s + 100ms, read, another_organizer, throttled(0s));
  BOOST_TEST(settled(last, read_meaning::throttled, true));
  t.over({a_third_organizer});
}

BOOST_AUTO_TEST_CASE(a_wait_that_is_longer_than_what_is_left_is_not_begun) {
  for (const auto& far : {throttled(30s), throttled(1200s), throttled(std::chrono::seconds::max()), answered(503, 31s)}) {
    script t({one_organizer, another_organizer}, 30s);
    BOOST_TEST(settled(t.call(0s, read, one_organizer, far), read_meaning::throttled));
    t.over({another_organizer});
  }
  script none({one_organizer, another_organizer}, 0s);
  BOOST_TEST(settled(none.call(0s, read, one_organizer, throttled(0s)), read_meaning::throttled));
  none.over({another_organizer});
  // Without a time to wait it is two seconds.
  script short_one({one_organizer}, 1999ms);
  BOOST_TEST(settled(short_one.call(0s, read, one_organizer, throttled()), read_meaning::throttled));
  script long_enough({one_organizer}, 2000ms);
  BOOST_TEST(!long_enough.call(0s, read, one_organizer, throttled()));
}

BOOST_AUTO_TEST_CASE(two_failures_of_the_network_one_after_the_other_end_the_reads) {
  script t({one_organizer, another_organizer, a_third_organizer, upn, one_organizer}, 30s);
  BOOST_TEST(settled(t.call(0ms, read, one_organizer, not_connected()), read_meaning::fault));
  BOOST_TEST(settled(t.call(100ms, read, another_organizer, answered(200)), read_meaning::allowed));
  BOOST_TEST(settled(t.call(200ms, read, a_third_organizer, not_connected()), read_meaning::fault));
  // A look-up counts as a read does.
  BOOST_TEST(settled(t.call(300ms, look_up, upn, not_connected()), read_meaning::fault));
  t.over({one_organizer});
}

BOOST_AUTO_TEST_CASE(faults_of_the_service_do_not_end_the_reads) {
  script t({one_organizer, another_organizer, a_third_organizer}, 30s);
  t.call(0ms, read, one_organizer, answered(500));
  t.call(100ms, read, another_organizer, answered(502));
  t.call(200ms, read, a_third_organizer, answered(504));
  t.over({});
}

BOOST_AUTO_TEST_CASE(a_failure_after_a_throttle_ends_the_organizer) {
  script t({one_organizer, another_organizer}, 30s);
  BOOST_TEST(!t.call(0s, read, one_organizer, throttled(1s)));
  BOOST_TEST(settled(t.call(2s, read, one_organizer, not_connected()), read_meaning::fault, true));
  BOOST_TEST(settled(t.call(2s + 100ms, read, another_organizer, answered(200)), read_meaning::allowed));
}

BOOST_AUTO_TEST_CASE(a_refused_token_ends_the_reads) {
  script t({one_organizer, another_organizer}, 30s);
  BOOST_TEST(settled(t.call(0s, read, one_organizer, answered(401)), read_meaning::token_refused));
  t.over({another_organizer});
  script of_a_look_up({upn, another_organizer}, 30s);
  BOOST_TEST(settled(of_a_look_up.call(0s, look_up, upn, answered(401)), read_meaning::token_refused));
  of_a_look_up.over({another_organizer});
}

BOOST_AUTO_TEST_CASE(a_name_is_looked_up_and_read_ten_calls_a_second) {
  script t({upn, another_organizer}, 30s);
  BOOST_TEST(!t.call(0s, look_up, upn, found(one_organizer)));
  const auto seen = t.call(100ms, read, one_organizer, answered(200));
  BOOST_TEST(settled(seen, read_meaning::allowed));
  BOOST_TEST(seen->organizer == upn);
  BOOST_TEST(seen->object_id == one_organizer);
  BOOST_TEST(!seen->look_up);
  const auto next = t.call(200ms, read, another_organizer, answered(200));
  BOOST_TEST(settled(next, read_meaning::allowed));
  BOOST_TEST(next->object_id.empty());
}

BOOST_AUTO_TEST_CASE(a_name_that_is_not_found_is_not_read) {
  for (const int status : {404, 403, 400}) {
    script t({upn, another_organizer}, 30s);
    const auto seen = t.call(0s, look_up, upn, answered(status));
    BOOST_TEST_REQUIRE(seen.has_value());
    BOOST_TEST(seen->look_up);
    BOOST_TEST(seen->organizer == upn);
    BOOST_TEST(seen->object_id.empty());
    BOOST_TEST(settled(t.call(100ms, read, another_organizer, answered(200)), read_meaning::allowed));
  }
}

BOOST_AUTO_TEST_CASE(a_throttled_look_up_is_made_again_and_one_that_found_the_user_is_not) {
  script t({upn}, 30s);
  BOOST_TEST(!t.call(0s, look_up, upn, throttled(3s)));
  BOOST_TEST(!t.call(4s, look_up, upn, found(one_organizer)));
  BOOST_TEST(!t.call(4s + 100ms, read, one_organizer, throttled(5s)));
  const auto seen = t.call(10s + 100ms, read, one_organizer, answered(200));
  BOOST_TEST(settled(seen, read_meaning::allowed, true));
  BOOST_TEST(seen->organizer == upn);
  BOOST_TEST(seen->object_id == one_organizer);
  t.over({});
  script over({upn, another_organizer}, 30s);
  BOOST_TEST(settled(over.call(0s, look_up, upn, throttled(1200s)), read_meaning::throttled));
  over.over({another_organizer});
}

// Whatever the service answers: no call is early, the waits do not exceed the patience, and every organizer is read or left.
RC_BOOST_PROP(waits_are_obeyed_and_bounded, (const std::vector<std::uint8_t>& answers, std::uint8_t patience, std::uint8_t count)) {
  const std::vector<std::string> organizers(count % 8, one_organizer);
  lane_reads reads(organizers, std::chrono::seconds(patience));
  nanoseconds waits{0};
  std::optional<std::chrono::seconds> asked;  // by the throttle before
  for (std::size_t i = 0; reads.next(); ++i) {
    const auto wait = reads.next()->wait;
    if (asked) {
      RC_ASSERT(wait > *asked);
      waits += wait;
    }
    const auto one = i < answers.size() ? answers[i] : 0;
    const bool throttles = one % 2 == 1;
    const auto* const seen = reads.take(throttles ? throttled(std::chrono::seconds(one / 8)) : answered(200));
    asked = seen == nullptr ? std::optional(std::chrono::seconds(one / 8)) : std::nullopt;
    if (seen == nullptr) RC_ASSERT(throttles);
  }
  RC_ASSERT(waits <= std::chrono::seconds(patience));
  RC_ASSERT(reads.seen().size() + reads.unread().size() == organizers.size());
  if (!reads.unread().empty()) RC_ASSERT(meaning_of(reads.seen().back()) == read_meaning::throttled);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(patience_with_the_token)

BOOST_AUTO_TEST_CASE(a_token_is_waited_for_as_long_as_two_requests_may_take) {
  token_wait w(20s);
  w.begin(start);
  BOOST_TEST((w.until() == start + 45s));
}

BOOST_AUTO_TEST_CASE(a_person_has_as_long_as_the_code_is_valid_and_requests_follow) {
  token_wait w(20s);
  w.begin(start);
  w.asked_to_sign_in(900s, start + 3s);
  BOOST_TEST((w.until() == start + 948s));
  w.begin(mono_time::max() - 1s);
  BOOST_TEST((w.until() == mono_time::max()));
}

BOOST_AUTO_TEST_CASE(a_failure_is_waited_for_once_where_the_next_request_is_soon) {
  const auto again = [](nanoseconds after) {
    token_wait w(20s);
    w.begin(start);
    return w.goes_on_after_failure(false, start + after, start);
  };
  BOOST_TEST(again(0s));
  BOOST_TEST(again(5s));
  BOOST_TEST(!again(5s + 1ns));
  token_wait w(20s);
  w.begin(start);
  BOOST_TEST(w.goes_on_after_failure(false, start + 1s, start));
  BOOST_TEST(!w.goes_on_after_failure(false, start + 2s, start + 1s));
}

BOOST_AUTO_TEST_CASE(a_failure_for_good_is_not_waited_for) {
  token_wait w(20s);
  w.begin(start);
  BOOST_TEST(!w.goes_on_after_failure(true, start + 1s, start));
  w.begin(start);
  BOOST_TEST(!w.goes_on_after_failure(false, std::nullopt, start));
  // Another token is waited for as the first one was.
  w.begin(start);
  BOOST_TEST(w.goes_on_after_failure(false, start + 1s, start));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace convoke::test
