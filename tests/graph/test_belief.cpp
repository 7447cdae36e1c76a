// Which answers are believed to be those of the call, and which parts of them are kept and reported.

#include <array>

#include <boost/asio/steady_timer.hpp>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>

#include "engine/weight.hpp"
#include "graph/batch_item.hpp"
#include "graph/client.hpp"

namespace data = boost::unit_test::data;
using namespace convoke;
using namespace convoke::test;
using namespace std::chrono_literals;
using engine::attempt_error;

namespace {

const int every_status[] = {200, 201, 400, 401, 403, 404, 409, 422, 429, 500, 503, 507};

}  // namespace

BOOST_AUTO_TEST_SUITE(belief)

BOOST_DATA_TEST_CASE(an_answer_that_names_another_request_is_foreign_whatever_its_status, data::make(every_status), status) {
  const auto body = status < 300 ? text_of(meeting_of(organizer)) : R"({"error":{"code":"No","message":"no"}})";
  client d(answer_of(status, body, echo(foreign_request_id) + "Retry-After: 77\r\nrequest-id: r\r\nx-ms-throttle-scope: s\r\n"));
  const auto a = d.call();
  BOOST_TEST((a.error == attempt_error::foreign));
  BOOST_TEST(a.status == status);
  BOOST_TEST(!a.stored.has_value());
  BOOST_TEST(!a.retry_after.has_value());
  BOOST_TEST(a.throttle_scope.empty());
  BOOST_TEST(a.error_code.empty());
  BOOST_TEST(a.request_id.empty());
  BOOST_TEST(a.error_message.contains("another request"));
}

BOOST_AUTO_TEST_CASE(a_refusal_that_names_another_request_in_its_body_only_is_foreign_too) {
  const auto ids = request_ids(1);
  const auto body = [](const std::string& id) {
    return R"({"error":{"code":"NotFound","message":"","innerError":{"client-request-id":")" + id + R"("}}})";
  };
  client foreign(answer_of(404, body(foreign_request_id)));
  BOOST_TEST((foreign.call().error == attempt_error::foreign));
  client own(answer_of(404, body(upper(ids[0]))));
  BOOST_TEST((own.call().error == attempt_error::none));
}

BOOST_AUTO_TEST_CASE(our_own_request_id_in_any_letter_case_is_ours) {
  const auto ids = request_ids(2);
  client d(
      {script().answer(answer_of(201, text_of(meeting_of(organizer)), echo(upper(ids[0])))).answer(answer_of(404, "{}", echo(ids[1])))});
  const auto made = d.call();
  BOOST_TEST((made.error == attempt_error::none));
  BOOST_TEST(made.stored.has_value());
  const auto refused = d.call();
  BOOST_TEST((refused.error == attempt_error::none));
  BOOST_TEST(refused.status == 404);
  BOOST_TEST(refused.bound);
  BOOST_TEST(refused.whole);
}

// This holds for the first answer of a connection too: the peer may have sent it before the request arrived.
BOOST_AUTO_TEST_CASE(without_a_request_id_no_refusal_is_bound_to_its_request) {
  client d({script().answer(answer_of(404, "{}")).answer(answer_of(404, "{}"))});
  BOOST_TEST(!d.call().bound);
  BOOST_TEST(!d.call().bound);
  BOOST_TEST(d.server.log().connections == 1U);
}

struct place {
  const char* name;
  void (*change)(boost::json::object&, const std::string&);
};
std::ostream& operator<<(std::ostream& out, const place& p) {
  return out << p.name;
}
const place places[] = {
    {"participants",
     [](auto& m, const std::string& who) {
       m["participants"].as_object()["organizer"].as_object()["identity"].as_object()["user"].as_object()["id"] = who;
     }},
    {"@odata.context",
     [](auto& m, const std::string& who) { m["@odata.context"] = "https://x/v1.0/$metadata#users('" + who + "')/onlineMeetings/$entity"; }},
    {"id", [](auto& m, const std::string& who) { m["id"] = id_of(who); }},
    {"joinWebUrl", [](auto& m, const std::string& who) { m["joinWebUrl"] = url_of(who); }},
};

BOOST_DATA_TEST_CASE(a_meeting_of_another_organizer_with_our_external_id_is_not_believed, data::make(places) * data::make({200, 201}), at,
                     status) {
  auto meeting = meeting_of(organizer);
  at.change(meeting, upper(other_organizer));
  client d(answer_of(status, text_of(meeting), echo(request_ids(1)[0])));
  const auto a = d.call();
  BOOST_TEST((a.error == attempt_error::not_believed));
  BOOST_TEST(!a.stored.has_value());
  BOOST_TEST(a.error_message.contains("another organizer"), a.error_message);
  BOOST_TEST(a.error_message.contains(at.name), a.error_message);
  BOOST_TEST(a.error_message.contains(other_organizer), a.error_message);
}

BOOST_DATA_TEST_CASE(a_place_that_names_no_object_id_is_no_evidence, data::make(places), at) {
  for (const auto* who : {"", "x", "ada@contoso.example"}) {
    auto meeting = meeting_of(organizer);
    at.change(meeting, who);
    client d(answer_of(200, text_of(meeting)));
    const auto a = d.call();
    BOOST_TEST((a.error == attempt_error::none), a.error_message);
  }
}

BOOST_AUTO_TEST_CASE(our_organizer_in_every_place_and_in_any_letter_case_is_believed) {
  client d(answer_of(200, text_of(meeting_of(upper(organizer)))));
  BOOST_TEST(d.call().stored.has_value());
}

BOOST_AUTO_TEST_CASE(a_refusal_whose_body_was_cut_is_not_whole) {
  const std::string head = "HTTP/1.1 404 X\r\n";
  client d({script().answer(head + "Content-Length: 500\r\n\r\n{\"error\":{\"code\":\"Not").close(),
            script().answer(head + "Transfer-Encoding: chunked\r\n\r\n5\r\n{\"err\r\n").close(),
            script().answer(head + "Connection: close\r\n\r\n{\"error\":{\"code\":\"NotF").close(),
            script().answer(head + "Content-Length: 99999999\r\n\r\n"), script().answer(answer_of(404, "")),
            script().answer(head + "Connection: close\r\n\r\n{\"error\":{\"code\":\"NotFound\"}}").close()});
  for (int i = 0; i < 6; ++i) {
    const auto a = d.call();
    BOOST_TEST((a.error == attempt_error::none));
    BOOST_TEST(a.status == 404);
    BOOST_TEST(a.whole == (i >= 4), "answer " << i);
    if (!d.link->usable()) continue;
    d.link->close();
  }
}

// The token is renewed while the answer is awaited. The answer quotes the one that was sent.
BOOST_AUTO_TEST_CASE(the_token_that_was_sent_is_redacted_although_it_was_renewed_meanwhile) {
  for (const auto status : {400, 401, 502, 201}) {
    auto meeting = meeting_of(organizer);
    meeting["externalId"] = long_token.substr(0, 60);
    const auto body = status == 201 ? text_of(meeting) : R"({"error":{"code":"x","message":"bad token )" + long_token + R"("}})";
    client d({script().request().wait(20ms).send(answer_of(status, body, "request-id: " + long_token + "\r\n"))});
    secret token(long_token);
    BOOST_TEST((run(d.context, d.link->connect(5s)).what == net::failure::none));
    boost::asio::steady_timer renewal(d.context, 1ms);
    renewal.async_wait([&](const auto&) { token = secret("another-token-that-has-nothing-in-common"); });
    const auto a = d.call(token);
    BOOST_TEST(token.reveal() != long_token);
    BOOST_TEST((a.error_message + a.request_id).contains("***"));
    shows_nothing_of(long_token, a);
  }
}

BOOST_AUTO_TEST_CASE(an_encoded_token_is_redacted_as_well) {
  const std::string forms[] = {percent(long_token), base64("Bearer " + long_token), base64("x" + long_token), hexadecimal(long_token)};
  for (const auto& form : forms) {
    client d(answer_of(400, R"({"error":{"code":"x","message":"sent with )" + form + R"("}})"));
    const auto a = d.call();
    BOOST_TEST(a.error_message.starts_with("sent with "), a.error_message);
    BOOST_TEST(a.error_message.contains("***"), a.error_message);
    for (std::size_t at = 40; at + 20 <= form.size(); ++at) BOOST_TEST(!a.error_message.contains(form.substr(at, 20)), a.error_message);
  }
}

struct quotation {
  const char* field;
  void (*change)(boost::json::object&, const std::string&);
};
std::ostream& operator<<(std::ostream& out, const quotation& q) {
  return out << q.field;
}
const quotation quotations[] = {
    {"id", [](auto& m, const std::string& t) { m["id"] = "x" + t; }},
    {"joinWebUrl", [](auto& m, const std::string& t) { m["joinWebUrl"] = "https://teams.example/j?t=" + t; }},
    {"joinMeetingId", [](auto& m, const std::string& t) { m["joinMeetingIdSettings"].as_object()["joinMeetingId"] = t; }},
    {"passcode", [](auto& m, const std::string& t) { m["joinMeetingIdSettings"].as_object()["passcode"] = t; }},
    {"dial-in number", [](auto& m, const std::string& t) { m["audioConferencing"] = {{"tollNumber", t}}; }},
    {"conferenceId", [](auto& m, const std::string& t) { m["audioConferencing"] = {{"conferenceId", t}}; }},
};

BOOST_DATA_TEST_CASE(a_meeting_that_quotes_the_token_is_not_believed, data::make(quotations), into) {
  const auto piece = long_token.substr(30, 12);
  const std::string forms[] = {long_token,
                               piece,
                               "." + piece + ".",
                               percent(piece),
                               json_escaped(piece),
                               base64("ab" + long_token.substr(20, 40)),
                               base64(long_token.substr(20, 40)),
                               hexadecimal(long_token.substr(20, 20))};
  for (const auto& form : forms) {
    auto meeting = meeting_of(organizer);
    into.change(meeting, form);
    client d(answer_of(201, text_of(meeting), echo(request_ids(1)[0])));
    const auto a = d.call();
    BOOST_TEST((a.error == attempt_error::not_believed), form);
    BOOST_TEST(!a.stored.has_value(), form);
    BOOST_TEST(a.error_message.contains(into.field), a.error_message);
    shows_nothing_of(long_token, a);
  }
}

// A user's own token names the user, in base64, and so do the user's meetings.
BOOST_AUTO_TEST_CASE(a_token_that_names_the_organizer_is_not_found_in_the_organizers_ids) {
  for (const auto* before : {"", "{", "{\"", "1*"}) {
    const auto token = "eyJ0eXAiOiJKV1QifQ." + base64(before + organizer + "*0") + ".c2ln";
    client d(answer_of(201, text_of(meeting_of(organizer))));
    BOOST_TEST((d.call(secret(token)).error == attempt_error::none));
  }
}

BOOST_AUTO_TEST_CASE(a_very_short_token_may_be_in_an_answer_by_chance) {
  client d(answer_of(201, text_of(meeting_of(organizer))));
  BOOST_TEST(d.call(secret("m")).stored.has_value());
}

BOOST_AUTO_TEST_CASE(only_the_members_that_the_ledger_keeps_are_kept_of_a_meeting) {
  auto meeting = meeting_of(organizer);
  boost::json::array people;
  for (int i = 0; i < 2000; ++i) people.push_back({{"upn", "person-" + std::to_string(i) + "@contoso.example"}});
  meeting["participants"].as_object()["attendees"] = people;
  meeting["subject"] = std::string(200'000, 's');
  client d(answer_of(200, text_of(meeting)));
  const auto a = d.call();
  BOOST_REQUIRE(a.stored.has_value());
  BOOST_TEST(a.drift.size() == 2U);  // they were compared before they were dropped
  BOOST_TEST(engine::weight_of(a) < 4096U);
  BOOST_TEST(a.stored->id == id_of(organizer));
  BOOST_TEST((a.stored->passcode == "abc"));
}

BOOST_AUTO_TEST_CASE(ids_and_links_that_are_too_long_are_not_believed) {
  for (const auto* const field : {"id", "joinWebUrl", "externalId"}) {
    auto meeting = meeting_of(organizer);
    meeting[field] = "https://x/" + std::string(500'000, 'x');
    client d(answer_of(200, text_of(meeting)));
    const auto a = d.call();
    BOOST_TEST((a.error == attempt_error::truncated));
    BOOST_TEST(a.error_message.contains(field), a.error_message);
    BOOST_TEST(engine::weight_of(a) < 4096U);
  }
}

BOOST_AUTO_TEST_CASE(a_refusal_of_the_largest_size_takes_little_memory) {
  const std::string much(900'000, 'm');
  client d(answer_of(400, R"({"error":{"code":")" + much.substr(0, 200'000) + R"(","message":")" + much.substr(0, 300'000) + R"("}})",
                     "request-id: " + much.substr(0, 20'000) + "\r\nx-ms-throttle-scope: " + much.substr(0, 20'000) + "\r\n"));
  const auto a = d.call();
  BOOST_TEST(a.status == 400);
  BOOST_TEST(engine::weight_of(a) < 8192U);
}

BOOST_AUTO_TEST_CASE(a_refusal_whose_id_occurs_twice_in_a_batch_is_not_bound) {
  wire::batch_reader reader;
  wire::batch_answer into;
  wire::parser parser;
  const std::array<std::string_view, 2> ids{"1", "2"};
  BOOST_REQUIRE(
      reader.read(R"({"responses":[{"id":"1","status":404},{"id":"2","status":404},{"id":"1","status":201,"body":{}}]})", ids, into)
          .has_value());
  const auto monday = monday_class(organizer, "Algebra");
  for (std::size_t i = 0; i < 2; ++i) {
    engine::answer a;
    a.client_request_id = foreign_request_id;
    graph::understand(into.items[i], {}, {.wanted = monday}, parser, a);
    BOOST_TEST(a.status == 404);
    BOOST_TEST(a.bound == (i == 1));
  }
}

BOOST_AUTO_TEST_CASE(a_meeting_of_another_organizer_in_a_batch_is_not_believed) {
  wire::batch_reader reader;
  wire::batch_answer into;
  wire::parser parser;
  const std::array<std::string_view, 1> ids{"1"};
  BOOST_REQUIRE(
      reader.read(R"({"responses":[{"id":"1","status":200,"body":)" + text_of(meeting_of(other_organizer)) + "}]}", ids, into).has_value());
  engine::answer a;
  const auto monday = monday_class(organizer, "Algebra");
  graph::understand(into.items[0], {}, {.wanted = monday}, parser, a);
  BOOST_TEST((a.error == attempt_error::not_believed));
}

BOOST_AUTO_TEST_SUITE_END()
