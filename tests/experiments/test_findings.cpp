// Every question is answered rightly, whichever way the service behaves; what it made is removed, and 60 calls are enough.

#include "scripted_service.hpp"

namespace {

using namespace experiments_test;

BOOST_AUTO_TEST_SUITE(findings)

BOOST_AUTO_TEST_CASE(a_service_as_documented) {
  const auto all = probed({});
  const std::map<std::string, std::string> wanted{{"new_status", "201"},
                                                  {"found_status", "200"},
                                                  {"repeat_changes", "nothing"},
                                                  {"expiry_shown", "yes"},
                                                  {"join_information_shown", "yes"},
                                                  {"patch_answer", "meeting"},
                                                  {"deleted_key", "new"},
                                                  {"letter_case", "counts"},
                                                  {"longest_external_id", "at least 256"},
                                                  {"simultaneous", "one"},
                                                  {"role_presenter", "kept"},
                                                  {"role_coorganizer", "kept"},
                                                  {"options_kept", "no"},
                                                  {"batch", "yes"},
                                                  {"inner_blanks", "kept"},
                                                  {"outer_blanks", "kept"},
                                                  {"other_letters", "kept"},
                                                  {"unknown_meeting", "404"},
                                                  {"throttle", ""},
                                                  {"expired_key", ""}};
  for (const auto& [name, value] : wanted) BOOST_TEST(all.at(name).value == value, name << ": " << all.at(name).value);
  BOOST_TEST(wanted.size() == all.size());
}

BOOST_AUTO_TEST_CASE(statuses) {
  BOOST_TEST(value_of({.new_status = 200}, "new_status") == "200");
  BOOST_TEST(value_of({.found_status = 201}, "found_status") == "201");
  BOOST_TEST(value_of({.unknown_status = 400}, "unknown_meeting") == "400");
  // It answers this question, and ends nothing.
  BOOST_TEST(value_of({.unknown_status = 403}, "unknown_meeting") == "403");
}

BOOST_AUTO_TEST_CASE(a_second_createOrGet) {
  for (const auto* effect : {"nothing", "subject", "times", "both"}) BOOST_TEST(value_of({.repeat = effect}, "repeat_changes") == effect);
  BOOST_TEST(value_of({.repeat_refused = true}, "repeat_changes") == "refused");
  BOOST_TEST(value_of({.repeat_refused = true}, "found_status") == "unsettled");
  BOOST_TEST(value_of({.repeat = "new"}, "repeat_changes") == "new meeting");
}

BOOST_AUTO_TEST_CASE(what_a_second_createOrGet_changed_is_not_said_where_the_meeting_is_that_of_neither_call) {
  BOOST_TEST(value_of({.hides_subject = true}, "repeat_changes") == "unsettled");
  BOOST_TEST(value_of({.repeat = "subject", .other_times = true}, "repeat_changes") == "unsettled");
  BOOST_TEST(probed({.other_times = true}).at("repeat_changes").unsettled.contains("times"));
}

BOOST_AUTO_TEST_CASE(what_answers_show) {
  BOOST_TEST(value_of({.hides_expiry = true}, "expiry_shown") == "no");
  BOOST_TEST(value_of({.hides_invitation = true}, "join_information_shown") == "no");
  BOOST_TEST(value_of({.empty_patch = true}, "patch_answer") == "nothing");
}

BOOST_AUTO_TEST_CASE(the_key_of_a_deleted_meeting) {
  BOOST_TEST(value_of({.deleted = "restored"}, "deleted_key") == "restored");
  BOOST_TEST(value_of({.deleted = "refused"}, "deleted_key") == "refused");
}

// Once a meeting was made, 403 and 404 say nothing of the organizer and the app.
BOOST_AUTO_TEST_CASE(a_refusal_as_forbidden_or_not_found_answers_its_question) {
  for (const int status : {403, 404}) {
    BOOST_TEST(value_of({.deleted = "refused", .deleted_status = status}, "deleted_key") == "refused", status);
    BOOST_TEST(value_of({.id_refusal = status, .ascii_only = true}, "other_letters") == "refused", status);
    BOOST_TEST(value_of({.id_refusal = status, .inner_refused = true}, "inner_blanks") == "refused", status);
    BOOST_TEST(value_of({.id_refusal = status, .longest = 100}, "longest_external_id") == "100", status);
    BOOST_TEST(value_of({.attendee_status = status}, "role_presenter") == "refused", status);
    // What comes after it is asked too.
    BOOST_TEST(value_of({.attendee_status = status}, "unknown_meeting") == "404", status);
  }
}

BOOST_AUTO_TEST_CASE(a_redirect_answers_no_question) {
  // Any call but those that remove what an experiment made.
  for (const unsigned at : {1U, 2U, 3U, 4U, 6U, 7U, 10U, 11U, 14U, 15U, 16U, 18U, 19U}) {
    behaviour how;
    how.faults[at] = {.status = 302};
    for (const auto& [name, one] : probed(how)) {
      BOOST_TEST(one.value != "refused", name << " with a redirect at " << at);
      BOOST_TEST(one.value != "302", name);
    }
  }
}

BOOST_AUTO_TEST_CASE(letter_case) {
  BOOST_TEST(value_of({.ignores_case = true}, "letter_case") == "ignored");
}

BOOST_AUTO_TEST_CASE(the_longest_id_is_found_by_bisection) {
  for (const std::size_t longest : {40U, 63U, 64U, 100U, 127U, 128U, 129U, 200U, 255U})
    BOOST_TEST(value_of({.longest = longest}, "longest_external_id") == std::to_string(longest), longest);
  BOOST_TEST(value_of({.longest = 256}, "longest_external_id") == "at least 256");
  // An id that is cut was not taken.
  for (const std::size_t longest : {100U, 200U, 255U})
    BOOST_TEST(value_of({.longest = longest, .cuts = true}, "longest_external_id") == std::to_string(longest), longest);
  // Whether it was cut is not known.
  BOOST_TEST(value_of({.hides_id = true}, "longest_external_id") == "unsettled");
}

BOOST_AUTO_TEST_CASE(two_calls_at_the_same_time) {
  BOOST_TEST(value_of({.two_at_once = true}, "simultaneous") == "two");
  BOOST_TEST(value_of({.one_refused_at_once = true}, "simultaneous") == "refused");
  BOOST_TEST(value_of({.nameless = "atonce"}, "simultaneous") == "unsettled");
}

BOOST_AUTO_TEST_CASE(roles) {
  for (const auto* name : {"role_presenter", "role_coorganizer"}) {
    BOOST_TEST(value_of({.roles = "lost"}, name) == "lost");
    BOOST_TEST(value_of({.roles = "hidden"}, name) == "unsettled");
    BOOST_TEST(value_of({.roles = "unknown"}, name) == "unsettled");
  }
  auto alone = usual_terms();
  alone.attendee.clear();
  BOOST_TEST(probed({}, alone).at("role_presenter").unsettled.contains("--attendee"));
}

BOOST_AUTO_TEST_CASE(members_that_only_PATCH_is_documented_for) {
  BOOST_TEST(value_of({.keeps_options = true}, "options_kept") == "yes");
  BOOST_TEST(value_of({.half_options = true}, "options_kept") == "partly");
  BOOST_TEST(value_of({.options_refused = true}, "options_kept") == "refused");
  // What a meeting has by itself is not what was kept.
  BOOST_TEST(value_of({.presenters = "organizer", .chat = "disabled"}, "options_kept") == "no");
  BOOST_TEST(value_of({.keeps_options = true, .presenters = "organizer", .chat = "disabled"}, "options_kept") == "yes");
  BOOST_TEST(value_of({.half_options = true, .presenters = "organizer", .chat = "limited"}, "options_kept") == "partly");
  BOOST_TEST(value_of({.keeps_options = true, .hides_chat = true}, "options_kept") == "unsettled");
}

BOOST_AUTO_TEST_CASE(a_batch) {
  BOOST_TEST(value_of({.no_batch = true}, "batch") == "no");
  BOOST_TEST(value_of({.nameless = "batch"}, "batch") == "unsettled");
}

BOOST_AUTO_TEST_CASE(characters_of_ids) {
  BOOST_TEST(value_of({.outer = "trimmed"}, "outer_blanks") == "trimmed");
  BOOST_TEST(value_of({.outer = "refused"}, "outer_blanks") == "refused");
  BOOST_TEST(value_of({.inner_refused = true}, "inner_blanks") == "refused");
  BOOST_TEST(value_of({.ascii_only = true}, "other_letters") == "refused");
  BOOST_TEST(value_of({.hides_id = true}, "inner_blanks") == "unsettled");
}

BOOST_AUTO_TEST_CASE(a_throttle_that_came_by_itself_is_a_finding) {
  for (const auto& [form, word] :
       {std::pair(retry_form::integer, "integer"), std::pair(retry_form::decimal, "decimal"), std::pair(retry_form::date, "date"),
        std::pair(retry_form::joined, "joined"), std::pair(retry_form::absent, "absent"), std::pair(retry_form::other, "other")}) {
    behaviour how;
    how.faults[5] = {.status = 429, .form = form};
    BOOST_TEST(value_of(how, "throttle") == word);
  }
}

BOOST_AUTO_TEST_CASE(every_experiment_asks_questions_that_there_are_and_each_is_asked_once) {
  std::vector<std::string> asked{"throttle", "expired_key"};
  unsigned most = 1;  // the look-up of the organizer
  for (const auto& one : all_experiments()) {
    most += one.most_calls;
    for (const auto name : one.questions) asked.emplace_back(name);
  }
  BOOST_TEST(most <= most_calls);
  std::ranges::sort(asked);
  std::vector<std::string> all;
  for (const auto& one : all_questions()) all.emplace_back(one.name);
  std::ranges::sort(all);
  BOOST_TEST(asked == all, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(no_experiment_takes_more_calls_than_it_says) {
  const behaviour services[] = {{},
                                {.repeat = "new"},
                                {.roles = "hidden", .longest = 200, .cuts = true, .two_at_once = true},
                                {.longest = 128},
                                {.deleted = "restored", .ignores_case = true},
                                {.one_refused_at_once = true, .keeps_options = true}};
  for (const auto& how : services) {
    std::map<std::string, unsigned> took;
    std::string name;
    service to(how);
    session of({.run = "abcd1234"}, usual_terms());
    for (auto now = mono_time(1h);; now += 1s) {
      auto coming = of.next(now);
      if (coming.what == session::action::kind::finished) break;
      BOOST_REQUIRE((coming.what == session::action::kind::send));
      // What an experiment made is removed right after it.
      if (!of.state().experiment.empty()) name = of.state().experiment;
      took[name] += coming.send.copies;
      of.take(to.answer(coming.send), now);
    }
    for (const auto& one : all_experiments())
      BOOST_TEST(took[std::string(one.name)] <= one.most_calls, one.name << ": " << took[std::string(one.name)]);
    BOOST_TEST(to.meetings() == 0U);
  }
}

BOOST_AUTO_TEST_CASE(only_what_an_experiment_can_say_is_a_value) {
  const auto can = [](std::string_view name, std::string_view value) { return can_be(*find_question(name), value); };
  for (const auto& [name, value] :
       {std::pair("batch", "yes"), std::pair("new_status", "202"), std::pair("unknown_meeting", "410"), std::pair("unknown_meeting", "200"),
        std::pair("longest_external_id", "33"), std::pair("longest_external_id", "255"), std::pair("longest_external_id", "at least 256"),
        std::pair("repeat_changes", "new meeting"), std::pair("outer_blanks", "trimmed")})
    BOOST_TEST(can(name, value), name << ": " << value);
  for (const auto& [name, value] :
       {std::pair("batch", "banana"), std::pair("batch", ""), std::pair("batch", "yes, no"), std::pair("new_status", "404"),
        std::pair("new_status", "another 2xx"), std::pair("unknown_meeting", "302"), std::pair("unknown_meeting", "0404"),
        std::pair("longest_external_id", "32"), std::pair("longest_external_id", "256"), std::pair("longest_external_id", "099"),
        std::pair("longest_external_id", "at least 300"), std::pair("inner_blanks", "trimmed"), std::pair("expired_key", "new"),
        std::pair("expired_key", "")})
    BOOST_TEST(!can(name, value), name << ": " << value);
}

BOOST_AUTO_TEST_CASE(evidence_and_findings_have_no_ids) {
  for (const auto& [name, one] : probed({})) {
    const auto text = one.evidence + one.unsettled;
    BOOST_TEST(!text.contains("meeting-"), name);
    BOOST_TEST(!text.contains("ada@"), name);
    BOOST_TEST(!text.contains("abcd1234"), name);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
