// What Microsoft does not document: each setting of open_questions.hpp, both ways.

#include "fixture.hpp"
#include "sim/service/settings.hpp"

namespace {

using namespace sim_test;

behaviour with(std::initializer_list<std::pair<std::string_view, std::string_view>> values) {
  behaviour how;
  for (const auto& [name, value] : values) {
    const auto set = apply_setting(how, name, value);
    BOOST_REQUIRE_MESSAGE(set.has_value(), name << ": " << (set ? "" : set.error().message));
  }
  return how;
}

std::string external_id_of(const reply& r) {
  return std::string(parsed(r).at("externalId").as_string());
}

std::string role_in(const reply& r) {
  return std::string(parsed(r).at("participants").at("attendees").at(0).at("role").as_string());
}

std::string with_role(std::string_view key, std::string_view role) {
  return R"({"externalId":")" + std::string(key) + R"(","participants":{"attendees":[{"upn":"ada@uni.example","role":")" +
         std::string(role) + R"("}]}})";
}

BOOST_AUTO_TEST_SUITE(open_questions)

BOOST_AUTO_TEST_CASE(statuses_of_createOrGet) {
  world usual, other(with({{"new_status", "200"}, {"found_status", "201"}}));
  BOOST_TEST(usual.call(alice, "k").status == 201);
  BOOST_TEST(usual.call(alice, "k").status == 200);
  BOOST_TEST(other.call(alice, "k").status == 200);
  BOOST_TEST(other.call(alice, "k").status == 201);
  BOOST_TEST(other.graph.counts().created == 1U);
}

BOOST_AUTO_TEST_CASE(a_second_createOrGet_changes_what_the_setting_says) {
  for (const std::string_view effect : {"nothing", "subject", "times", "both"}) {
    world w(with({{"repeat_changes", effect}}));
    w.call(alice, "k");
    const auto again = parsed(w.post(path_of(alice), R"({"externalId":"k","subject":"Biology","startDateTime":"2026-09-02T08:00:00Z"})"));
    const bool subject = effect == "subject" || effect == "both", times = effect == "times" || effect == "both";
    BOOST_TEST((again.at("subject").as_string() == "Biology") == subject, effect);
    BOOST_TEST((again.at("startDateTime").as_string() == "2026-09-02T08:00:00Z") == times, effect);
  }
}

BOOST_AUTO_TEST_CASE(a_PATCH_answers_with_the_meeting_or_with_nothing) {
  world usual, other(with({{"patch_answer", "nothing"}}));
  for (auto* w : {&usual, &other}) {
    const auto target = meeting_path(alice, id_of(w->call(alice, "k")));
    const auto r = w->ask("PATCH", target, R"({"subject":"Biology"})");
    BOOST_TEST(r.status == (w == &usual ? 200 : 204));
    BOOST_TEST(r.body.empty() == (w == &other));
    BOOST_TEST(parsed(w->ask("GET", target)).at("subject").as_string() == "Biology");
  }
}

BOOST_AUTO_TEST_CASE(the_key_of_a_deleted_meeting) {
  const auto again = [](std::string_view what, bool& same) {
    world w(with({{"deleted_key", what}}));
    const auto id = id_of(w.call(alice, "k"));
    BOOST_TEST(w.ask("DELETE", meeting_path(alice, id)).status == 204);
    const auto r = w.call(alice, "k");
    same = r.status < 300 && id_of(r) == id;
    BOOST_TEST(w.graph.meetings().meetings() == (r.status < 300 ? 1U : 0U));
    if (r.status < 300) {
      BOOST_TEST(w.ask("DELETE", meeting_path(alice, id_of(r))).status == 204);
      BOOST_TEST(w.graph.meetings().meetings() == 0U);
    }
    return r.status;
  };
  bool same = false;
  BOOST_TEST(again("new", same) == 201);
  BOOST_TEST(!same);
  BOOST_TEST(again("restored", same) == 200);
  BOOST_TEST(same);
  BOOST_TEST(again("refused", same) == 400);
}

BOOST_AUTO_TEST_CASE(letter_case_of_external_ids) {
  world usual, other(with({{"letter_case", "ignored"}}));
  BOOST_TEST(usual.call(alice, "Key").status == 201);
  BOOST_TEST(usual.call(alice, "KEY").status == 201);
  BOOST_TEST(other.call(alice, "Key").status == 201);
  const auto found = other.call(alice, "KEY");
  BOOST_TEST(found.status == 200);
  BOOST_TEST(external_id_of(found) == "Key");
}

BOOST_AUTO_TEST_CASE(the_longest_external_id) {
  world w(with({{"longest_external_id", "10"}}));
  BOOST_TEST(w.call(alice, "0123456789").status == 201);
  const auto r = w.call(alice, "0123456789a");
  BOOST_TEST(r.status == 400);
  BOOST_TEST(message_of(r).contains("too long"));
}

BOOST_AUTO_TEST_CASE(characters_of_external_ids) {
  world usual, trims(with({{"outer_blanks", "trimmed"}})),
      refuses(with({{"outer_blanks", "refused"}, {"inner_blanks", "refused"}, {"other_letters", "refused"}}));
  BOOST_TEST(external_id_of(usual.call(alice, " a b ")) == " a b ");
  BOOST_TEST(external_id_of(usual.call(alice, "\xC3\xA9")) == "\xC3\xA9");
  BOOST_TEST(external_id_of(trims.call(alice, " a b ")) == "a b");
  BOOST_TEST(trims.call(alice, "a b").status == 200);
  BOOST_TEST(trims.call(alice, "  ").status == 400);
  BOOST_TEST(refuses.call(alice, " a").status == 400);
  BOOST_TEST(refuses.call(alice, "a b").status == 400);
  BOOST_TEST(refuses.call(alice, "\xC3\xA9").status == 400);
  BOOST_TEST(refuses.call(alice, "a").status == 201);
}

BOOST_AUTO_TEST_CASE(roles_that_createOrGet_does_not_keep) {
  world usual(with({{"show_roles", "yes"}})), loses(with({{"show_roles", "yes"}, {"lose_presenters", "yes"}}));
  BOOST_TEST(role_in(usual.post(path_of(alice), with_role("k", "presenter"))) == "presenter");
  BOOST_TEST(role_in(loses.post(path_of(alice), with_role("k", "presenter"))) == "attendee");
  const auto other = loses.post(path_of(alice), with_role("k2", "coorganizer"));
  BOOST_TEST(role_in(other) == "unknownFutureValue");
  const auto patched = loses.ask("PATCH", meeting_path(alice, id_of(other)),
                                 R"({"participants":{"attendees":[{"upn":"ada@uni.example","role":"presenter"}]}})");
  BOOST_TEST(role_in(patched) == "presenter");
}

BOOST_AUTO_TEST_CASE(members_that_only_PATCH_is_documented_for) {
  world usual, keeps(with({{"keep_options", "yes"}}));
  const std::string body = R"({"externalId":"k","subject":"Algebra","allowedPresenters":"organizer","allowMeetingChat":"disabled"})";
  BOOST_TEST(parsed(usual.post(path_of(alice), body)).at("allowedPresenters").as_string() == "everyone");
  const auto kept = parsed(keeps.post(path_of(alice), body));
  BOOST_TEST(kept.at("allowedPresenters").as_string() == "organizer");
  BOOST_TEST(kept.at("allowMeetingChat").as_string() == "disabled");
  BOOST_TEST(keeps.post(path_of(alice), R"({"externalId":"k2","allowedPresenters":"someone"})").status == 400);
}

BOOST_AUTO_TEST_CASE(two_calls_at_the_same_time_make_one_meeting_or_two) {
  for (const bool two : {false, true}) {
    world w(with({{"simultaneous", two ? "two" : "one"}}));
    auto first = w.call(alice, "k", true), second = w.call(alice, "k", true);
    BOOST_TEST((id_of(first) != id_of(second)) == two);
    BOOST_TEST(second.status == (two ? 201 : 200));
    BOOST_TEST(w.graph.meetings().meetings() == (two ? 2U : 1U));
    BOOST_TEST(w.graph.meetings().duplicates() == (two ? 1U : 0U));
    BOOST_TEST(external_id_of(second) == "k");
    service::finish(first);
    service::finish(second);
    // One after the other they find the first; once it is gone, the other one.
    BOOST_TEST(id_of(w.call(alice, "k")) == id_of(first));
    BOOST_TEST(w.ask("DELETE", meeting_path(alice, id_of(first))).status == 204);
    if (!two) continue;
    const auto left = w.call(alice, "k");
    BOOST_TEST(left.status == 200);
    BOOST_TEST(id_of(left) == id_of(second));
    BOOST_TEST(w.ask("DELETE", meeting_path(alice, id_of(second))).status == 204);
    BOOST_TEST(w.graph.meetings().meetings() == 0U);
    BOOST_TEST(w.call(alice, "k").status == 201);
  }
}

BOOST_AUTO_TEST_CASE(what_answers_show) {
  world usual, hides(with({{"hide_expiry", "yes"}, {"hide_join_information", "yes"}}));
  const auto all = parsed(usual.call(alice, "k")), less = parsed(hides.call(alice, "k"));
  for (const auto* member : {"expiryDateTime", "joinInformation"}) {
    BOOST_TEST(all.contains(member), member);
    BOOST_TEST(!less.contains(member), member);
  }
}

BOOST_AUTO_TEST_CASE(the_id_of_no_meeting) {
  for (const auto& [form, status] : {std::pair("404", 404), std::pair("403", 403), std::pair("400", 400)}) {
    world w(with({{"unknown_meeting", form}}));
    BOOST_TEST(w.ask("GET", meeting_path(alice, "MSow")).status == status);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
