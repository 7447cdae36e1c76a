#include <rapidcheck/boost_test.h>
#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <string>

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
using convoke::wire::append_create_or_get;

std::string body_of(const meeting_spec& s) {
  std::string out;
  append_create_or_get(out, s);
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(create_or_get)

BOOST_AUTO_TEST_CASE(a_spec_without_subject_and_attendees_has_the_shortest_body) {
  BOOST_TEST(body_of(lecture()) ==
             R"({"externalId":"BIO-101-03-20260901","startDateTime":"2026-09-01T08:00:00Z","endDateTime":"2026-09-01T09:30:00Z"})");
}

BOOST_AUTO_TEST_CASE(every_member_of_a_spec_is_sent) {
  auto s = lecture();
  s.subject = "Zoologie \"Übung\"";
  s.attendees = {{attendee_id::upn, "tom@uni.example", attendee_role::none},
                 {attendee_id::upn, "ute@uni.example", attendee_role::presenter},
                 {attendee_id::object_id, "0f1e2d3c-4b5a-4968-8776-655443322110", attendee_role::coorganizer},
                 {attendee_id::object_id, "1f1e2d3c-4b5a-4968-8776-655443322110", attendee_role::none}};
  BOOST_TEST(body_of(s) ==
             R"({"externalId":"BIO-101-03-20260901","startDateTime":"2026-09-01T08:00:00Z","endDateTime":"2026-09-01T09:30:00Z",)"
             R"("subject":"Zoologie \"Übung\"","participants":{"attendees":[{"upn":"tom@uni.example"},)"
             R"({"upn":"ute@uni.example","role":"presenter"},)"
             R"({"identity":{"user":{"id":"0f1e2d3c-4b5a-4968-8776-655443322110"}},"role":"coorganizer"},)"
             R"({"identity":{"user":{"id":"1f1e2d3c-4b5a-4968-8776-655443322110"}}}]}})");
}

BOOST_AUTO_TEST_CASE(a_channel_meeting_names_its_chat) {
  auto s = lecture();
  const std::string thread = "19:561fbdbbfca848a484f0a6f00ce9dbbd@thread.tacv2";
  s.chat_thread_id = thread;
  BOOST_TEST(body_of(s) ==
             R"({"externalId":"BIO-101-03-20260901","startDateTime":"2026-09-01T08:00:00Z","endDateTime":"2026-09-01T09:30:00Z",)"
             R"("chatInfo":{"threadId":")" +
                 thread + R"("}})");
  s.subject = "Algebra";
  s.attendees = {{attendee_id::upn, "tom@uni.example", attendee_role::none}};
  BOOST_TEST(body_of(s).ends_with(R"(}]},"chatInfo":{"threadId":")" + thread + R"("}})"));
}

BOOST_AUTO_TEST_CASE(an_empty_subject_is_sent_and_an_absent_one_is_not) {
  auto s = lecture();
  s.subject = "";
  BOOST_TEST(body_of(s).ends_with(R"("subject":""})"));
  s.subject.reset();
  BOOST_TEST(body_of(s).find("subject") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(times_are_sent_in_whole_seconds) {
  auto s = lecture();
  s.start += convoke::ticks(9'999'999);
  BOOST_TEST(body_of(s).find(R"("startDateTime":"2026-09-01T08:00:00Z")") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_body_is_appended_to_what_is_there) {
  std::string out = "before";
  append_create_or_get(out, lecture());
  BOOST_TEST(out == "before" + body_of(lecture()));
}

RC_BOOST_PROP(any_spec_reads_back_with_another_parser, ()) {
  auto s = lecture();
  s.external_id = arbitrary_utf8();
  s.subject = arbitrary_utf8();
  for (int n = *rc::gen::inRange(0, 4); n > 0; --n) s.attendees.push_back({attendee_id::upn, arbitrary_utf8(), attendee_role::attendee});
  const auto root = json::parse(body_of(s)).as_object();
  RC_ASSERT(root.at("externalId").as_string() == s.external_id);
  RC_ASSERT(root.at("subject").as_string() == *s.subject);
  RC_ASSERT(root.contains("participants") == !s.attendees.empty());
  for (std::size_t i = 0; i < s.attendees.size(); ++i) {
    const auto& person = root.at("participants").at("attendees").at(i).as_object();
    RC_ASSERT(person.at("upn").as_string() == s.attendees[i].value);
    RC_ASSERT(person.at("role").as_string() == "attendee");
  }
}

BOOST_AUTO_TEST_SUITE_END()
