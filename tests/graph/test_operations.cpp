// The four operations: how each is sent, which answers are its successes, and that the rules about foreign answers, tokens and other
// people's meetings hold for each of them.

#include <array>
#include <ostream>

#include <boost/json/parse.hpp>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>

#include "graph/client.hpp"

namespace data = boost::unit_test::data;
using namespace convoke;
using namespace convoke::test;
using namespace std::chrono_literals;
using engine::attempt_error;

namespace convoke {

inline std::ostream& boost_test_print_type(std::ostream& out, operation o) {
  return out << to_string(o);
}

}  // namespace convoke

namespace {

constexpr std::array with_meeting{operation::update, operation::get};
constexpr std::array with_id{operation::update, operation::get, operation::remove};

// The status of a success, and its body.
std::string success(operation op, const std::string& headers) {
  if (op == operation::remove) return "HTTP/1.1 204 No Content\r\n" + headers + "\r\n";
  return answer_of(op == operation::create_or_get ? 201 : 200, text_of(meeting_of(organizer)), headers);
}

// The one character of these ids that a path must not have as it is.
std::string escaped_padding(std::string id) {
  while (id.ends_with('=')) id.pop_back();
  const auto padding = id.size() % 4 == 0 ? 0 : 4 - id.size() % 4;
  for (std::size_t i = 0; i < padding; ++i) id += "%3D";
  return id;
}

std::string first_line(const std::string& request) {
  return request.substr(0, request.find("\r\n"));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(operations)

BOOST_AUTO_TEST_CASE(a_caller_for_a_user_calls_me_and_for_no_other_organizer) {
  for (const auto op : {operation::create_or_get, operation::update, operation::get, operation::remove}) {
    client c(success(op, {}));
    c.caller = std::make_unique<graph::caller>(c.root, 42, organizer);
    const auto a = c.call(op);
    BOOST_TEST(a.for_user);
    const auto line = first_line(c.server.log().requests.at(0));
    BOOST_TEST(line.contains(" /v1.0/me/onlineMeetings/"), line);
    BOOST_TEST(!line.contains(organizer), line);

    c.wanted.organizer = other_organizer;
    const auto other = c.call_as_is(op, secret(long_token), 5s);
    BOOST_TEST(!other.sent);
    BOOST_TEST(other.error_message.contains(other_organizer + " is not the user who has signed in"));
    BOOST_TEST(c.server.log().requests.size() == 1U);
  }
}

BOOST_AUTO_TEST_CASE(an_update_is_a_patch_with_the_changed_members) {
  client d({script().answer(success(operation::update, {})).answer(success(operation::update, {}))}, "/root");
  d.meeting_id = "MSo1+/A==";
  d.changed = {"subject"};
  const auto a = d.call(operation::update);
  d.changed.clear();
  d.call(operation::update);
  BOOST_REQUIRE_EQUAL(d.server.log().requests.size(), 2U);
  const auto& request = d.server.log().requests[0];
  BOOST_TEST(first_line(request) == "PATCH /root/v1.0/users/" + organizer + "/onlineMeetings/MSo1%2B%2FA%3D%3D HTTP/1.1");
  BOOST_TEST(header_of(request, "Authorization") == "Bearer " + long_token);
  BOOST_TEST(header_of(request, "Content-Type") == "application/json");
  BOOST_TEST(header_of(request, "Accept") == "application/json");
  BOOST_TEST(header_of(request, "Prefer") == "include-unknown-enum-members");
  BOOST_TEST(header_of(request, "client-request-id") == a.client_request_id);
  BOOST_TEST(body_of(request) == R"({"subject":"Algebra"})");
  BOOST_TEST(header_of(request, "Content-Length") == std::to_string(body_of(request).size()));
  const auto whole = boost::json::parse(body_of(d.server.log().requests[1])).as_object();
  BOOST_TEST(whole.size() == 4U);
  BOOST_TEST(!whole.contains("externalId"));
}

BOOST_AUTO_TEST_CASE(a_get_and_a_remove_have_no_body) {
  for (const auto op : {operation::get, operation::remove}) {
    client d(success(op, {}));
    const auto a = d.call(op);
    BOOST_REQUIRE_EQUAL(d.server.log().requests.size(), 1U);
    const auto& request = d.server.log().requests[0];
    const auto target = "/v1.0/users/" + organizer + "/onlineMeetings/" + escaped_padding(id_of(organizer));
    BOOST_TEST(first_line(request) == (op == operation::get ? "GET " : "DELETE ") + target + " HTTP/1.1");
    BOOST_TEST(header_of(request, "Content-Length") == "(none)");
    BOOST_TEST(header_of(request, "Content-Type") == "(none)");
    BOOST_TEST(header_of(request, "Authorization") == "Bearer " + long_token);
    BOOST_TEST(header_of(request, "client-request-id") == a.client_request_id);
    BOOST_TEST(body_of(request).empty());
  }
}

BOOST_AUTO_TEST_CASE(operations_follow_each_other_on_one_connection) {
  std::vector<script> scripts(1);
  const auto ids = request_ids(8);
  std::size_t next = 0;
  for (int round = 0; round < 2; ++round)
    for (const auto op : every_operation) scripts[0].answer(success(op, echo(ids[next++])));
  client d(scripts);
  for (int round = 0; round < 2; ++round) {
    for (const auto op : every_operation) {
      const auto a = d.call(op);
      BOOST_TEST((a.error == attempt_error::none), a.error_message);
      BOOST_TEST(a.stored.has_value() == (op != operation::remove));
      BOOST_TEST(a.bound);
      BOOST_TEST(a.drift.empty());
    }
  }
  BOOST_TEST(d.server.log().connections == 1U);
}

BOOST_AUTO_TEST_CASE(an_update_and_a_get_report_what_differs) {
  for (const auto op : with_meeting) {
    auto meeting = meeting_of(organizer);
    meeting["subject"] = "Geometry";
    meeting["endDateTime"] = "2026-09-07T10:00:00Z";
    client d(answer_of(200, text_of(meeting)));
    const auto a = d.call(op);
    BOOST_TEST((a.drift == std::vector<std::string>{"subject", "end"}));
    BOOST_REQUIRE(a.stored.has_value());
    BOOST_TEST(a.stored->id == id_of(organizer));
    BOOST_TEST(a.stored->join_web_url == url_of(organizer));
    BOOST_TEST((a.stored->passcode == "abc"));
    BOOST_TEST(!a.stored->subject.has_value());
  }
}

BOOST_AUTO_TEST_CASE(what_an_update_does_not_send_differs_still_unless_the_answer_shows_that_it_does_not) {
  for (const auto op : with_meeting) {
    auto meeting = meeting_of(organizer);
    meeting.erase("subject");
    client d(answer_of(200, text_of(meeting)));
    d.changed = {"attendees"};
    d.kept = {"subject", "end"};
    const auto a = d.call(op);
    // The end is shown, and agrees. A get leaves nothing out that it could have sent.
    BOOST_TEST((a.drift == (op == operation::update ? std::vector<std::string>{"subject"} : std::vector<std::string>())));
  }
}

// Documented is 200 with the meeting. OData allows 204, which does not show what differs now.
BOOST_AUTO_TEST_CASE(an_update_without_a_body_is_not_believed) {
  for (const bool names_its_request : {false, true}) {
    client d(success(operation::remove, names_its_request ? echo(request_ids(1)[0]) : std::string()));
    const auto a = d.call(operation::update);
    BOOST_TEST((a.error == attempt_error::not_believed));
    BOOST_TEST(a.status == 204);
    BOOST_TEST(a.bound == names_its_request);
    BOOST_TEST(!a.stored.has_value());
    BOOST_TEST(a.error_message.contains("does not say whether the update was carried out"), a.error_message);
  }
}

BOOST_AUTO_TEST_CASE(an_answer_without_a_body_that_names_no_request_is_not_believed) {
  client d(success(operation::remove, {}));
  const auto a = d.call(operation::remove);
  BOOST_TEST((a.error == attempt_error::not_believed));
  BOOST_TEST(a.status == 204);
  BOOST_TEST(!a.bound);
  BOOST_TEST(a.error_message.contains("no client-request-id"), a.error_message);
}

struct wrong_success {
  operation op;
  int status;
};
std::ostream& operator<<(std::ostream& out, const wrong_success& w) {
  return out << to_string(w.op) << ' ' << w.status;
}
const wrong_success wrong_successes[] = {{operation::create_or_get, 202}, {operation::create_or_get, 204}, {operation::update, 201},
                                         {operation::update, 202},        {operation::get, 201},           {operation::get, 204},
                                         {operation::get, 206},           {operation::remove, 200},        {operation::remove, 202}};

BOOST_DATA_TEST_CASE(a_success_of_another_operation_is_not_believed, data::make(wrong_successes), wrong) {
  const auto body = wrong.status == 204 ? std::string() : text_of(meeting_of(organizer));
  const auto head = echo(request_ids(1)[0]);
  client d(wrong.status == 204 ? success(operation::remove, head) : answer_of(wrong.status, body, head));
  const auto a = d.call(wrong.op);
  BOOST_TEST((a.error == attempt_error::not_believed));
  BOOST_TEST(a.status == wrong.status);
  BOOST_TEST(!a.stored.has_value());
  BOOST_TEST(a.error_message.contains("HTTP " + std::to_string(wrong.status)), a.error_message);
}

struct change {
  const char* name;
  void (*make)(boost::json::object&);
  const char* says;  // empty: the answer is believed all the same
};
std::ostream& operator<<(std::ostream& out, const change& c) {
  return out << c.name;
}
const change changes[] = {
    {"another id", [](auto& m) { m["id"] = id_of(organizer) + "A"; }, "another meeting: its id"},
    {"an id in other letters", [](auto& m) { m["id"] = upper(id_of(organizer)); }, "another meeting: its id"},
    {"no id", [](auto& m) { m.erase("id"); }, "no meeting id"},
    {"another external id", [](auto& m) { m["externalId"] = "CS101-B"; }, "externalId is 'CS101-B'"},
    {"our external id in other letters", [](auto& m) { m["externalId"] = "cs101-a"; }, ""},
    {"no external id", [](auto& m) { m.erase("externalId"); }, ""},
    {"a null external id", [](auto& m) { m["externalId"] = nullptr; }, ""},
    {"a join URL in clear", [](auto& m) { m["joinWebUrl"] = "http://teams.example/1"; }, "https://"},
    {"no join URL", [](auto& m) { m.erase("joinWebUrl"); }, ""},
    {"the join URL of another organizer", [](auto& m) { m["joinWebUrl"] = url_of(other_organizer); }, "another organizer: its joinWebUrl"},
    {"the context of another organizer",
     [](auto& m) { m["@odata.context"] = "https://x/v1.0/$metadata#users('" + other_organizer + "')/onlineMeetings/$entity"; },
     "another organizer: its @odata.context"},
    {"another participant as organizer",
     [](auto& m) { m["participants"].as_object()["organizer"] = boost::json::object{{"identity", {{"user", {{"id", other_organizer}}}}}}; },
     "another organizer: its participants.organizer"},
};

BOOST_DATA_TEST_CASE(an_update_and_a_get_believe_the_meeting_with_their_id_only, data::make(changes) * data::make(with_meeting), to, op) {
  auto meeting = meeting_of(organizer);
  to.make(meeting);
  client d(answer_of(200, text_of(meeting), echo(request_ids(1)[0])));
  const auto a = d.call(op);
  const std::string_view says = to.says;
  BOOST_TEST((a.error == (says.empty() ? attempt_error::none : attempt_error::not_believed)), a.error_message);
  BOOST_TEST(a.stored.has_value() == says.empty());
  BOOST_TEST(a.error_message.contains(says), a.error_message);
  BOOST_TEST(a.drift.empty());
}

BOOST_AUTO_TEST_CASE(bodies_that_are_not_a_meeting_are_faults_of_the_transfer) {
  for (const auto op : with_meeting) {
    for (const std::string& body : {std::string(), std::string("[]"), text_of(meeting_of(organizer)).substr(0, 80)}) {
      client d(answer_of(200, body, echo(request_ids(1)[0])));
      const auto a = d.call(op);
      BOOST_TEST((a.error == attempt_error::truncated));
      BOOST_TEST(!a.stored.has_value());
    }
  }
}

// ---- rules that hold for every operation

const int every_status[] = {200, 201, 204, 400, 401, 403, 404, 409, 429, 500, 503};

BOOST_DATA_TEST_CASE(an_answer_to_another_request_is_foreign_to_every_operation, data::make(every_operation) * data::make(every_status), op,
                     status) {
  const auto head = echo(foreign_request_id) + "Retry-After: 77\r\nrequest-id: r\r\nx-ms-throttle-scope: s\r\n";
  client d(status == 204  ? success(operation::remove, head)
           : status < 300 ? answer_of(status, text_of(meeting_of(organizer)), head)
                          : answer_of(status, R"({"error":{"code":"No","message":"no"}})", head));
  const auto a = d.call(op);
  BOOST_TEST((a.error == attempt_error::foreign));
  BOOST_TEST(a.status == status);
  BOOST_TEST(!a.bound);
  BOOST_TEST(!a.stored.has_value());
  BOOST_TEST(!a.retry_after.has_value());
  BOOST_TEST(a.throttle_scope.empty());
  BOOST_TEST(a.error_code.empty());
  BOOST_TEST(a.request_id.empty());
}

BOOST_DATA_TEST_CASE(a_meeting_that_is_gone_is_a_refusal_of_every_operation, data::make(every_operation), op) {
  client d({script()
                .answer(answer_of(404, R"({"error":{"code":"NotFound","message":"no such meeting"}})", echo(request_ids(1)[0])))
                .answer(answer_of(429, "", "Retry-After: 7\r\n"))});
  const auto gone = d.call(op);
  BOOST_TEST((gone.error == attempt_error::none));
  BOOST_TEST(gone.status == 404);
  BOOST_TEST(gone.bound);
  BOOST_TEST(gone.whole);
  BOOST_TEST(gone.error_code == "NotFound");
  const auto throttled = d.call(op);
  BOOST_TEST((throttled.error == attempt_error::none));
  BOOST_TEST((throttled.retry_after == std::chrono::nanoseconds(7s)));
  BOOST_TEST(!throttled.bound);
}

BOOST_DATA_TEST_CASE(no_operation_repeats_a_quoted_token, data::make(every_operation), op) {
  const auto piece = long_token.substr(20, 12);
  const auto quoting = "Retry-After: " + piece + "\r\nrequest-id: " + long_token + "\r\nx-ms-throttle-scope: " + piece + "\r\n";
  client d({script()
                .answer(answer_of(502, "<pre>Authorization: Bearer " + long_token + "</pre>"))
                .answer(answer_of(401, R"({"error":{"code":")" + piece + R"(","message":"bad token )" + base64(long_token) + R"("}})"))
                .answer(answer_of(429, "", quoting))
                .answer(success(op, echo(request_ids(4)[3]) + "request-id: x" + long_token + "\r\n"))
                .answer(answer_of(202, long_token))});
  for (int i = 0; i < 5; ++i) {
    const auto a = d.call(op);
    BOOST_TEST((a.error_message + a.request_id).contains("***"), a.error_message);
    BOOST_TEST((a.error == attempt_error::none) == (i < 4), a.error_message);
    shows_nothing_of(long_token, a);
  }
}

BOOST_DATA_TEST_CASE(a_meeting_that_quotes_the_token_is_believed_by_no_operation, data::make(with_meeting), op) {
  const auto piece = long_token.substr(30, 12);
  for (const auto& form : {piece, percent(piece), base64("ab" + long_token.substr(20, 40)), hexadecimal(long_token.substr(20, 20))}) {
    auto meeting = meeting_of(organizer);
    meeting["joinWebUrl"] = "https://teams.example/j?t=" + form;
    client d(answer_of(200, text_of(meeting), echo(request_ids(1)[0])));
    const auto a = d.call(op);
    BOOST_TEST((a.error == attempt_error::not_believed), form);
    BOOST_TEST(!a.stored.has_value());
    shows_nothing_of(long_token, a);
  }
}

BOOST_DATA_TEST_CASE(a_redirect_is_followed_by_no_operation, data::make(every_operation), op) {
  client d(answer_of(308, "", "Location: /elsewhere\r\n"));
  const auto a = d.call(op);
  BOOST_TEST(a.status == 308);
  BOOST_TEST(a.error_message.contains("redirect"), a.error_message);
  BOOST_TEST(d.server.log().requests.size() == 1U);
}

// ---- what must not be sent

const std::string unsendable[] = {"",
                                  ".",
                                  "..",
                                  "../../../users/x",
                                  "a/..",
                                  "a\\..\\b",
                                  "MSo1 HTTP/1.1",
                                  "MSo1\r\nX-Other: 1",
                                  "MSo1\n",
                                  std::string("MSo\0", 4),
                                  "MSo1\x7f",
                                  "Z\xc3\xbcrich",
                                  "MSo1%2e%2e",
                                  std::string(1025, 'M'),
                                  id_of(other_organizer)};

BOOST_DATA_TEST_CASE(a_meeting_id_that_must_not_be_sent_is_not, data::make(with_id) * data::make(unsendable), op, id) {
  client d(success(op, {}));
  d.meeting_id = id;
  const auto a = d.call(op);
  BOOST_TEST((a.error != attempt_error::none));
  BOOST_TEST(!a.sent);
  BOOST_TEST(a.status == 0);
  BOOST_TEST(a.error_message.starts_with("the meeting id "), a.error_message);
  BOOST_TEST(a.error_message.ends_with("nothing was sent"), a.error_message);
  d.context.restart();
  d.context.run_for(2ms);
  BOOST_TEST(d.server.log().requests.empty());
  BOOST_TEST(d.link->usable());
}

BOOST_DATA_TEST_CASE(a_token_that_must_not_be_sent_is_not, data::make(every_operation), op) {
  client d(success(op, {}));
  const auto a = d.call(op, secret("a\r\nX: y"));
  BOOST_TEST((a.error != attempt_error::none));
  BOOST_TEST(!a.sent);
  BOOST_TEST(a.error_message.contains("nothing was sent"));
  d.context.restart();
  d.context.run_for(2ms);
  BOOST_TEST(d.server.log().requests.empty());
}

BOOST_AUTO_TEST_SUITE_END()
