#include <rapidcheck/boost_test.h>
#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "core/arbitrary_utf8.hpp"
#include "wire/lecture.hpp"
#include "wire/wire.hpp"

namespace {

namespace json = boost::json;
using convoke::attendee_id;
using convoke::attendee_role;
using convoke::meeting_spec;
using convoke::test::arbitrary_utf8;
using convoke::test::lecture;

const std::string times = R"("startDateTime":"2026-09-01T08:00:00Z","endDateTime":"2026-09-01T09:30:00Z")";
const std::string subject = R"("subject":"Zoology \"1\"")";
const std::string people = R"("participants":{"attendees":[{"upn":"ute@uni.example","role":"presenter"}]})";

meeting_spec whole() {
  auto s = lecture();
  s.subject = "Zoology \"1\"";
  s.attendees = {{attendee_id::upn, "ute@uni.example", attendee_role::presenter}};
  return s;
}

std::string body_of(const meeting_spec& s, const std::vector<std::string>& changed) {
  std::string out;
  convoke::wire::append_update(out, s, changed);
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(update)

BOOST_AUTO_TEST_CASE(only_the_changed_members_are_sent) {
  BOOST_TEST(body_of(whole(), {"subject"}) == "{" + subject + "}");
  BOOST_TEST(body_of(whole(), {"attendees"}) == "{" + people + "}");
  BOOST_TEST(body_of(whole(), {"attendees", "subject"}) == "{" + subject + "," + people + "}");
}

BOOST_AUTO_TEST_CASE(a_start_or_an_end_is_sent_with_the_other) {
  BOOST_TEST(body_of(whole(), {"start"}) == "{" + times + "}");
  BOOST_TEST(body_of(whole(), {"end"}) == "{" + times + "}");
  BOOST_TEST(body_of(whole(), {"end", "start"}) == "{" + times + "}");
}

BOOST_AUTO_TEST_CASE(without_names_everything_is_sent_but_the_external_id) {
  BOOST_TEST(body_of(whole(), {}) == "{" + times + "," + subject + "," + people + "}");
}

BOOST_AUTO_TEST_CASE(options_are_sent_that_changed_and_parts_share_their_object) {
  auto s = whole();
  s.options = {{8, "false"}, {13, "organizer"}, {14, "attendee"}, {17, "true"}, {18, "everyone"}, {20, "true"}};
  BOOST_TEST(body_of(s, {"option.allowedPresenters"}) == R"({"allowedPresenters":"organizer"})");
  BOOST_TEST(body_of(s, {"option.lobbyBypassSettings.scope"}) == R"({"lobbyBypassSettings":{"scope":"everyone"}})");
  BOOST_TEST(body_of(s, {"option.recordAutomatically", "option.lobbyBypassSettings.scope", "option.anonymizeIdentityForRoles",
                         "option.lobbyBypassSettings.isDialInBypassEnabled", "subject", "option.allowWhiteboard"}) ==
             "{" + subject +
                 R"(,"anonymizeIdentityForRoles":["attendee"],"lobbyBypassSettings":{"isDialInBypassEnabled":true,"scope":"everyone"},)"
                 R"("recordAutomatically":true})");
}

BOOST_AUTO_TEST_CASE(an_empty_list_of_attendees_replaces_the_stored_one) {
  auto s = whole();
  s.attendees.clear();
  BOOST_TEST(body_of(s, {"attendees"}) == R"({"participants":{"attendees":[]}})");
  BOOST_TEST(body_of(s, {}) == "{" + times + "," + subject + R"(,"participants":{"attendees":[]}})");
}

BOOST_AUTO_TEST_CASE(an_absent_subject_is_never_sent) {
  auto s = whole();
  s.subject.reset();
  BOOST_TEST(body_of(s, {"subject", "end"}) == "{" + times + "}");
  BOOST_TEST(body_of(s, {}) == "{" + times + "," + people + "}");
}

// The service would refuse a body without members.
BOOST_AUTO_TEST_CASE(names_that_mean_nothing_here_count_as_none) {
  auto s = whole();
  BOOST_TEST(body_of(s, {"recordAutomatically"}) == body_of(s, {}));
  BOOST_TEST(body_of(s, {"recordAutomatically", "subject"}) == "{" + subject + "}");
  s.subject.reset();
  BOOST_TEST(body_of(s, {"subject"}) == body_of(s, {}));
}

// Graph honours the role of a presenter only with roleIsPresenter, and replaces the whole list.
BOOST_AUTO_TEST_CASE(roles_that_are_kept_are_sent_with_role_is_presenter_and_all_attendees) {
  auto s = whole();
  s.attendees.push_back({attendee_id::upn, "zoe@uni.example", attendee_role::none});
  s.keep_roles = true;
  const std::string all = R"("participants":{"attendees":[{"upn":"ute@uni.example","role":"presenter"},{"upn":"zoe@uni.example"}]})";
  const std::string set = R"("allowedPresenters":"roleIsPresenter",)";
  BOOST_TEST(body_of(s, {"roles"}) == "{" + set + all + "}");
  BOOST_TEST(body_of(s, {"attendees"}) == "{" + set + all + "}");
  BOOST_TEST(body_of(s, {"attendees", "roles"}) == "{" + set + all + "}");
  BOOST_TEST(body_of(s, {"subject"}) == "{" + subject + "}");
  s.keep_roles = false;
  BOOST_TEST(body_of(s, {"attendees"}) == "{" + all + "}");
}

BOOST_AUTO_TEST_CASE(the_update_is_appended_to_what_is_there) {
  std::string out = "before";
  convoke::wire::append_update(out, whole(), {});
  BOOST_TEST(out == "before" + body_of(whole(), {}));
}

// What createOrGet and an update send of one spec is the same, member by member.
RC_BOOST_PROP(an_update_writes_members_as_create_or_get_does, ()) {
  auto s = lecture();
  s.subject = arbitrary_utf8();
  for (int n = *rc::gen::inRange(1, 4); n > 0; --n) s.attendees.push_back({attendee_id::upn, arbitrary_utf8(), attendee_role::attendee});
  std::string made;
  convoke::wire::append_create_or_get(made, s);
  auto expected = json::parse(made).as_object();
  expected.erase("externalId");
  RC_ASSERT(json::parse(body_of(s, {})).as_object() == expected);
}

BOOST_AUTO_TEST_SUITE_END()
