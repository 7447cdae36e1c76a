// Switches for quirks of Graph; the numbers are those of the list in docs/graph.md.

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

BOOST_AUTO_TEST_SUITE(quirks)

BOOST_AUTO_TEST_CASE(quirk_7_each_policy_body_can_be_chosen) {
  const auto refusal = [](std::string_view form) {
    world w(with({{"policy", "none"}, {"policy_answer", form}}));
    const auto r = w.call(alice, "k");
    BOOST_TEST(r.status == 403);
    return code_of(r) + ": " + message_of(r);
  };
  BOOST_TEST(refusal("documented") == "Forbidden: No Application Access Policy found for this app");
  BOOST_TEST(refusal("general") == "General: No application access policy found for this app.");
  BOOST_TEST(refusal("with-ids").contains(alice));
  BOOST_TEST(refusal("older").starts_with("Unauthorized: App " + std::string(app)));
}

BOOST_AUTO_TEST_CASE(quirk_8_a_upn_in_the_path_is_404_or_403) {
  world one, other(with({{"upn_answer", "forbidden"}}));
  BOOST_TEST(one.call("ada@uni.example", "k").status == 404);
  const auto r = other.call("ada@uni.example", "k");
  BOOST_TEST(r.status == 403);
  BOOST_TEST(code_of(r) == "Forbidden");
  BOOST_TEST(message_of(r).empty());
}

BOOST_AUTO_TEST_CASE(unlicensed_organizers_and_guests_have_their_bodies) {
  world w(with({{"unlicensed", alice}, {"guests", bob}, {"unlicensed_answer", "subcode"}}));
  const auto r = w.call(alice, "k"), guest = w.call(bob, "k");
  BOOST_TEST(r.status == 403);
  BOOST_TEST(parsed(r).at("error").at("innerError").at("code").as_string() == "9024");
  BOOST_TEST(guest.status == 403);
  BOOST_TEST(message_of(guest).empty());
  BOOST_TEST(!parsed(guest).at("error").at("innerError").as_object().contains("code"));
}

BOOST_AUTO_TEST_CASE(quirk_11_fractional_digits_of_times) {
  const auto made = [](std::string_view digits) {
    world w(with({{"fraction_digits", digits}}));
    return std::string(parsed(w.call(alice, "k")).at("creationDateTime").as_string());
  };
  BOOST_TEST(made("trimmed") == "2026-08-31T12:00:00.25Z");
  BOOST_TEST(made("0") == "2026-08-31T12:00:00Z");
  BOOST_TEST(made("1") == "2026-08-31T12:00:00.2Z");
  BOOST_TEST(made("7") == "2026-08-31T12:00:00.2500000Z");
}

BOOST_AUTO_TEST_CASE(quirk_12_extra_members_in_answers) {
  world w(with({{"extra_members", "yes"}})), plain;
  const auto r = parsed(w.call(alice, "k"));
  BOOST_TEST(r.contains("simulatedDetails"));
  BOOST_TEST(r.at("participants").as_object().contains("simulatedGroups"));
  BOOST_TEST(!parsed(plain.call(alice, "k")).contains("simulatedDetails"));
}

BOOST_AUTO_TEST_CASE(quirk_16_the_quota_of_a_month_is_of_the_organizer_and_ends_with_the_month) {
  world w(with({{"monthly_quota", "2"}}));
  BOOST_TEST(w.call(alice, "a").status == 201);
  BOOST_TEST(w.call(alice, "b").status == 201);
  const auto r = w.call(alice, "c");
  BOOST_TEST(r.status == 429);
  BOOST_TEST(header(r, "Retry-After").at(0) == "43200");  // 31 August, 12:00 UTC
  BOOST_TEST(w.call(alice, "a").status == 200);           // it makes nothing
  BOOST_TEST(w.call(bob, "a").status == 201);
  w.pass(12h);
  w.token = w.get_token();
  BOOST_TEST(w.call(alice, "c").status == 201);
  BOOST_TEST(w.graph.meetings().meetings() == 4U);
}

BOOST_AUTO_TEST_CASE(the_quota_of_the_app_throttles_its_lanes) {
  world w(with({{"app_rate", "1"}, {"app_burst", "2"}, {"throttle_scope_header", "yes"}}));
  BOOST_TEST(w.call(alice, "a").status == 201);
  BOOST_TEST(w.call(bob, "b").status == 201);
  const auto r = w.call(alice, "c");
  BOOST_TEST(r.status == 429);
  BOOST_TEST(header(r, "x-ms-throttle-scope").at(0) == "Application/ReadWrite/" + std::string(app));
}

BOOST_AUTO_TEST_CASE(join_links_are_full_or_brief) {
  const auto link = [](std::string_view form, std::string_view key) {
    world w(with({{"join_links", form}}));
    return std::string(parsed(w.call(alice, key)).at("joinWebUrl").as_string());
  };
  BOOST_TEST(link("full", "k").starts_with("https://teams.microsoft.com/l/meetup-join/19%3A"));
  BOOST_TEST(link("brief", "k").starts_with("https://teams.microsoft.com/meet/"));
  BOOST_TEST(link("brief", "k").contains("?p="));
  BOOST_TEST(link("mix", "k") == link("mix", "k"));
}

BOOST_AUTO_TEST_CASE(members_that_cannot_be_changed_are_refused_or_ignored) {
  for (const auto* form : {"refuse", "ignore"}) {
    world w(with({{"fixed_members", form}}));
    const auto id = id_of(w.call(alice, "k"));
    const auto patched = w.ask("PATCH", meeting_path(alice, id), R"({"externalId":"other","subject":"New"})");
    BOOST_TEST(patched.status == (std::string_view(form) == "refuse" ? 400 : 200));
    const auto now = parsed(w.ask("GET", meeting_path(alice, id)));
    BOOST_TEST(now.at("externalId").as_string() == "k");
    BOOST_TEST(now.at("subject").as_string() == (std::string_view(form) == "refuse" ? "Algebra" : "New"));
    const auto whole = w.ask("PATCH", meeting_path(alice, id), R"({"subject":"New","meetingType":"scheduled"})");
    BOOST_TEST(whole.status == 400);
    BOOST_TEST(message_of(whole) == "Updating meeting type is not supported.");
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
