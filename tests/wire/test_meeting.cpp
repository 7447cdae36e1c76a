#include <rapidcheck/boost_test.h>
#include <boost/json.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <string>

#include "samples.hpp"
#include "wire/wire.hpp"

namespace {

using convoke::attendee_role;
using convoke::errc;
using convoke::meeting;
using convoke::wire::parser;

convoke::result<meeting> parse(std::string_view body) {
  static parser p;
  return p.parse_meeting(body);
}

meeting read(std::string_view body) {
  auto got = parse(body);
  if (!got) BOOST_FAIL(got.error().message << " in " << body.substr(0, 200));
  return *std::move(got);
}

// The message of the refusal; empty where it was accepted.
std::string refusal(std::string_view body) {
  const auto got = parse(body);
  if (got) return {};
  BOOST_TEST((got.error().code == errc::protocol));
  return got.error().message;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(parse_meeting)

BOOST_AUTO_TEST_CASE(a_whole_answer_is_read) {
  for (const auto& body : {convoke::wire::samples::small_meeting(), convoke::wire::samples::large_meeting()}) {
    const auto m = read(body);
    BOOST_TEST(m.id.starts_with("MSo1YzFi"));
    BOOST_TEST(m.join_web_url == convoke::wire::samples::meeting_url);
    BOOST_TEST(m.external_id == "BIO-101-03-20260901");
    BOOST_TEST(m.subject.value() == "Einführung in die Zoologie, Übung 3");
    BOOST_TEST(convoke::format_utc(m.start.value()) == "2026-09-01T08:00:00Z");
    BOOST_TEST(convoke::format_utc(m.end.value()) == "2026-09-01T09:30:00Z");
    BOOST_TEST(m.join_meeting_id.value() == "312 458 906 77");
    BOOST_TEST(m.passcode.value() == "k4Xw9Q");
    BOOST_TEST(m.dial_in_number.value() == "+49 30 555 0100");
    BOOST_TEST(m.conference_id.value() == "458906771");
    const auto& people = m.attendees.value();
    BOOST_TEST(people.size() == 2U);
    BOOST_TEST(people.at(0).upn == "tom.berg@uni.example");
    BOOST_TEST(people.at(0).object_id == "7e8f9a0b-1c2d-4e3f-8a5b-6c7d8e9f0a1b");
    BOOST_TEST(!people.at(0).role);
    BOOST_TEST(people.at(1).upn == "");
    BOOST_TEST(people.at(1).object_id == "0f1e2d3c-4b5a-4968-8776-655443322110");
    BOOST_TEST(!people.at(1).role);
  }
}

BOOST_AUTO_TEST_CASE(an_empty_object_and_nulls_leave_members_absent) {
  BOOST_TEST((read("{}") == meeting{}));
  BOOST_TEST((read(R"({"id":null,"joinWebUrl":null,"externalId":null,"subject":null,"startDateTime":null,"endDateTime":null,
    "participants":null,"audioConferencing":null,"joinMeetingIdSettings":null})") == meeting{}));
  BOOST_TEST((read(R"({"participants":{"attendees":null},"joinMeetingIdSettings":{"joinMeetingId":null,"passcode":null},
    "audioConferencing":{"conferenceId":null,"tollNumber":null,"tollNumbers":[]}})") == meeting{}));
}

BOOST_AUTO_TEST_CASE(an_empty_list_of_attendees_is_not_an_absent_one) {
  BOOST_TEST(read(R"({"participants":{"attendees":[]}})").attendees.value().empty());
  BOOST_TEST(!read(R"({"participants":{}})").attendees);
}

BOOST_AUTO_TEST_CASE(known_roles_are_read_and_others_are_absent) {
  const auto m = read(R"({"participants":{"attendees":[{"role":"attendee"},{"role":"presenter"},{"role":"coorganizer"},
    {"role":"producer"},{"role":"unknownFutureValue"},{"role":null},{}]}})");
  const auto& people = m.attendees.value();
  BOOST_TEST((people.at(0).role == attendee_role::attendee));
  BOOST_TEST((people.at(1).role == attendee_role::presenter));
  BOOST_TEST((people.at(2).role == attendee_role::coorganizer));
  for (std::size_t i = 3; i < 7; ++i) BOOST_TEST(!people.at(i).role);
}

BOOST_AUTO_TEST_CASE(attendees_without_an_id_are_kept) {
  const auto m = read(R"({"participants":{"attendees":[{"identity":null},{"identity":{"user":null,"phone":{"id":"x"}}},
    {"identity":{"application":{"id":"y"}}},{"upn":"A@B"}]}})");
  BOOST_TEST(m.attendees.value().size() == 4U);
  BOOST_TEST(m.attendees->at(1).object_id == "");
  BOOST_TEST(m.attendees->at(3).upn == "a@b");
}

BOOST_AUTO_TEST_CASE(times_are_read_as_instants) {
  const auto at = [](const char* text) {
    return convoke::format_utc(read(R"({"startDateTime":")" + std::string(text) + "\"}").start.value());
  };
  BOOST_TEST(at("2026-09-01T08:00:00.1234567Z") == "2026-09-01T08:00:00.1234567Z");
  BOOST_TEST(at("2026-09-01T08:00:00.0000000Z") == "2026-09-01T08:00:00Z");
  BOOST_TEST(at("2026-09-01T10:00:00+02:00") == "2026-09-01T08:00:00Z");
  BOOST_TEST(!read(R"({"startDateTime":"0001-01-01T00:00:00Z","endDateTime":"0001-01-01T00:00:00.0000000Z"})").start);
}

BOOST_AUTO_TEST_CASE(expiry_and_options_link_are_read_leniently) {
  const auto m = read(R"({"expiryDateTime":"2026-11-30T09:00:00Z","meetingOptionsWebUrl":"https://teams.example/o?a=1"})");
  BOOST_TEST(convoke::format_utc(m.expires_at.value()) == "2026-11-30T09:00:00Z");
  BOOST_TEST(m.options_url.value() == "https://teams.example/o?a=1");
  for (const std::string_view none : {"null", R"("0001-01-01T00:00:00Z")", R"("soon")", "7", "{}"})
    BOOST_TEST(!read(R"({"expiryDateTime":)" + std::string(none) + "}").expires_at.has_value());
  for (const std::string_view none : {"null", R"("")", R"("a\u0007b")", "7", "[]"})
    BOOST_TEST(!read(R"({"meetingOptionsWebUrl":)" + std::string(none) + "}").options_url.has_value());
  BOOST_TEST(!read(R"({"meetingOptionsWebUrl":")" + std::string(5000, 'x') + R"("})").options_url.has_value());
}

BOOST_AUTO_TEST_CASE(dial_in_is_read_leniently) {
  BOOST_TEST(read(R"({"audioConferencing":{"conferenceId":"1"}})").conference_id.value() == "1");
  BOOST_TEST(read(R"({"audioConferencing":{"ConferenceId":"1"}})").conference_id.value() == "1");
  BOOST_TEST(!read(R"({"audioConferencing":{"conferenceId":458906771}})").conference_id);
  BOOST_TEST(!read(R"({"audioConferencing":"none"})").conference_id);
  const auto number = [](const char* members) {
    return read(R"({"audioConferencing":{)" + std::string(members) + "}}").dial_in_number.value_or("-");
  };
  BOOST_TEST(number(R"("tollFreeNumber":"f","tollNumber":"t")") == "t");
  BOOST_TEST(number(R"("tollFreeNumber":"f","tollNumber":null)") == "f");
  BOOST_TEST(number(R"("tollNumbers":["t1","t2"],"tollFreeNumber":"f")") == "t1");
  BOOST_TEST(number(R"("tollNumbers":[null,5,"t2"])") == "t2");
  BOOST_TEST(number(R"("tollFreeNumbers":["f1"])") == "f1");
  BOOST_TEST(number(R"("tollNumber":{"x":1})") == "-");
}

BOOST_AUTO_TEST_CASE(member_names_written_with_escapes_are_the_same_names) {
  BOOST_TEST(read(R"({"\u0069d":"x"})").id == "x");
  BOOST_TEST(refusal(R"({"id":"x","\u0069d":"y"})") == "the answer's id comes twice");
}

constexpr const char* doubles[] = {
    R"({"id":"a","id":"b"})",
    R"({"id":"a","id":"a"})",
    R"({"id":null,"id":"b"})",
    R"({"externalId":"a","x":{},"externalId":"b"})",
    R"({"joinWebUrl":"a","joinWebUrl":"b"})",
    R"({"subject":"a","subject":"b"})",
    R"({"participants":null,"participants":{}})",
    R"({"participants":{"attendees":[],"attendees":null}})",
    R"({"participants":{"attendees":[{"upn":"a","upn":"b"}]}})",
    R"({"participants":{"attendees":[{"role":"attendee","role":"presenter"}]}})",
    R"({"participants":{"attendees":[{"identity":{},"identity":{}}]}})",
    R"({"participants":{"attendees":[{"identity":{"user":{},"user":{}}}]}})",
    R"({"participants":{"attendees":[{"identity":{"user":{"id":"a","id":"b"}}}]}})",
    R"({"joinMeetingIdSettings":{"passcode":"a","passcode":"b"}})",
    R"({"joinMeetingIdSettings":{"joinMeetingId":"a","joinMeetingId":"b"}})",
};

BOOST_DATA_TEST_CASE(a_member_that_is_read_must_not_occur_twice, boost::unit_test::data::make(doubles), body) {
  BOOST_TEST(refusal(body).find("comes twice") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_member_that_is_not_read_may_occur_twice) {
  BOOST_TEST(read(R"({"x":1,"x":2,"id":"a"})").id == "a");
  BOOST_TEST(read(R"({"audioConferencing":{"conferenceId":"1","ConferenceId":"2"}})").conference_id.value() == "1");
}

constexpr const char* wrong_types[] = {
    R"({"id":12345678901234567890})",
    R"({"id":1})",
    R"({"id":true})",
    R"({"id":{}})",
    R"({"id":["x"]})",
    R"({"id":"a\u0000b"})",
    R"({"id":"a\r\nb"})",
    R"({"joinWebUrl":7})",
    R"({"joinWebUrl":"https://x/\u001b[2J"})",
    R"({"externalId":4711})",
    R"({"subject":[]})",
    R"({"startDateTime":1756713600})",
    R"({"startDateTime":"tomorrow"})",
    R"({"startDateTime":"2026-09-01T08:00:00"})",
    R"({"endDateTime":{"dateTime":"2026-09-01T08:00:00","timeZone":"UTC"}})",
    R"({"participants":[]})",
    R"({"participants":"x"})",
    R"({"participants":{"attendees":{}}})",
    R"({"participants":{"attendees":[null]}})",
    R"({"participants":{"attendees":["a@b"]}})",
    R"({"participants":{"attendees":[{"upn":5}]}})",
    R"({"participants":{"attendees":[{"role":1}]}})",
    R"({"participants":{"attendees":[{"identity":"x"}]}})",
    R"({"participants":{"attendees":[{"identity":{"user":"x"}}]}})",
    R"({"participants":{"attendees":[{"identity":{"user":{"id":5}}}]}})",
    R"({"joinMeetingIdSettings":"x"})",
    R"({"joinMeetingIdSettings":{"joinMeetingId":31245890677}})",
    R"({"joinMeetingIdSettings":{"passcode":1234}})",
};

BOOST_DATA_TEST_CASE(members_of_wrong_types_are_refused, boost::unit_test::data::make(wrong_types), body) {
  BOOST_TEST(refusal(body) != "");
}

const std::string no_json[] = {
    "",
    " ",
    "null",
    "[]",
    "\"x\"",
    "42",
    "[{\"id\":\"x\"}]",
    "<html></html>",
    "{",
    "{\"id\":\"x\"",
    "{\"id\":\"x\"}}",
    "{\"id\":\"x\"} x",
    "{\"id\":\"x\"}{\"id\":\"y\"}",
    "{\"id\":\"x\",}",
    "{'id':'x'}",
    "{id:\"x\"}",
    "{\"id\" \"x\"}",
    "{\"a\":tru,\"id\":\"x\"}",
    "{\"a\":01,\"id\":\"x\"}",
    "{\"a\":[1,2,\"id\":\"x\"}",
    "{\"a\":\"\xff\",\"id\":\"x\"}",
    "{\"a\":\"\\ud800\",\"id\":\"x\"}",
    "{\"a\":\"\n\",\"id\":\"x\"}",
    std::string("{\"id\":\"x\"}\0", 11),
    std::string("{\"a\":\"b\0\",\"id\":\"x\"}", 19),
    "\xef\xbb\xbf{\"id\":\"x\"}",
};

BOOST_DATA_TEST_CASE(a_body_that_is_not_one_whole_json_object_is_refused, boost::unit_test::data::make(no_json), body) {
  BOOST_TEST(refusal(body) != "");
}

BOOST_AUTO_TEST_CASE(a_body_that_is_cut_anywhere_is_refused) {
  const auto body = convoke::wire::samples::small_meeting();
  for (std::size_t n = 0; n < body.size(); ++n) {
    // A copy of the exact size, so that AddressSanitizer sees a read past the end.
    const std::string cut(body, 0, n);
    if (parse(cut)) BOOST_ERROR("accepted after " << n << " bytes");
  }
}

BOOST_AUTO_TEST_CASE(more_than_32_levels_are_refused) {
  const auto nested = [](std::size_t arrays) {
    return R"({"x":)" + std::string(arrays, '[') + "0" + std::string(arrays, ']') + R"(,"id":"a"})";
  };
  BOOST_TEST(read(nested(31)).id == "a");
  BOOST_TEST(refusal(nested(32)) != "");
  BOOST_TEST(refusal(nested(400'000)) != "");
  BOOST_TEST(refusal(std::string(1'000'000, '[')) != "");
  std::string objects;
  for (int i = 0; i < 150'000; ++i) objects += R"({"a":)";
  BOOST_TEST(refusal(objects) != "");
}

BOOST_AUTO_TEST_CASE(a_million_members_are_read_within_seconds) {
  std::string body = "{";
  for (int i = 0; i < 1'000'000; ++i) body += R"("k":1,)";
  body += R"("id":"a"})";
  const auto begin = std::chrono::steady_clock::now();
  BOOST_TEST(read(body).id == "a");
  BOOST_TEST((std::chrono::steady_clock::now() - begin < std::chrono::seconds(5)));
}

BOOST_AUTO_TEST_CASE(unknown_members_of_any_size_are_skipped) {
  const auto body = R"({"x":")" + std::string(900'000, 'y') + R"(","z":{"id":"wrong"},"n":[1.5e300,-7,true,null],"id":"a"})";
  BOOST_TEST(read(body).id == "a");
}

BOOST_AUTO_TEST_CASE(a_parser_forgets_the_previous_answer) {
  parser p;
  BOOST_TEST(p.parse_meeting(convoke::wire::samples::large_meeting()).has_value());
  BOOST_TEST(!p.parse_meeting("{").has_value());
  const auto after = p.parse_meeting(R"({"id":"b"})");
  BOOST_TEST((after.value() == meeting{.id = "b",
                                       .join_web_url = {},
                                       .external_id = {},
                                       .join_meeting_id = {},
                                       .passcode = {},
                                       .dial_in_number = {},
                                       .conference_id = {},
                                       .subject = {},
                                       .start = {},
                                       .end = {},
                                       .attendees = {}}));
}

// Texts written by another serializer are read as they are.
RC_BOOST_PROP(any_text_is_read_as_it_was_written, ()) {
  const auto text = rc::gen::container<std::string>(rc::gen::inRange(' ', '\x7f'));
  const auto id = *text, url = *text, subject = *text;
  boost::json::object body{{"subject", subject}, {"extra", {1, 2.5, id}}, {"joinWebUrl", url}, {"id", id}};
  const auto m = read(boost::json::serialize(body));
  RC_ASSERT(m.id == id);
  RC_ASSERT(m.join_web_url == url);
  RC_ASSERT(m.subject == subject);
}

// One changed byte gives a refusal or another meeting. The sanitizers see what else it may do.
RC_BOOST_PROP(a_changed_byte_never_crashes_the_parser, (unsigned char byte)) {
  auto body = convoke::wire::samples::small_meeting();
  body[*rc::gen::inRange<std::size_t>(0, body.size())] = static_cast<char>(byte);
  const auto got = parse(body);
  RC_ASSERT((got || got.error().code == errc::protocol));
}

BOOST_AUTO_TEST_CASE(only_the_wanted_options_are_read) {
  parser p;
  const std::vector<convoke::option_value> wanted{{8, "true"}, {13, "organizer"}, {14, "attendee"}, {17, "true"}, {18, "everyone"}};
  const auto read = [&](const std::string& members) { return p.parse_meeting("{\"id\":\"a\"," + members + "}", nullptr, wanted); };
  const auto got =
      read(R"("lobbyBypassSettings":{"scope":"organization","isDialInBypassEnabled":false},"allowWhiteboard":true,"allowRecording":false,)"
           R"("anonymizeIdentityForRoles":[],"allowedPresenters":"everyone")");
  const std::vector<convoke::option_value> expected{{8, "false"}, {13, "everyone"}, {14, ""}, {17, "false"}, {18, "organization"}};
  BOOST_TEST((got.value().options == expected));
  // What convoke does not know cannot be compared.
  BOOST_TEST(read(R"("lobbyBypassSettings":null,"allowRecording":"yes","allowedPresenters":"unknownFutureValue")").value().options.empty());
  BOOST_TEST(!read(R"("allowRecording":true,"allowRecording":false)").has_value());
  BOOST_TEST(!read(R"("lobbyBypassSettings":{"scope":"everyone","scope":"organizer"})").has_value());
  BOOST_TEST(p.parse_meeting(R"({"id":"a","allowRecording":true,"allowRecording":false})").value().options.empty());
}

BOOST_AUTO_TEST_SUITE_END()
