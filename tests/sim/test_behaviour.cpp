#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "sim/fixture.hpp"

namespace {

using namespace sim_test;

BOOST_AUTO_TEST_SUITE(create_or_get)

BOOST_AUTO_TEST_CASE(the_first_call_creates_and_the_next_gets_what_is_stored) {
  world w;
  const auto first = w.call(alice, "algebra-1");
  BOOST_TEST(first.status == 201);
  w.pass(30min);
  const auto second = w.post(path_of(alice), R"({"externalId":"algebra-1","subject":"Other","startDateTime":"2027-01-01T00:00:00Z"})");
  BOOST_TEST(second.status == 200);
  BOOST_TEST((second.body == first.body));

  const auto meeting = parsed(first);
  BOOST_TEST(meeting.at("externalId").as_string() == "algebra-1");
  BOOST_TEST(meeting.at("subject").as_string() == "Algebra");
  BOOST_TEST(meeting.at("startDateTime").as_string() == "2026-09-01T08:00:00Z");
  BOOST_TEST(meeting.at("endDateTime").as_string() == "2026-09-01T09:30:00Z");
  BOOST_TEST(meeting.at("participants").at("organizer").at("identity").at("user").at("id").as_string() == alice);
  BOOST_TEST(w.graph.counts().created == 1U);
  BOOST_TEST(w.graph.counts().got == 1U);
}

BOOST_AUTO_TEST_CASE(the_identity_has_the_form_that_graph_uses) {
  world w;
  const auto answered = w.call(alice, "x");
  const auto meeting = parsed(answered);
  const auto plain = decode_base64(meeting.at("id").as_string());
  const std::string thread(meeting.at("chatInfo").at("threadId").as_string());
  BOOST_TEST(plain.value_or("") == "1*" + std::string(alice) + "*0**" + thread);
  BOOST_TEST(thread.starts_with("19:meeting_"));
  BOOST_TEST(thread.ends_with("@thread.v2"));
  std::string encoded;
  append_percent(encoded, thread);
  BOOST_TEST(std::string(meeting.at("joinWebUrl").as_string())
                 .starts_with("https://teams.microsoft.com/l/meetup-join/" + encoded + "/0?context=%7B%22Tid%22"));
  BOOST_TEST(meeting.at("joinMeetingIdSettings").at("joinMeetingId").as_string().size() == 12U);
  BOOST_TEST(std::string(meeting.at("joinInformation").at("content").as_string()).starts_with("data:text/html,"));
}

BOOST_AUTO_TEST_CASE(the_key_is_tenant_organizer_and_external_id) {
  world w;
  BOOST_TEST(w.call(alice, "x").status == 201);
  BOOST_TEST(w.call(bob, "x").status == 201);
  BOOST_TEST(w.call(alice, "X").status == 201);
  BOOST_TEST(w.call("AAAAAAAA-0000-4000-8000-000000000001", "x").status == 200);
  BOOST_TEST(w.post("/beta/Users/" + std::string(alice) + "/onlinemeetings/microsoft.graph.createOrGet", body_of("x")).status == 200);
  BOOST_TEST(w.post(path_of(alice) + "?x=1", body_of("x")).status == 200);
  BOOST_TEST(w.graph.meetings().meetings() == 3U);
  BOOST_TEST(w.graph.meetings().duplicates() == 0U);
}

BOOST_AUTO_TEST_CASE(missing_times_are_now_and_an_hour) {
  world w;
  const auto bare = parsed(w.post(path_of(alice), R"({"externalId":"a"})"));
  BOOST_TEST(bare.at("startDateTime").as_string() == "2026-08-31T12:00:00.25Z");
  BOOST_TEST(bare.at("endDateTime").as_string() == "2026-08-31T13:00:00.25Z");
  BOOST_TEST(bare.at("subject").is_null());
  const auto start_only =
      parsed(w.post(path_of(alice), R"({"externalId":"b","startDateTime":"2020-02-06T23:30:00.1200000-07:00","endDateTime":null})"));
  BOOST_TEST(start_only.at("startDateTime").as_string() == "2020-02-07T06:30:00.12Z");
  BOOST_TEST(start_only.at("endDateTime").as_string() == "2020-02-07T07:30:00.12Z");
}

const std::vector<std::string> refused_bodies = {
    "",
    "[]",
    "{",
    "{}",
    R"({"externalId":null})",
    R"({"externalId":""})",
    R"({"externalId":7})",
    R"({"externalId":"a","subject":7})",
    R"({"externalId":"a","endDateTime":"2026-09-01T08:00:00Z"})",
    R"({"externalId":"a","startDateTime":"2026-09-01T08:00:00Z","endDateTime":"2026-09-01T07:59:59Z"})",
    R"({"externalId":"a","startDateTime":"2026-09-01T08:00:00"})",
    R"({"externalId":"a","startDateTime":"2026-02-30T08:00:00Z"})",
    R"({"externalId":"a","startDateTime":"tomorrow"})",
    R"({"externalId":"a","participants":[]})",
    R"({"externalId":"a","participants":{"attendees":{}}})",
    R"({"externalId":"a","participants":{"attendees":[{}]}})",
    R"({"externalId":"a","participants":{"attendees":[{"upn":"x@y.z","role":"boss"}]}})",
    "{\"externalId\":\"a\",\"subject\":\"\xff\"}",
};
BOOST_DATA_TEST_CASE(a_wrong_body_is_refused, boost::unit_test::data::make(refused_bodies), body) {
  world w;
  const auto answered = w.post(path_of(alice), body);
  BOOST_TEST(answered.status == 400);
  BOOST_TEST(code_of(answered) == "BadRequest");
  BOOST_TEST(!message_of(answered).empty());
  BOOST_TEST(w.graph.meetings().meetings() == 0U);
  BOOST_TEST(w.graph.counts().bad_requests == 1U);
}

BOOST_AUTO_TEST_CASE(unusual_bodies_that_graph_accepts_are_accepted) {
  world w;
  for (const auto* body :
       {R"({"externalId":"a","startDateTime":"2026-09-01T08:00:00Z","endDateTime":"2026-09-01T08:00:00Z"})",
        R"({"externalId":"b","startDateTime":"1999-09-01T08:00:00Z"})", R"({"externalId":"c","whatever":{"x":[1]},"participants":null})",
        R"({"externalId":"d e","subject":"\u0001 \"Ünï\" \\"})"}) {
    BOOST_TEST(w.post(path_of(alice), body).status == 201);
  }
  BOOST_TEST(parsed(w.post(path_of(alice), R"({"externalId":"d e"})")).at("subject").as_string() == "\x01 \"Ünï\" \\");
}

BOOST_AUTO_TEST_CASE(attendees_come_back_without_roles_unless_shown) {
  const std::string body =
      R"({"externalId":"a","participants":{"attendees":[{"upn":"Ann@Example.org","role":"presenter"},{"identity":{"user":{"id":"cccccccc-0000-4000-8000-000000000003"}},"role":"coorganizer"}]}})";
  for (const bool show : {false, true}) {
    behaviour how;
    how.show_roles = show;
    world w(how);
    const auto people = parsed(w.post(path_of(alice), body)).at("participants").at("attendees").as_array();
    BOOST_REQUIRE(people.size() == 2U);
    BOOST_TEST(people[0].at("upn").as_string() == "Ann@Example.org");
    BOOST_TEST(is_guid(people[0].at("identity").at("user").at("id").as_string()));
    BOOST_TEST(people[1].at("upn").is_null());
    BOOST_TEST(people[1].at("identity").at("user").at("id").as_string() == "cccccccc-0000-4000-8000-000000000003");
    BOOST_TEST(people[0].at("role").is_null() == !show);
    if (show) BOOST_TEST(people[1].at("role").as_string() == "unknownFutureValue");
  }
}

BOOST_AUTO_TEST_CASE(answers_have_realistic_sizes) {
  for (const bool small : {false, true}) {
    behaviour how;
    how.small_answers = small;
    world w(how);
    const auto size = w.call(alice, "algebra-1").body.size();
    BOOST_TEST(size > (small ? 1200U : 4000U));
    BOOST_TEST(size < (small ? 2000U : 8000U));
  }
}

BOOST_AUTO_TEST_CASE(headers_are_those_of_graph) {
  world w;
  const auto bearer = "Bearer " + w.token, body = body_of("a"), path = path_of(alice);
  request q;
  q.method = "POST";
  q.target = path;
  q.authorization = bearer;
  q.content_type = "application/json; charset=utf-8";
  q.client_request_id = "0f0f0f0f-1111-4222-8333-444444444444";
  q.body = body;
  const auto r = w.send(q);
  BOOST_TEST(header(r, "client-request-id").at(0) == q.client_request_id);
  BOOST_TEST(is_guid(header(r, "request-id").at(0)));
  BOOST_TEST(header(r, "Date").at(0) == "Mon, 31 Aug 2026 12:00:00 GMT");
  BOOST_TEST(header(r, "OData-Version").at(0) == "4.0");
  BOOST_TEST(header(r, "x-ms-ags-diagnostic").at(0).find("ServerInfo") != std::string::npos);
  q.client_request_id = {};
  const auto unnamed = w.send(q);
  BOOST_TEST(header(unnamed, "client-request-id") == header(unnamed, "request-id"));
  BOOST_TEST(header(unnamed, "request-id") != header(r, "request-id"));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(refusals)

struct refused_call {
  std::string_view method, path;
  int status;
  std::string_view code;
};
std::ostream& operator<<(std::ostream& out, const refused_call& c) {
  return out << c.method << ' ' << c.path;
}

const std::vector<refused_call> refused_calls = {
    {"POST", "/v1.0/users/ann@example.org/onlineMeetings/createOrGet", 404, "UnknownError"},
    {"POST", "/v1.0/users/ann%40example.org/onlineMeetings/createOrGet", 404, "UnknownError"},
    {"POST", "/v1.0/me/onlineMeetings/createOrGet", 400, "BadRequest"},
    {"GET", "/v1.0/users/aaaaaaaa-0000-4000-8000-000000000001/onlineMeetings/createOrGet", 405, "MethodNotAllowed"},
    {"POST", "/v2.0/users/aaaaaaaa-0000-4000-8000-000000000001/onlineMeetings/createOrGet", 400, "BadRequest"},
    {"POST", "/v1.0/communications/onlineMeetings/createOrGet", 400, "BadRequest"},
    {"POST", "/v1.0/users/aaaaaaaa-0000-4000-8000-000000000001/onlineMeetings/createOrGet/x/y/z", 501, "NotImplemented"},
    {"GET", "/v1.0/users/ann", 404, "Request_ResourceNotFound"},
    {"POST", "/v1.0/users/aaaaaaaa-0000-4000-8000-000000000001/onlineMeetings", 501, "NotImplemented"},
    {"GET", "/v1.0/users/aaaaaaaa-0000-4000-8000-000000000001/onlineMeetings?$filter=JoinWebUrl", 400, "BadRequest"},
    {"PUT", "/v1.0/users/aaaaaaaa-0000-4000-8000-000000000001/onlineMeetings/xyz", 405, "MethodNotAllowed"},
    {"GET", "/v1.0/me/onlineMeetings/xyz", 400, "BadRequest"},
    {"GET", "/v1.0/users/ann@example.org/onlineMeetings/xyz", 404, "UnknownError"},
    {"GET", "/v1.0/users/aaaaaaaa-0000-4000-8000-000000000001/onlineMeetings/xyz", 404, "NotFound"},
    {"PATCH", "/v1.0/users/aaaaaaaa-0000-4000-8000-000000000001/onlineMeetings/xyz", 400, "BadRequest"},
    {"DELETE", "/v1.0/users/aaaaaaaa-0000-4000-8000-000000000001/onlineMeetings/xyz", 404, "NotFound"},
    {"POST", "/", 400, "BadRequest"},
    {"POST", "/v1.0", 400, "BadRequest"},
    {"POST", "//////////", 400, "BadRequest"},
};
BOOST_DATA_TEST_CASE(other_paths_have_graphs_errors, boost::unit_test::data::make(refused_calls), c) {
  world w;
  const auto bearer = "Bearer " + w.token, body = body_of("a");
  request q;
  q.method = c.method;
  q.target = c.path;
  q.authorization = bearer;
  q.content_type = "application/json";
  q.body = body;
  const auto r = w.send(q);
  BOOST_TEST(r.status == c.status);
  BOOST_TEST(code_of(r) == c.code);
  BOOST_TEST(parsed(r).at("error").at("innerError").at("request-id").as_string() == header(r, "request-id").at(0));
}

BOOST_AUTO_TEST_CASE(the_media_type_must_be_json) {
  world w;
  const auto bearer = "Bearer " + w.token, body = body_of("a"), path = path_of(alice);
  for (const auto* type : {"", "text/plain", "application/jsonx"}) {
    request q;
    q.method = "POST";
    q.target = path;
    q.authorization = bearer;
    q.content_type = type;
    q.body = body;
    BOOST_TEST(w.send(q).status == 415);
  }
}

BOOST_AUTO_TEST_CASE(organizers_can_be_unknown_unlicensed_or_without_policy) {
  behaviour how;
  how.organizers.emplace({std::string(alice), std::string(bob)});
  how.unlicensed = {std::string(bob)};
  world w(how);
  BOOST_TEST(w.call(alice, "a").status == 201);
  const auto unlicensed = w.call(bob, "a");
  BOOST_TEST(unlicensed.status == 403);
  BOOST_TEST(message_of(unlicensed).empty());
  const auto unknown = w.call("cccccccc-0000-4000-8000-000000000003", "a");
  BOOST_TEST(unknown.status == 404);
  BOOST_TEST(code_of(unknown) == "UnknownError");
}

BOOST_AUTO_TEST_CASE(all_three_bodies_of_a_missing_policy_occur) {
  behaviour how;
  std::set<std::string> seen;
  for (int i = 10; i < 40; ++i) how.no_policy.insert("cccccccc-0000-4000-8000-0000000000" + std::to_string(i));
  world w(how);
  for (const auto& organizer : how.no_policy) {
    const auto r = w.call(organizer, "a");
    BOOST_TEST(r.status == 403);
    auto text = message_of(r);
    if (const auto at = text.find(organizer); at != std::string::npos) text.resize(at);
    seen.insert(code_of(r) + text);
  }
  BOOST_TEST(seen.size() == 3U);
  BOOST_TEST(w.graph.meetings().meetings() == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(inspection)

BOOST_AUTO_TEST_CASE(stats_meetings_and_calls_report_what_happened) {
  world w;
  w.call(alice, "a");
  w.call(alice, "a");
  w.call(bob, "b");
  const auto stats = w.stats();
  BOOST_TEST(stats.at("requests").as_int64() == 3);
  BOOST_TEST(stats.at("meetings").as_int64() == 2);
  BOOST_TEST(stats.at("created").as_int64() == 2);
  BOOST_TEST(stats.at("got").as_int64() == 1);
  BOOST_TEST(stats.at("tokens").as_int64() == 1);
  for (const auto* name : {"throttled", "early", "duplicates", "unauthorized", "bad_requests", "connections"})
    BOOST_TEST(stats.at(name).as_int64() == 0);

  request q;
  q.method = "GET";
  q.target = "/_sim/meetings";
  const auto lines = w.send(q).body;
  std::size_t count = 0, creates = 0;
  for (std::size_t at = 0; at < lines.size(); at = lines.find('\n', at) + 1, ++count) {
    const auto line = boost::json::parse(lines.substr(at, lines.find('\n', at) - at));
    creates += static_cast<std::size_t>(line.at("creates").as_int64());
    BOOST_TEST(line.at("tenant").as_string() == tenant);
    const bool known = line.at("organizer").as_string() == alice || line.at("organizer").as_string() == bob;
    BOOST_TEST(known);
    BOOST_TEST(line.at("gets").as_int64() == (line.at("external_id").as_string() == "a" ? 1 : 0));
  }
  BOOST_TEST(count == 2U);
  BOOST_TEST(creates == 2U);
  q.target = "/_sim/calls";
  const auto calls = w.send(q).body;
  BOOST_TEST(std::ranges::count(calls, '\n') == 3);
  q.target = "/_sim/nothing";
  BOOST_TEST(w.send(q).status == 404);
}

BOOST_AUTO_TEST_CASE(the_call_log_keeps_the_latest) {
  behaviour how;
  how.kept_calls = 2;
  world w(how);
  for (const auto* id : {"a", "b", "c"}) w.call(alice, id);
  const auto calls = w.graph.calls_json_lines();
  BOOST_TEST(std::ranges::count(calls, '\n') == 2);
  BOOST_TEST(calls.starts_with(R"({"call":2,)"));
  BOOST_TEST(calls.find(R"("external_id":"c")") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(calls_in_flight_per_key_are_counted) {
  world w;
  auto first = w.call(alice, "a", true);
  auto other = w.call(alice, "b", true);
  BOOST_TEST(w.graph.counts().most_in_flight_per_key == 1);
  auto second = w.call(alice, "a", true);
  BOOST_TEST(w.graph.counts().most_in_flight_per_key == 2);
  for (auto* r : {&first, &other, &second}) w.graph.finish(*r);
  w.call(alice, "a");
  BOOST_TEST(w.graph.counts().most_in_flight_per_key == 2);
}

BOOST_AUTO_TEST_CASE(a_second_meeting_of_a_key_is_counted_as_a_duplicate) {
  behaviour how;
  how.break_idempotency = 1;
  world w(how);
  const auto first = w.call(alice, "a");
  const auto second = w.call(alice, "a");
  w.call(alice, "a");
  BOOST_TEST(second.status == 201);
  BOOST_TEST(parsed(first).at("id") != parsed(second).at("id"));
  BOOST_TEST(w.stats().at("duplicates").as_int64() == 1);
  BOOST_TEST(w.stats().at("meetings").as_int64() == 3);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
