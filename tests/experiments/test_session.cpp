// The order, the pace and the end of a probe; what is left after a fault or a kill is removed.

#include "scripted_service.hpp"

namespace {

using namespace experiments_test;

std::map<std::string, std::string> values_of(const session& of) {
  std::map<std::string, std::string> out;
  for (const auto& one : of.findings()) out.emplace(one.name, one.value);
  return out;
}

unsigned calls_of_a_whole_probe(const behaviour& how = {}) {
  service to(how);
  session of({.run = "abcd1234"}, usual_terms());
  driver{to}.run(of);
  return to.calls();
}

BOOST_AUTO_TEST_SUITE(sessions)

BOOST_AUTO_TEST_CASE(calls_begin_an_interval_apart) {
  service to;
  session of({.run = "abcd1234"}, usual_terms());
  driver by{to};
  by.run(of);
  BOOST_TEST((of.end() == probe_end::done));
  for (std::size_t i = 1; i < by.sent.size(); ++i) BOOST_TEST((by.sent[i] - by.sent[i - 1] >= 1s));
}

BOOST_AUTO_TEST_CASE(a_retry_after_is_waited_for_and_the_questions_are_answered_all_the_same) {
  behaviour how;
  how.faults[1] = {.status = 429, .wait = 90s, .form = retry_form::integer};
  service to(how);
  session of({.run = "abcd1234"}, usual_terms());
  driver by{to};
  by.run(of);
  BOOST_TEST((by.sent[1] - by.sent[0] >= 90s));
  BOOST_TEST(to.meetings() == 0U);
  BOOST_TEST(values_of(of)["new_status"] == "201");
  BOOST_TEST(values_of(of)["throttle"] == "integer");
}

BOOST_AUTO_TEST_CASE(a_retry_after_beyond_the_patience_ends_the_probe_and_a_later_one_removes_what_is_left) {
  behaviour how;
  how.faults[2] = {.status = 429, .wait = 2h, .form = retry_form::integer};
  service to(how);
  session first({.run = "abcd1234"}, usual_terms());
  driver by{to};
  by.run(first);
  BOOST_TEST((first.end() == probe_end::unavailable));
  BOOST_TEST(to.calls() == 2U);
  BOOST_TEST(to.meetings() == 1U);
  BOOST_TEST(first.left().size() == 1U);
  BOOST_TEST((first.come_back() == std::optional<std::chrono::nanoseconds>(2h)));
  session second(first.state(), usual_terms(), by.now + 2h);
  by.run(second);
  BOOST_TEST((by.sent[2] - by.sent[1] >= 2h));
  BOOST_TEST((second.end() == probe_end::done));
  BOOST_TEST(to.meetings() == 0U);
}

BOOST_AUTO_TEST_CASE(a_permission_that_is_missing_ends_it_at_once) {
  for (const int status : {401, 403}) {
    behaviour how;
    how.faults[1] = {.status = status};
    service to(how);
    session of({.run = "abcd1234"}, usual_terms());
    driver{to}.run(of);
    BOOST_TEST((of.end() == probe_end::denied));
    BOOST_TEST(to.calls() == 1U);
  }
}

BOOST_AUTO_TEST_CASE(an_organizer_that_does_not_exist_ends_it_at_once) {
  behaviour how;
  how.id_refusal = 404;
  how.longest = 1;
  service to(how);
  session of({.run = "abcd1234"}, usual_terms());
  driver{to}.run(of);
  BOOST_TEST((of.end() == probe_end::denied));
  BOOST_TEST(to.calls() == 1U);
  BOOST_TEST(of.left().empty());
}

// One call after the other fails, before or after it was carried out.
BOOST_AUTO_TEST_CASE(one_fault_at_any_call_leaves_no_meeting) {
  const auto all = calls_of_a_whole_probe();
  for (const int status : {0, 429, 500, 503})
    for (const bool carried_out : {false, true})
      for (unsigned at = 1; at <= all; ++at) {
        behaviour how;
        how.faults[at] = {.status = status, .carried_out = carried_out};
        service to(how);
        session of({.run = "abcd1234"}, usual_terms());
        driver{to}.run(of);
        BOOST_TEST(to.meetings() == 0U, status << " at " << at << (carried_out ? " after" : " before") << " it was carried out");
        BOOST_TEST((of.end() == probe_end::done));
        BOOST_TEST(values_of(of)["new_status"] == "201");
        BOOST_TEST(values_of(of)["deleted_key"] == "new");
      }
}

BOOST_AUTO_TEST_CASE(a_service_that_answers_nothing_useful_ends_it) {
  behaviour how;
  for (unsigned at = 2; at < 100; ++at) how.faults[at] = {.status = 503};
  service to(how);
  session of({.run = "abcd1234"}, usual_terms());
  driver{to}.run(of);
  BOOST_TEST((of.end() == probe_end::unavailable));
  BOOST_TEST(to.calls() < 20U);
  BOOST_TEST(!of.left().empty());
}

BOOST_AUTO_TEST_CASE(an_experiment_whose_calls_keep_failing_is_unsettled_and_the_others_are_made) {
  behaviour how;
  // Each first call of `repeat` fails, and the removal after it does not.
  for (const unsigned at : {1U, 4U, 7U}) how.faults[at] = {.status = 500};
  service to(how);
  session of({.run = "abcd1234"}, usual_terms());
  driver{to}.run(of);
  BOOST_TEST((of.end() == probe_end::done));
  BOOST_TEST(values_of(of)["new_status"] == "");
  BOOST_TEST(values_of(of)["letter_case"] == "counts");
  BOOST_TEST(to.meetings() == 0U);
}

// The process is killed at each call, before or after the answer: what was written down before that call is all that the next one knows.
BOOST_AUTO_TEST_CASE(killed_at_any_call_and_begun_again_it_leaves_no_meeting) {
  behaviour kinds[6];
  kinds[1].deleted = "restored";
  kinds[2].deleted = "refused";
  kinds[3].two_at_once = true;
  kinds[4].found_status = 201;
  kinds[5].deleted = "refused";
  kinds[5].deleted_status = 404;
  for (const auto& how : kinds) {
    const auto all = calls_of_a_whole_probe(how);
    for (unsigned at = 1; at <= all; ++at) {
      service to(how);
      session first({.run = "abcd1234"}, usual_terms());
      driver by{to};
      by.run(first, at, false);
      session second(first.state(), usual_terms());
      by.run(second);
      BOOST_TEST((second.end() == probe_end::done));
      BOOST_TEST(to.meetings() == 0U, "killed at call " << at);
      BOOST_TEST(values_of(second)["new_status"] == "201");
      BOOST_TEST(to.calls() <= most_calls + 6, "calls: " << to.calls());
    }
  }
}

BOOST_AUTO_TEST_CASE(killed_at_every_call_it_comes_to_an_end) {
  service to;
  record state{.run = "abcd1234"};
  for (int processes = 0;; ++processes) {
    BOOST_REQUIRE(processes < 500);
    session of(state, usual_terms());
    driver by{to};
    by.run(of, 1, processes % 2 == 0);
    state = of.state();
    if (by.sent.empty()) break;
  }
  BOOST_TEST(to.meetings() == 0U);
}

BOOST_AUTO_TEST_CASE(what_a_call_may_make_is_in_the_record_before_it_is_sent) {
  session of({.run = "abcd1234"}, usual_terms());
  const auto first = of.next(mono_time(1h));
  BOOST_REQUIRE((first.what == session::action::kind::send));
  BOOST_REQUIRE(of.state().made.size() == 1U);
  BOOST_TEST(of.state().made.front().external_id == first.send.external_id);
  BOOST_TEST(of.state().made.front().uncertain == 1U);
  BOOST_TEST(of.state().calls == 1U);
  BOOST_TEST(first.send.body.contains(first.send.external_id));
}

BOOST_AUTO_TEST_CASE(no_key_is_used_by_two_attempts) {
  behaviour how;
  how.faults[1] = {.status = 500};
  service to(how);
  session of({.run = "abcd1234"}, usual_terms());
  driver by{to};
  by.run(of, 1);
  const auto before = of.state().made.front().external_id;
  by.run(of, 3);
  BOOST_TEST(of.state().made.size() == 1U);
  BOOST_TEST(of.state().made.front().external_id != before);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
