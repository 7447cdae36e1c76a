// What answers to the calls that remove something, and waits of several answers, mean for what is left and for the time of the next call.

#include "scripted_service.hpp"

namespace {

using namespace experiments_test;

// Of a service as documented: the calls of `repeat` are 1 to 4, and its removal is call 5. The first two calls at the same time are 18 and
// 19, and what they made is removed with call 20. (driver::sent has one time for both.)
constexpr unsigned removal_of_repeat = 5, first_at_once = 18;

struct outcome {
  explicit outcome(const behaviour& how) : to(how) { by.run(of); }
  // The same command again.
  void again() {
    session next(of.state(), usual_terms(), by.now);
    by.run(next);
    end_again = next.end();
  }
  [[nodiscard]] std::string value(const std::string& name) const {
    for (const auto& one : of.findings())
      if (one.name == name) return one.value;
    return "no such finding";
  }

  service to;
  driver by{to};
  session of{{.run = "abcd1234"}, usual_terms()};
  probe_end end_again = probe_end::done;
};

// The first call was carried out, and its answer was lost; the createOrGet that looks for its meeting is answered with this.
behaviour looks_without_success(int status) {
  behaviour how;
  how.faults[1] = {.status = 0, .carried_out = true};
  how.faults[2] = {.status = status};
  return how;
}

BOOST_AUTO_TEST_SUITE(removals)

BOOST_AUTO_TEST_CASE(a_key_that_is_busy_is_looked_for_again) {
  for (const int status : {409, 423, 424}) {
    const outcome done(looks_without_success(status));
    BOOST_TEST((done.of.end() == probe_end::done), status);
    BOOST_TEST(done.to.meetings() == 0U, status);
    BOOST_TEST((done.by.sent[2] - done.by.sent[1] >= 2s));
  }
}

BOOST_AUTO_TEST_CASE(an_answer_that_does_not_say_that_there_is_no_meeting_leaves_the_key_for_the_next_process) {
  for (const int status : {302, 404, 405}) {
    outcome done(looks_without_success(status));
    BOOST_TEST((done.of.end() == probe_end::left_over), status);
    BOOST_TEST(done.of.left().size() == 1U);
    BOOST_TEST(done.to.meetings() == 1U);
    BOOST_TEST(done.value("new_status") == "201");
    done.again();
    BOOST_TEST((done.end_again == probe_end::done));
    BOOST_TEST(done.to.meetings() == 0U, status);
  }
}

BOOST_AUTO_TEST_CASE(a_key_that_is_not_accepted_has_no_meeting) {
  behaviour how;
  how.longest = 40;
  // The id of 128 bytes is call 6: what became of it is not known.
  how.faults[6] = {.status = 0};
  const outcome done(how);
  BOOST_TEST((done.of.end() == probe_end::done));
  BOOST_TEST(done.of.left().empty());
  BOOST_TEST(done.value("longest_external_id") == "40");
}

BOOST_AUTO_TEST_CASE(a_meeting_that_is_busy_is_deleted_later) {
  for (const int status : {409, 423, 424}) {
    behaviour how;
    how.faults[removal_of_repeat] = {.status = status, .wait = 30s, .form = retry_form::integer};
    const outcome done(how);
    BOOST_TEST((done.of.end() == probe_end::done), status);
    BOOST_TEST(done.to.meetings() == 0U, status);
    BOOST_TEST((done.by.sent[removal_of_repeat] - done.by.sent[removal_of_repeat - 1] >= 30s));
  }
}

BOOST_AUTO_TEST_CASE(a_meeting_that_stays_busy_does_not_end_the_experiments) {
  behaviour how;
  for (unsigned at = removal_of_repeat; at < removal_of_repeat + 6; ++at) how.faults[at] = {.status = 409};
  outcome done(how);
  BOOST_TEST((done.of.end() == probe_end::left_over));
  BOOST_TEST(done.to.meetings() == 1U);
  BOOST_TEST(done.value("letter_case") == "counts");
  done.again();
  BOOST_TEST((done.end_again == probe_end::done));
  BOOST_TEST(done.to.meetings() == 0U);
}

BOOST_AUTO_TEST_CASE(one_meeting_of_a_key_that_cannot_be_deleted_does_not_keep_the_other) {
  behaviour how;
  how.two_at_once = true;
  how.faults[first_at_once + 2] = {.status = 400};
  outcome done(how);
  BOOST_TEST((done.of.end() == probe_end::left_over));
  BOOST_TEST(done.to.meetings() == 1U);
  done.again();
  BOOST_TEST((done.end_again == probe_end::done));
  BOOST_TEST(done.to.meetings() == 0U);
}

// The service showed the id a moment ago.
BOOST_AUTO_TEST_CASE(a_DELETE_that_does_not_find_a_new_meeting_is_doubted) {
  behaviour how;
  how.faults[removal_of_repeat] = {.status = 404};
  const outcome once(how);
  BOOST_TEST((once.of.end() == probe_end::done));
  BOOST_TEST(once.to.meetings() == 0U);
  // Call 6 shows the meeting again.
  how.faults[removal_of_repeat + 2] = {.status = 404};
  const outcome twice(how);
  BOOST_TEST((twice.of.end() == probe_end::done));
  BOOST_TEST(twice.to.meetings() == 0U);
  // The same where an experiment deletes: call 15.
  behaviour other;
  other.faults[15] = {.status = 404};
  const outcome within(other);
  BOOST_TEST((within.of.end() == probe_end::done));
  BOOST_TEST(within.to.meetings() == 0U);
  BOOST_TEST(within.value("deleted_key") == "");
  // It has an end.
  const outcome always({.never_deletes = true});
  BOOST_TEST(always.to.calls() < 150U, always.to.calls());
}

BOOST_AUTO_TEST_CASE(a_DELETE_whose_answer_was_lost_is_not_doubted) {
  behaviour how;
  how.faults[removal_of_repeat] = {.status = 503, .carried_out = true};
  const outcome lost(how), usual(behaviour{});
  BOOST_TEST(lost.to.meetings() == 0U);
  BOOST_TEST(lost.to.calls() == usual.to.calls() + 1);
  BOOST_TEST(lost.to.made() == usual.to.made());
}

BOOST_AUTO_TEST_CASE(of_two_answers_the_longer_wait_is_obeyed) {
  behaviour how;
  how.faults[first_at_once] = {.status = 503};
  how.faults[first_at_once + 1] = {.status = 429, .wait = 90s, .form = retry_form::integer};
  const outcome done(how);
  BOOST_TEST((done.by.sent[first_at_once] - done.by.sent[first_at_once - 1] >= 90s));
  BOOST_TEST((done.of.end() == probe_end::done));
  BOOST_TEST(done.to.meetings() == 0U);
  how.faults[first_at_once + 1].wait = 2h;
  outcome ended(how);
  BOOST_TEST((ended.of.end() == probe_end::unavailable));
  BOOST_TEST((ended.of.come_back() == std::optional<std::chrono::nanoseconds>(2h)));
  BOOST_TEST(ended.of.why().contains("429"), ended.of.why());
  BOOST_TEST(ended.to.calls() == first_at_once + 1);
  // One answer is a meeting, the other one a throttle.
  behaviour half;
  half.faults[first_at_once + 1] = {.status = 429, .wait = 90s, .form = retry_form::integer};
  const outcome mixed(half);
  BOOST_TEST((mixed.by.sent[first_at_once] - mixed.by.sent[first_at_once - 1] >= 90s));
  BOOST_TEST(mixed.to.meetings() == 0U);
}

BOOST_AUTO_TEST_CASE(a_wait_of_an_answer_that_settles_something_is_obeyed_too) {
  behaviour how;
  how.faults[2] = {.status = 400, .wait = 90s, .form = retry_form::integer};
  const outcome done(how);
  BOOST_TEST((done.by.sent[2] - done.by.sent[1] >= 90s));
  BOOST_TEST(done.value("repeat_changes") == "refused");
  how.faults[2].wait = 2h;
  const outcome ended(how);
  BOOST_TEST((ended.of.end() == probe_end::unavailable));
  BOOST_TEST(ended.to.calls() == 2U);
  BOOST_TEST((ended.of.come_back() == std::optional<std::chrono::nanoseconds>(2h)));
}

// It may still be carried out.
BOOST_AUTO_TEST_CASE(a_key_rests_after_a_call_without_an_answer) {
  behaviour how;
  how.faults[1] = {.status = 0, .carried_out = true};
  const outcome done(how);
  BOOST_TEST((done.by.sent[1] - done.by.sent[0] >= 5s));
  service to;
  driver by{to};
  session killed({.run = "abcd1234"}, usual_terms());
  by.run(killed, 1, false);
  session next(killed.state(), usual_terms());
  by.run(next);
  BOOST_TEST((by.sent[1] - by.sent[0] >= 5s));
  BOOST_TEST((next.end() == probe_end::done));
}

BOOST_AUTO_TEST_CASE(the_organizer_is_doubted_only_before_the_first_meeting) {
  // No answer, then 403 to everything: the app may not make meetings.
  behaviour how;
  how.faults[1] = {.status = 503};
  for (unsigned at = 2; at < 100; ++at) how.faults[at] = {.status = 403};
  const outcome never(how);
  BOOST_TEST((never.of.end() == probe_end::denied));
  BOOST_TEST(never.to.calls() == 2U);
  // A DELETE that is forbidden ends it: more meetings would be left.
  behaviour later;
  for (unsigned at = removal_of_repeat; at < 100; ++at) later.faults[at] = {.status = 403};
  const outcome once(later);
  BOOST_TEST((once.of.end() == probe_end::denied));
  BOOST_TEST(once.to.calls() == removal_of_repeat);
  BOOST_TEST(once.of.left().size() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
