// How createOrGet is sent and its answers are understood, and how failures of the transport are reported.

#include <boost/json/parse.hpp>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <convoke/key.hpp>
#include <convoke/version.hpp>

#include "graph/client.hpp"

namespace data = boost::unit_test::data;
using namespace convoke;
using namespace convoke::test;
using namespace std::chrono_literals;
using engine::attempt_error;

namespace {

meeting_spec class_with_a_presenter() {
  auto s = monday_class(organizer, "Caf\xc3\xa9 \"101\"");
  s.attendees = {{attendee_id::upn, "a@example.com", attendee_role::presenter}};
  return s;
}

std::string meeting_json(const std::string& more = {}, const std::string& external_id = "CS101-A",
                         const std::string& url = "https://teams.example/j/1") {
  return R"({"id":"MSo1","externalId":")" + external_id + R"(","joinWebUrl":")" + url +
         R"(","subject":"Caf\u00e9 \"101\"","startDateTime":"2026-09-07T08:00:00Z","endDateTime":"2026-09-07T09:30:00.0000000Z")" + more +
         "}";
}

// Wants class_with_a_presenter(), as meeting_json() has it.
struct class_client : client {
  explicit class_client(std::vector<script> scripts, const std::string& base_path = {}) : client(std::move(scripts), base_path) {
    wanted = class_with_a_presenter();
  }
  explicit class_client(const std::string& answer) : class_client(std::vector{script().answer(answer)}) {}

  engine::answer call(const secret& token = secret("tok.en-1"), std::chrono::nanoseconds limit = 5s) { return client::call(token, limit); }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(calls)

BOOST_AUTO_TEST_CASE(the_request_has_its_headers_and_body) {
  class_client d({script().answer(answer_of(201, meeting_json())).answer(answer_of(200, meeting_json()))}, "/root");
  const auto first = d.call();
  const auto second = d.call();
  BOOST_REQUIRE_EQUAL(d.server.log().requests.size(), 2U);
  const auto& request = d.server.log().requests[0];
  BOOST_TEST(request.starts_with("POST /root/v1.0/users/" + organizer + "/onlineMeetings/createOrGet HTTP/1.1\r\n"), request);
  BOOST_TEST(header_of(request, "Host") == "127.0.0.1:" + std::to_string(d.server.port()));
  BOOST_TEST(header_of(request, "Authorization") == "Bearer tok.en-1");
  BOOST_TEST(header_of(request, "Content-Type") == "application/json");
  BOOST_TEST(header_of(request, "Accept") == "application/json");
  BOOST_TEST(header_of(request, "Prefer") == "include-unknown-enum-members");
  BOOST_TEST(header_of(request, "User-Agent") == std::string("convoke/") + version);
  BOOST_TEST(header_of(request, "Accept-Encoding") == "(none)");
  BOOST_TEST(header_of(request, "client-request-id") == first.client_request_id);
  BOOST_TEST((parse_guid(first.client_request_id) == first.client_request_id));
  BOOST_TEST(first.client_request_id != second.client_request_id);
  BOOST_TEST(header_of(d.server.log().requests[1], "client-request-id") == second.client_request_id);
  const auto body = request.substr(request.find("\r\n\r\n") + 4);
  BOOST_TEST(header_of(request, "Content-Length") == std::to_string(body.size()));
  const auto sent = boost::json::parse(body);
  BOOST_TEST(sent.at("externalId").as_string() == "CS101-A");
  BOOST_TEST(sent.at("startDateTime").as_string() == "2026-09-07T08:00:00Z");
  BOOST_TEST(sent.at("subject").as_string() == "Caf\xc3\xa9 \"101\"");
  BOOST_TEST(sent.at("participants").at("attendees").as_array().size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_created_and_an_existing_meeting_are_understood) {
  class_client d({script().answer(answer_of(201, meeting_json(), "request-id: req-1\r\n")).answer(answer_of(200, meeting_json()))});
  const auto made = d.call();
  BOOST_TEST((made.error == attempt_error::none));
  BOOST_TEST(made.status == 201);
  BOOST_REQUIRE(made.stored.has_value());
  BOOST_TEST(made.stored->id == "MSo1");
  BOOST_TEST(made.stored->join_web_url == "https://teams.example/j/1");
  BOOST_TEST(made.drift.empty());
  BOOST_TEST(made.request_id == "req-1");
  BOOST_TEST(made.token == 3U);
  BOOST_TEST((made.finished_at > parse_utc("2024-01-01T00:00:00Z").value()));
  BOOST_TEST((d.call().status == 200));
  BOOST_TEST(d.server.log().connections == 1U);
}

BOOST_AUTO_TEST_CASE(the_differing_fields_are_named) {
  class_client d({script().answer(answer_of(
      200, R"({"id":"1","externalId":"cs101-a","joinWebUrl":"https://x/","subject":"Other","startDateTime":"2026-09-07T08:00:01Z"})"))});
  const auto a = d.call();
  BOOST_TEST((a.error == attempt_error::none));
  BOOST_REQUIRE_EQUAL(a.drift.size(), 2U);
  BOOST_TEST(a.drift[0] == "subject");
  BOOST_TEST(a.drift[1] == "start");
}

struct doubtful {
  const char* name;
  std::string body;
  attempt_error error;
  const char* says;
};
std::ostream& operator<<(std::ostream& out, const doubtful& d) {
  return out << d.name;
}

const std::vector<doubtful> doubtfuls = {
    {"no id", R"({"externalId":"CS101-A","joinWebUrl":"https://x"})", attempt_error::not_believed, "no meeting id"},
    {"empty id", R"({"id":"","externalId":"CS101-A","joinWebUrl":"https://x"})", attempt_error::not_believed, "no meeting id"},
    {"no join URL", R"({"id":"1","externalId":"CS101-A"})", attempt_error::not_believed, "no join URL"},
    {"null join URL", R"({"id":"1","externalId":"CS101-A","joinWebUrl":null})", attempt_error::not_believed, "no join URL"},
    {"join URL in clear", meeting_json("", "CS101-A", "http://x"), attempt_error::not_believed, "https://"},
    {"script as join URL", meeting_json("", "CS101-A", "javascript:1"), attempt_error::not_believed, "https://"},
    {"no external id", R"({"id":"1","joinWebUrl":"https://x"})", attempt_error::not_believed, "externalId"},
    {"another external id", meeting_json("", "CS101-B"), attempt_error::not_believed, "CS101-B"},
    {"an external id of other letters", meeting_json("", "Z\xc3\xbcrich-1"), attempt_error::not_believed, "'Z\xc3\xbcrich-1'"},
    {"an external id that hides something", meeting_json("", "a\\u202eb"), attempt_error::not_believed, "'a\\u{202e}b'"},
    {"a longer external id", meeting_json("", "CS101-AA"), attempt_error::not_believed, "CS101-AA"},
    {"html", "<html></html>", attempt_error::truncated, ""},
    {"empty", "", attempt_error::truncated, ""},
    {"cut JSON", meeting_json().substr(0, 60), attempt_error::truncated, ""},
    {"an array", "[]", attempt_error::truncated, ""},
    {"an id of another type", R"({"id":1,"externalId":"CS101-A","joinWebUrl":"https://x"})", attempt_error::truncated, ""},
};

BOOST_DATA_TEST_CASE(an_answer_without_the_parts_of_our_meeting_is_not_believed, data::make(doubtfuls) * data::make({200, 201}), d,
                     status) {
  class_client at(answer_of(status, d.body));
  const auto a = at.call();
  BOOST_TEST((a.error == d.error));
  BOOST_TEST(a.status == status);
  BOOST_TEST(!a.stored.has_value());
  BOOST_TEST(!a.error_message.empty());
  BOOST_TEST(a.error_message.contains(d.says), a.error_message);
}

BOOST_AUTO_TEST_CASE(our_external_id_in_other_letters_is_ours) {
  class_client d(answer_of(200, meeting_json("", "cs101-a")));
  BOOST_TEST((d.call().error == attempt_error::none));
}

BOOST_AUTO_TEST_CASE(a_refusal_has_graphs_code_and_message) {
  class_client d(answer_of(
      403, R"({"error":{"code":"Forbidden","message":"No application access policy\nfound","innerError":{"request-id":"inner"}}})"));
  const auto a = d.call();
  BOOST_TEST((a.error == attempt_error::none));
  BOOST_TEST(a.status == 403);
  BOOST_TEST(a.error_code == "Forbidden");
  BOOST_TEST(a.error_message.contains("No application access policy"));
  BOOST_TEST(!a.error_message.contains('\n'));
  BOOST_TEST(a.request_id == "inner");
  BOOST_TEST(!a.retry_after.has_value());
}

BOOST_AUTO_TEST_CASE(throttles_in_every_form_are_understood) {
  const std::string date = "Date: Wed, 21 Oct 2015 07:28:00 GMT\r\n";
  class_client d({script()
                      .answer(answer_of(429, "", date + "Retry-After: 7\r\nx-ms-throttle-scope: Tenant_Application/ReadWrite\r\n"))
                      .answer(answer_of(503, "busy", date + "Retry-After: Wed, 21 Oct 2015 07:33:00 GMT\r\n"))
                      .answer(answer_of(429, "", "Retry-After: 3\r\nRetry-After: 9\r\n"))
                      .answer(answer_of(429, "", "Retry-After: soon\r\n"))
                      .answer(answer_of(200, meeting_json(), "Retry-After: 2\r\n"))});
  const auto seconds = d.call();
  BOOST_TEST(seconds.status == 429);
  BOOST_TEST((seconds.retry_after == std::chrono::nanoseconds(7s)));
  BOOST_TEST(seconds.throttle_scope == "Tenant_Application/ReadWrite");
  BOOST_TEST(seconds.error_message == "(limit: Tenant_Application)");
  BOOST_TEST((d.call().retry_after == std::chrono::nanoseconds(300s)));
  BOOST_TEST((d.call().retry_after == std::chrono::nanoseconds(9s)));
  BOOST_TEST(!d.call().retry_after.has_value());
  BOOST_TEST((d.call().retry_after == std::chrono::nanoseconds(2s)));
}

BOOST_AUTO_TEST_CASE(the_header_of_a_refusal_is_read_although_its_body_is_cut_or_too_large) {
  class_client d({script().answer("HTTP/1.1 429 X\r\nRetry-After: 5\r\nContent-Length: 500\r\n\r\nslow").close(),
                  script().answer("HTTP/1.1 429 X\r\nRetry-After: 6\r\nContent-Length: 99999999\r\n\r\n"),
                  script().answer("HTTP/1.1 429 X\r\nRetry-After: 7\r\n").close()});
  const auto cut = d.call();
  BOOST_TEST((cut.error == attempt_error::none));
  BOOST_TEST(cut.status == 429);
  BOOST_TEST((cut.retry_after == std::chrono::nanoseconds(5s)));
  const auto large = d.call();
  BOOST_TEST((large.error == attempt_error::none));
  BOOST_TEST((large.retry_after == std::chrono::nanoseconds(6s)));
  const auto header_cut = d.call();
  BOOST_TEST((header_cut.error == attempt_error::truncated));
  BOOST_TEST(header_cut.status == 0);
}

BOOST_AUTO_TEST_CASE(a_gateways_html_page_becomes_the_message) {
  class_client d(answer_of(502, "<html><body>Bad Gateway</body></html>"));
  const auto a = d.call();
  BOOST_TEST((a.error == attempt_error::none));
  BOOST_TEST(a.status == 502);
  BOOST_TEST(a.error_code == "");
  BOOST_TEST(!a.error_message.empty());
}

// Some gateways quote the request with its headers.
BOOST_AUTO_TEST_CASE(an_answer_that_quotes_the_token_is_not_repeated) {
  const std::string token = "eyJ0eXAiOiJKV1QifQ.eyJhdWQiOiJncmFwaCJ9.c2lnbmF0dXJl";
  const auto piece = token.substr(20, 12);
  class_client d(
      {script()
           .answer(answer_of(502, "<pre>POST /v1.0/users\r\nAuthorization: Bearer " + token + "</pre>"))
           .answer(answer_of(401, R"({"error":{"code":")" + piece + R"(","message":"bad token )" + token + R"("}})"))
           .answer(answer_of(429, "", "Retry-After: " + piece + "\r\nrequest-id: " + token + "\r\nx-ms-throttle-scope: " + piece + "\r\n"))
           .answer(answer_of(200, meeting_json("", piece)))
           .answer(answer_of(201, meeting_json(), "request-id: x" + token + "\r\n"))});
  for (int i = 0; i < 5; ++i) {
    const auto a = d.call(secret(token));
    BOOST_TEST(a.stored.has_value() == (i == 4));
    BOOST_TEST((a.error_message + a.request_id).contains("***"), a.error_message);
    shows_nothing_of(token, a);
  }
  BOOST_TEST(d.server.log().requests.size() == 5U);
}

BOOST_AUTO_TEST_CASE(redirects_are_not_followed) {
  class_client other(answer_of(200, meeting_json()));
  class_client d({script().answer(answer_of(308, "", "Location: http://127.0.0.1:" + std::to_string(other.server.port()) + "/\r\n"))});
  const auto a = d.call();
  BOOST_TEST(a.status == 308);
  BOOST_TEST(a.error_message.contains("redirect"));
  other.context.run_for(5ms);
  BOOST_TEST(other.server.log().connections == 0U);
}

BOOST_AUTO_TEST_CASE(an_answer_that_came_before_its_request_is_not_believed) {
  // A meeting of another organizer with the same external id, and a refusal: neither belongs to this row.
  for (const auto& stray : {answer_of(200, meeting_json()), answer_of(404, R"({"error":{"code":"NotFound","message":"x"}})")}) {
    class_client d(
        {script().answer(answer_of(201, meeting_json())).wait(1ms).send(stray), script().answer(answer_of(200, meeting_json()))});
    BOOST_TEST(d.call().stored.has_value());
    d.context.restart();
    d.context.run_for(10ms);
    const auto refused = d.call_as_is(operation::create_or_get, secret("tok.en-1"), 5s);
    BOOST_TEST((refused.error == attempt_error::stale));
    BOOST_TEST(!refused.sent);
    BOOST_TEST(refused.status == 0);
    BOOST_TEST(!refused.stored.has_value());
    BOOST_TEST(refused.error_message.contains("belongs to no request"), refused.error_message);
    BOOST_TEST(d.server.log().requests.size() == 1U);
    BOOST_TEST(d.call().status == 200);
  }
}

BOOST_AUTO_TEST_CASE(failures_of_the_transport_are_translated) {
  const auto good = answer_of(200, meeting_json());
  class_client d({script().answer(good).request().close(), script().request().close(),
                  script().answer("HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{").close(),
                  script().answer("HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n{"), script().answer("no http at all\r\n\r\n"),
                  script().request()});
  BOOST_TEST((d.call().error == attempt_error::none));
  const auto stale = d.call();
  BOOST_TEST((stale.error == attempt_error::stale));
  BOOST_TEST(stale.status == 0);
  BOOST_TEST((parse_guid(stale.client_request_id) == stale.client_request_id));
  BOOST_TEST((d.call().error == attempt_error::closed));
  for (int i = 0; i < 3; ++i) BOOST_TEST((d.call().error == attempt_error::truncated));
  const auto late = d.call(secret("t"), 20ms);
  BOOST_TEST((late.error == attempt_error::timeout));
  BOOST_TEST(late.error_message.contains("did not answer within"));
}

BOOST_DATA_TEST_CASE(a_token_with_characters_that_no_header_may_have_is_not_sent,
                     data::make({"", "a\r\nX: y", "a\nb", "a\tb", "caf\xc3\xa9"}), bad) {
  class_client d(answer_of(200, meeting_json()));
  const auto a = d.call(secret(bad));
  BOOST_TEST((a.error != attempt_error::none));
  BOOST_TEST(a.error_message.contains("nothing was sent"));
  d.context.restart();
  d.context.run_for(5ms);
  BOOST_TEST(d.server.log().requests.empty());
}

BOOST_AUTO_TEST_CASE(control_characters_in_ids_are_escaped) {
  class_client d(answer_of(429, "", "request-id: a\x1b[31mb\r\n"));
  const auto a = d.call();
  BOOST_TEST(a.request_id.find('\x1b') == std::string::npos);
}

BOOST_AUTO_TEST_CASE(every_failure_is_translated) {
  using net::failure;
  BOOST_TEST((graph::translate(failure::none) == attempt_error::none));
  BOOST_TEST((graph::translate(failure::connect) == attempt_error::connect));
  BOOST_TEST((graph::translate(failure::proxy_login) == attempt_error::proxy_login));
  BOOST_TEST((graph::translate(failure::tls) == attempt_error::tls));
  BOOST_TEST((graph::translate(failure::local_resources) == attempt_error::local_resources));
  BOOST_TEST((graph::translate(failure::cancelled) == attempt_error::closed));
  BOOST_TEST((graph::translate(failure::too_large) == attempt_error::truncated));
}

BOOST_AUTO_TEST_SUITE_END()
