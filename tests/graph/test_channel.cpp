// Channel meetings: which endpoint is called, and what is understood of its answers.

#include <boost/json/parse.hpp>

#include "graph/client.hpp"

using namespace convoke;
using namespace convoke::test;
using engine::attempt_error;

namespace {

const std::string channel = "19:561fbdbbfca848a484f0a6f00ce9dbbd@thread.tacv2";

// An answer whose chatInfo is this JSON.
std::string in_chat(int status, const boost::json::value& chat) {
  auto m = meeting_of(organizer);
  m["@odata.context"] = "https://graph.microsoft.com/beta/$metadata#users('" + organizer + "')/onlineMeetings/$entity";
  m["id"] = base64("1*" + organizer + "*1790000000000**" + channel);
  m["chatInfo"] = chat;
  return answer_of(status, text_of(m), {});
}

boost::json::value chat(const boost::json::value& thread) {
  boost::json::object out;
  out["messageId"] = "1790000000000";
  out["threadId"] = thread;
  return out;
}

struct channel_client : client {
  using client::client;
  engine::answer make() {
    wanted.chat_thread_id = channel;
    return call();
  }
  std::string line() const {
    const auto& request = server.log().requests.at(0);
    return request.substr(0, request.find("\r\n"));
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(channel_meetings)

BOOST_AUTO_TEST_CASE(create_or_get_goes_to_beta_and_the_rest_to_v1) {
  channel_client c(in_chat(201, chat(boost::json::value(channel))));
  const auto a = c.make();
  BOOST_TEST(a.status == 201);
  BOOST_TEST((a.error == attempt_error::none));
  BOOST_TEST(a.drift.empty());
  BOOST_TEST(!a.stored->chat_thread_id.has_value());  // compared, and not kept
  BOOST_TEST(c.line() == "POST /beta/users/" + organizer + "/onlineMeetings/createOrGet HTTP/1.1");
  const auto body = boost::json::parse(body_of(c.server.log().requests.at(0)));
  BOOST_TEST(body.at("chatInfo").at("threadId").as_string() == channel);

  for (const auto op : {operation::update, operation::get, operation::remove}) {
    channel_client other(answer_of(404, R"({"error":{"code":"NotFound","message":"gone"}})", {}));
    other.wanted.chat_thread_id = channel;
    const auto refused = other.call(op);
    BOOST_TEST(other.line().contains(" /v1.0/users/"), other.line());
    BOOST_TEST(!body_of(other.server.log().requests.at(0)).contains("chatInfo"));
    BOOST_TEST(refused.error_message == "gone");
  }
}

BOOST_AUTO_TEST_CASE(a_person_who_has_signed_in_calls_me_at_beta) {
  channel_client c(in_chat(201, chat(boost::json::value(channel))));
  c.caller = std::make_unique<graph::caller>(c.root, 42, organizer);
  c.make();
  BOOST_TEST(c.line() == "POST /beta/me/onlineMeetings/createOrGet HTTP/1.1");
}

BOOST_AUTO_TEST_CASE(another_chat_is_named_and_none_is_not_verified) {
  channel_client other(in_chat(200, chat(boost::json::value("19:meeting_MTIz@thread.v2"))));
  BOOST_TEST(other.make().drift == std::vector<std::string>{"chat_thread_id"}, boost::test_tools::per_element());
  for (const auto& none : {boost::json::value(nullptr), boost::json::value(boost::json::object()), chat(boost::json::value(nullptr))}) {
    channel_client c(in_chat(200, none));
    const auto a = c.make();
    BOOST_TEST((a.error == attempt_error::none));
    BOOST_TEST(a.drift.empty());
  }
}

BOOST_AUTO_TEST_CASE(a_refusal_says_that_the_beta_endpoint_was_called) {
  const std::string why = R"({"error":{"code":"BadRequest","message":"Resource not found for the segment 'onlineMeetings'."}})";
  const std::string nothing = R"({"error":{"code":"UnknownError","message":""}})";
  channel_client c(answer_of(400, why, {})), silent(answer_of(404, nothing, {})), unnamed(answer_of(400, nothing, {}));
  BOOST_TEST(c.make().error_message ==
             "Resource not found for the segment 'onlineMeetings'. (a channel meeting, so the beta endpoint was called)");
  BOOST_TEST(silent.make().error_message == "(a channel meeting, so the beta endpoint was called)");
  BOOST_TEST(unnamed.make().error_message == "", "this error is recognised by its empty message");
  channel_client plain(answer_of(400, why, {}));
  BOOST_TEST(plain.call().error_message == "Resource not found for the segment 'onlineMeetings'.");
}

// The engine puts none into a batch: this is the last line of defence.
BOOST_AUTO_TEST_CASE(a_batch_takes_no_call_of_the_beta_endpoint) {
  client c(answer_of(200, R"({"responses":[]})", {}));
  auto in_channel = c.wanted;
  in_channel.chat_thread_id = channel;
  const std::vector<graph::request> calls{{.op = operation::create_or_get, .wanted = in_channel},
                                          {.op = operation::create_or_get, .wanted = c.wanted},
                                          {.op = operation::get, .wanted = in_channel, .meeting_id = c.meeting_id}};
  c.connect();
  const auto got = run(c.context, c.caller->batch(*c.link, calls, secret(long_token), 3, std::chrono::seconds(15)));
  BOOST_TEST_REQUIRE(got.items.size() == 3U);
  BOOST_TEST(!got.items[0].got.sent);
  BOOST_TEST(got.items[0].got.error_message.contains("v1.0 only"));
  const auto sent = boost::json::parse(body_of(c.server.log().requests.at(0))).at("requests").as_array();
  BOOST_TEST(sent.size() == 2U);
  for (const auto& one : sent) BOOST_TEST(std::string_view(one.at("url").as_string()).starts_with("/users/"));
}

BOOST_AUTO_TEST_SUITE_END()
