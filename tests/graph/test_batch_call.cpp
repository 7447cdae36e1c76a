// Several calls in one `$batch`: how they are sent, and how its answer is divided among them.

#include <boost/json/parse.hpp>

#include "graph/client.hpp"

using namespace convoke;
using namespace convoke::test;
using engine::attempt_error;

namespace {

// The ids of the items of a caller's first envelope begin with these digits.
std::string prefix() {
  return request_ids(1).front().substr(0, 8);
}
std::string item(std::size_t number, const std::string& rest) {
  return R"({"id":")" + upper(prefix()) + "-" + std::to_string(number) + "\"," + rest + "}";
}
std::string envelope(const std::vector<std::string>& items) {
  std::string out = R"({"responses":[)";
  for (const auto& one : items) out += (&one == items.data() ? "" : ",") + one;
  return out + "]}";
}

struct batch_client : client {
  using client::client;

  engine::batch_answer batch(const std::vector<operation>& ops, const secret& token = secret(long_token)) {
    std::vector<graph::request> calls;
    for (const auto op : ops) calls.push_back({.op = op, .wanted = wanted, .meeting_id = meeting_id, .changed = changed, .kept = kept});
    connect();
    return run(context, caller->batch(*link, calls, token, 3, std::chrono::seconds(15)));
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(batch_calls)

BOOST_AUTO_TEST_CASE(every_operation_is_an_item_and_finds_its_answer_in_any_order) {
  const auto meeting = text_of(meeting_of(organizer));
  batch_client c(answer_of(200, envelope({item(4, R"("status":204)"), item(2, R"("status":200,"headers":{},"body":)" + meeting),
                                          item(3, R"("status":404,"body":{"error":{"code":"NotFound","message":"gone"}})"),
                                          item(1, R"("status":201,"body":)" + meeting)})));
  const auto got = c.batch({std::begin(every_operation), std::end(every_operation)});
  BOOST_TEST(!got.envelope);
  BOOST_TEST_REQUIRE(got.items.size() == 4U);
  BOOST_TEST(got.items[0].got.status == 201);
  BOOST_TEST(got.items[0].got.stored.has_value());
  BOOST_TEST(got.items[1].got.status == 200);
  BOOST_TEST(got.items[2].got.error_code == "NotFound");
  BOOST_TEST(got.items[3].got.status == 204);
  BOOST_TEST((got.items[3].got.error == attempt_error::none));
  for (const auto& one : got.items) BOOST_TEST(one.got.token == 3U);

  const auto& request = c.server.log().requests.at(0);
  BOOST_TEST(request.starts_with("POST /v1.0/$batch HTTP/1.1\r\n"), request);
  const auto sent = boost::json::parse(body_of(request)).at("requests").as_array();
  BOOST_TEST_REQUIRE(sent.size() == 4U);
  const auto path = "/users/" + organizer + "/onlineMeetings/";
  BOOST_TEST(sent[0].at("url").as_string() == path + "createOrGet");
  BOOST_TEST(sent[0].at("id").as_string() == prefix() + "-1");
  BOOST_TEST(sent[0].at("body").at("externalId").as_string() == "CS101-A");
  BOOST_TEST(sent[0].at("headers").at("Content-Type").as_string() == "application/json");
  const char* const methods[] = {"POST", "PATCH", "GET", "DELETE"};
  for (std::size_t i = 0; i < 4; ++i) {
    BOOST_TEST(sent[i].at("method").as_string() == methods[i]);
    BOOST_TEST(sent[i].as_object().contains("body") == (i < 2));
    BOOST_TEST(!std::string(sent[i].at("url").as_string()).starts_with("/v1.0"));
  }
}

BOOST_AUTO_TEST_CASE(a_missing_item_is_a_fault_and_strange_ones_are_counted) {
  batch_client c(answer_of(200, envelope({R"({"id":"x","status":201})", item(2, R"("status":204)"), item(2, R"("status":500)")})));
  const auto got = c.batch({operation::remove, operation::remove});
  BOOST_TEST((got.items[0].got.error == attempt_error::truncated));
  BOOST_TEST(got.items[1].got.status == 204);
  BOOST_TEST(!got.items[1].got.bound);
  BOOST_TEST(got.strange == 2U);
}

BOOST_AUTO_TEST_CASE(the_wait_of_an_item_counts_from_the_date_of_the_envelope) {
  batch_client c(answer_of(200,
                           envelope({item(1, R"("status":429,"headers":{"retry-after":"Tue, 06 Oct 2026 08:00:30 GMT"})"),
                                     item(2, R"("status":429,"headers":{"RETRY-AFTER":"7"})")}),
                           "Date: Tue, 06 Oct 2026 08:00:00 GMT\r\n"));
  const auto got = c.batch({operation::get, operation::get});
  BOOST_TEST_REQUIRE(got.items[0].got.retry_after.has_value());
  BOOST_TEST((*got.items[0].got.retry_after == std::chrono::seconds(30)));
  BOOST_TEST((got.items[1].got.retry_after == std::chrono::seconds(7)));
}

BOOST_AUTO_TEST_CASE(a_refused_envelope_has_one_answer) {
  for (const int status : {400, 401, 403, 413, 429, 503}) {
    batch_client c(answer_of(status, R"({"error":{"code":"Code","message":"no"}})", "Retry-After: 9\r\n"));
    const auto got = c.batch({operation::get, operation::get});
    BOOST_TEST_REQUIRE(got.envelope.has_value());
    BOOST_TEST(got.envelope->status == status);
    BOOST_TEST(got.envelope->error_code == "Code");
    BOOST_TEST((got.envelope->retry_after == std::chrono::seconds(9)));
    BOOST_TEST(got.items.size() == 2U);
  }
}

BOOST_AUTO_TEST_CASE(an_answer_that_is_no_batch_says_nothing_of_the_calls) {
  for (const auto& body : {std::string("{}"), std::string("<html>"), std::string()}) {
    batch_client c(answer_of(200, body));
    const auto got = c.batch({operation::get, operation::get});
    BOOST_TEST_REQUIRE(got.envelope.has_value());
    BOOST_TEST((got.envelope->error == attempt_error::truncated));
  }
  batch_client accepted(answer_of(202, "{}"));
  const auto got = accepted.batch({operation::get, operation::get});
  BOOST_TEST_REQUIRE(got.envelope.has_value());
  BOOST_TEST((got.envelope->error == attempt_error::not_believed));
}

BOOST_AUTO_TEST_CASE(an_answer_may_have_items_as_large_as_single_answers) {
  auto large = meeting_of(organizer);
  large["filler"] = std::string(900'000, 'x');
  const auto body = R"("status":200,"body":)" + text_of(large);
  batch_client c(answer_of(200, envelope({item(1, body), item(2, body), item(3, body), item(4, body)})));
  const auto got = c.batch({operation::get, operation::get, operation::get, operation::get});
  BOOST_TEST(!got.envelope);
  for (const auto& one : got.items) BOOST_TEST(one.got.stored.has_value(), one.got.error_message);
}

BOOST_AUTO_TEST_CASE(an_answer_that_is_too_large_is_known_as_such) {
  const auto head = [](const std::string& lines) { return "HTTP/1.1 200 OK\r\n" + lines + "Content-Length: 4194305\r\n\r\nhello"; };
  const auto whole = [&head](const std::string& lines) {
    batch_client c(head(lines));
    const auto got = c.batch({operation::get, operation::get});
    BOOST_TEST_REQUIRE(got.envelope.has_value());
    BOOST_TEST((got.envelope->error == attempt_error::truncated));
    BOOST_TEST(!got.envelope->whole);
    return *got.envelope;
  };
  const auto ours = whole(echo(request_ids(1).front()));
  BOOST_TEST(ours.too_large);
  BOOST_TEST(ours.bound);
  const auto nameless = whole("");
  BOOST_TEST(nameless.too_large);
  BOOST_TEST(!nameless.bound);
  const auto foreign = whole(echo(foreign_request_id));
  BOOST_TEST(!foreign.too_large);
  BOOST_TEST(!foreign.bound);
}

BOOST_AUTO_TEST_CASE(what_an_update_in_a_batch_does_not_send_differs_still) {
  auto meeting = meeting_of(organizer);
  meeting.erase("subject");
  batch_client c(answer_of(200, envelope({item(1, R"("status":200,"body":)" + text_of(meeting))})));
  c.changed = {"attendees"};
  c.kept = {"subject"};
  const auto got = c.batch({operation::update});
  BOOST_TEST((got.items[0].got.drift == std::vector<std::string>{"subject"}));
}

BOOST_AUTO_TEST_CASE(the_answer_to_another_request_is_foreign) {
  batch_client c(answer_of(200, envelope({item(1, R"("status":204)")}), echo(foreign_request_id)));
  const auto got = c.batch({operation::remove, operation::remove});
  BOOST_TEST_REQUIRE(got.envelope.has_value());
  BOOST_TEST((got.envelope->error == attempt_error::foreign));
}

BOOST_AUTO_TEST_CASE(no_text_of_an_answer_shows_the_token) {
  batch_client c(answer_of(200, envelope({item(1, R"("status":400,"body":{"error":{"code":"x","message":"your )" + long_token + R"("}})"),
                                          item(2, R"("status":500,"body":")" + base64("Bearer " + long_token) + "\"")})));
  const auto got = c.batch({operation::get, operation::get});
  for (const auto& one : got.items) shows_nothing_of(long_token, one.got);
}

BOOST_AUTO_TEST_CASE(a_call_that_cannot_be_sent_is_left_out) {
  batch_client c(answer_of(200, envelope({item(1, R"("status":201,"body":)" + text_of(meeting_of(organizer)))})));
  c.meeting_id = id_of(other_organizer);
  const auto got = c.batch({operation::create_or_get, operation::get});
  BOOST_TEST(!got.envelope);
  BOOST_TEST(got.items[0].got.status == 201);
  BOOST_TEST(!got.items[1].got.sent);
  BOOST_TEST(!got.items[1].got.error_message.empty());
}

BOOST_AUTO_TEST_CASE(a_token_that_no_header_may_have_is_not_sent) {
  batch_client c(answer_of(200, "{}"));
  const auto got = c.batch({operation::get, operation::get}, secret("a\r\nb"));
  BOOST_TEST_REQUIRE(got.envelope.has_value());
  BOOST_TEST(!got.envelope->sent);
  BOOST_TEST(c.server.log().requests.empty());
}

BOOST_AUTO_TEST_SUITE_END()
