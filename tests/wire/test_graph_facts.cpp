// What the service is known to do, as far as convoke's requests and its reading of answers depend on it. docs/graph.md, "Facts and their
// tests", has the list; most facts have a test beside the code that they concern.

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <set>
#include <string>
#include <vector>

#include "wire/lecture.hpp"
#include "wire/wire.hpp"

namespace {

namespace json = boost::json;
using convoke::attendee_id;
using convoke::attendee_role;
using convoke::meeting_spec;
using convoke::test::lecture;

meeting_spec whole() {
  auto s = lecture();
  s.subject = "Zoology – Übung 第1回";
  s.attendees = {{attendee_id::upn, "ute@uni.example", attendee_role::presenter},
                 {attendee_id::object_id, "6f9619ff-8b86-d011-b42d-00c04fc964ff", attendee_role::coorganizer}};
  s.keep_roles = true;
  return s;
}

json::object created(const meeting_spec& s) {
  std::string out;
  convoke::wire::append_create_or_get(out, s);
  return json::parse(out).as_object();
}

json::object updated(const meeting_spec& s, const std::vector<std::string>& changed) {
  std::string out;
  convoke::wire::append_update(out, s, changed);
  return json::parse(out).as_object();
}

std::set<std::string> names_of(const json::object& o) {
  std::set<std::string> out;
  for (const auto& member : o) out.emplace(member.key());
  return out;
}

convoke::meeting read(std::string_view body) {
  convoke::wire::parser p;
  const auto m = p.parse_meeting(body);
  BOOST_REQUIRE_MESSAGE(m.has_value(), (m ? std::string() : m.error().message));
  return *m;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(graph_facts)

// Section 3: these are the parameters of the action. No option is one, and an organizer in the body is never sent.
BOOST_AUTO_TEST_CASE(section_3_create_or_get_sends_the_parameters_of_the_action_and_nothing_else) {
  BOOST_TEST(
      (names_of(created(whole())) == std::set<std::string>{"externalId", "startDateTime", "endDateTime", "subject", "participants"}));
  BOOST_TEST((names_of(created(whole()).at("participants").as_object()) == std::set<std::string>{"attendees"}));
}

// Section 3: chatInfo is a parameter of the beta endpoint, and the thread is all that is sent of it.
BOOST_AUTO_TEST_CASE(section_3_chat_info_is_sent_for_channel_meetings_alone) {
  BOOST_TEST(!created(whole()).contains("chatInfo"));
  auto s = whole();
  s.chat_thread_id = "19:x@thread.tacv2";
  const auto chat = created(s).at("chatInfo").as_object();
  BOOST_TEST((names_of(chat) == std::set<std::string>{"threadId"}));
  BOOST_TEST(chat.at("threadId").as_string() == "19:x@thread.tacv2");
}

// Section 4: the thread of a meeting, in whatever form the answer has it.
BOOST_AUTO_TEST_CASE(section_4_the_chat_of_a_meeting_is_read_leniently) {
  BOOST_TEST(read(R"({"chatInfo":{"messageId":"0","threadId":"19:x@thread.v2","replyChainMessageId":null}})").chat_thread_id.value() ==
             "19:x@thread.v2");
  for (const std::string none : {"null", "[]", "{}", "7", R"({"threadId":null})", R"({"threadId":""})", R"({"threadId":5})",
                                 R"({"threadId":"a\u0007b"})", R"({"threadId":"a","threadId":"b"})"})
    BOOST_TEST(!read(R"({"chatInfo":)" + none + "}").chat_thread_id.has_value(), none);
}

// Section 3: without times the service takes its own, and an end alone is an error.
BOOST_AUTO_TEST_CASE(section_3_both_times_are_always_sent_in_utc) {
  const auto body = created(lecture());
  BOOST_TEST(body.at("startDateTime").as_string() == "2026-09-01T08:00:00Z");
  BOOST_TEST(body.at("endDateTime").as_string() == "2026-09-01T09:30:00Z");
}

BOOST_AUTO_TEST_CASE(section_3_a_subject_may_have_any_letters) {
  BOOST_TEST(std::string_view(created(whole()).at("subject").as_string()) == "Zoology – Übung 第1回");
}

// Section 3: an attendee is named by its UPN alone or by its object id alone.
BOOST_AUTO_TEST_CASE(section_3_the_forms_of_an_attendee) {
  const auto people = created(whole()).at("participants").at("attendees").as_array();
  BOOST_TEST((names_of(people.at(0).as_object()) == std::set<std::string>{"upn", "role"}));
  BOOST_TEST((names_of(people.at(1).as_object()) == std::set<std::string>{"identity", "role"}));
  BOOST_TEST(people.at(1).at("identity").at("user").at("id").as_string() == "6f9619ff-8b86-d011-b42d-00c04fc964ff");
}

// Section 3: the words of onlineMeetingRole that convoke sends, and those that it reads.
BOOST_AUTO_TEST_CASE(section_3_online_meeting_roles) {
  const auto role = [](const std::string& shown) {
    return read(R"({"participants":{"attendees":[{"upn":"a@x","role":)" + shown + "}]}}").attendees->at(0).role;
  };
  BOOST_TEST((role(R"("attendee")") == attendee_role::attendee));
  BOOST_TEST((role(R"("presenter")") == attendee_role::presenter));
  BOOST_TEST((role(R"("coorganizer")") == attendee_role::coorganizer));
  for (const auto* unverifiable : {"null", R"("unknownFutureValue")", R"("producer")"}) BOOST_TEST(!role(unverifiable).has_value());
}

// Section 4: types are open, and members without documentation are returned.
BOOST_AUTO_TEST_CASE(section_4_further_members_are_skipped) {
  const auto m = read(R"({"id":"i","autoAdmittedUsers":"everyone","joinUrl":"https://x","meetingCode":"1","participants":{"producers":[],
    "contributors":[],"organizer":{"identity":{"user":{"id":"u","tenantId":"t","identityProvider":"AAD"}},"upn":null,"role":null},
    "attendees":[{"upn":"a@x","identity":{"acsUser":null,"user":{"id":"B","displayName":null,"tenantId":"t"}}}]}})");
  BOOST_TEST(m.id == "i");
  BOOST_REQUIRE(m.attendees->size() == 1U);
  BOOST_TEST(m.attendees->front().object_id == "b");
}

BOOST_AUTO_TEST_CASE(section_4_who_may_present) {
  for (const std::string word : {"everyone", "organization", "roleIsPresenter", "organizer"})
    BOOST_TEST((read(R"({"allowedPresenters":")" + word + R"("})").allowed_presenters == word));
  for (const auto* absent : {"{}", R"({"allowedPresenters":null})", R"({"allowedPresenters":"unknownFutureValue"})"})
    BOOST_TEST(!read(absent).allowed_presenters.has_value());
}

// Section 7: whatever changed, a PATCH never has what cannot be changed, and never everything that a meeting has.
BOOST_AUTO_TEST_CASE(section_7_an_update_has_no_member_that_is_immutable) {
  auto wanted = whole();
  wanted.chat_thread_id = "19:x@thread.tacv2";
  for (const auto& changed : std::vector<std::vector<std::string>>{{}, {"subject"}, {"start"}, {"end"}, {"attendees"}, {"roles"}}) {
    const auto body = updated(wanted, changed);
    for (const auto* fixed : {"externalId", "id", "joinWebUrl", "meetingType", "meetingTemplateId", "joinMeetingIdSettings", "chatInfo"})
      BOOST_TEST(!body.contains(fixed));
    if (const auto* people = body.if_contains("participants")) BOOST_TEST(!people->as_object().contains("organizer"));
  }
}

BOOST_AUTO_TEST_CASE(section_7_a_time_is_sent_with_the_other) {
  for (const auto* one : {"start", "end"})
    BOOST_TEST((names_of(updated(whole(), {one})) == std::set<std::string>{"startDateTime", "endDateTime"}));
}

// Sections 3 and 7: a role is honoured only with roleIsPresenter, and the list of attendees replaces the stored one.
BOOST_AUTO_TEST_CASE(section_7_roles_are_set_with_role_is_presenter_and_the_full_list) {
  const auto body = updated(whole(), {"roles"});
  BOOST_TEST((names_of(body) == std::set<std::string>{"allowedPresenters", "participants"}));
  BOOST_TEST(body.at("allowedPresenters").as_string() == "roleIsPresenter");
  BOOST_TEST(body.at("participants").at("attendees").as_array().size() == 2U);
}

BOOST_AUTO_TEST_SUITE_END()
