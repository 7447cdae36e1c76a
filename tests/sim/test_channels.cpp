// Channel meetings: chatInfo of createOrGet at the beta endpoint, and what may become of that endpoint.

#include "fixture.hpp"
#include "sim/service/settings.hpp"

namespace {

using namespace sim_test;

constexpr std::string_view channel = "19:561fbdbbfca848a484f0a6f00ce9dbbd@thread.tacv2";

std::string path_at(std::string_view version, std::string_view user = alice) {
  return "/" + std::string(version) + "/users/" + std::string(user) + "/onlineMeetings/createOrGet";
}

std::string body_in(std::string_view external_id, std::string_view chat_info) {
  auto body = body_of(external_id);
  body.pop_back();
  return body + R"(,"chatInfo":)" + std::string(chat_info) + "}";
}
std::string in_channel(std::string_view external_id, std::string_view thread = channel) {
  return body_in(external_id, R"({"threadId":")" + std::string(thread) + R"("})");
}

std::string thread_of(const reply& r) {
  return std::string(parsed(r).at("chatInfo").at("threadId").as_string());
}

behaviour beta(std::string_view word) {
  behaviour how;
  BOOST_REQUIRE(apply_setting(how, "beta", word).has_value());
  return how;
}

BOOST_AUTO_TEST_SUITE(channels)

BOOST_AUTO_TEST_CASE(section_3_beta_makes_a_meeting_in_the_channel_and_every_answer_shows_it) {
  world w;
  const auto made = w.post(path_at("beta"), in_channel("a"));
  BOOST_TEST(made.status == 201);
  BOOST_TEST(thread_of(made) == channel);
  BOOST_TEST(std::string(parsed(made).at("@odata.context").as_string()).starts_with(std::string(root) + "/beta/$metadata"));
  const std::string message(parsed(made).at("chatInfo").at("messageId").as_string());
  BOOST_TEST(message != "0");
  const auto plain = decode_base64(id_of(made)).value_or("");
  BOOST_TEST(plain == "1*" + std::string(alice) + "*" + message + "**" + std::string(channel));
  BOOST_TEST(std::string(parsed(made).at("joinWebUrl").as_string()).contains("40thread.tacv2/" + message + "?context="));

  // By its id it is a meeting like any other, at either endpoint.
  const auto path = meeting_path(alice, id_of(made));
  BOOST_TEST(thread_of(w.ask("GET", path)) == channel);
  BOOST_TEST(thread_of(w.ask("PATCH", path, R"({"subject":"Topology"})")) == channel);
  BOOST_TEST(w.ask("DELETE", path).status == 204);
  BOOST_TEST(w.ask("GET", path).status == 404);
}

BOOST_AUTO_TEST_CASE(a_meeting_keeps_the_chat_that_it_was_made_with) {
  world w;
  const auto own = thread_of(w.call(alice, "a"));
  BOOST_TEST(own.starts_with("19:meeting_"));
  const auto found = w.post(path_at("beta"), in_channel("a"));
  BOOST_TEST(found.status == 200);
  BOOST_TEST(thread_of(found) == own);
  BOOST_TEST(w.post(path_at("beta"), in_channel("b")).status == 201);
  const auto again = w.post(path_at("v1.0"), body_of("b"));
  BOOST_TEST(again.status == 200);
  BOOST_TEST(thread_of(again) == channel);
  // A key that is made anew is not in the old channel.
  BOOST_TEST(w.ask("DELETE", meeting_path(alice, id_of(again))).status == 204);
  BOOST_TEST(thread_of(w.call(alice, "b")) != channel);
  BOOST_TEST(w.ask("GET", meeting_path(alice, id_of(again))).status == 404);
}

BOOST_AUTO_TEST_CASE(section_7_chat_info_cannot_be_patched) {
  world w;
  const auto made = w.post(path_at("beta"), in_channel("a"));
  const auto path = meeting_path(alice, id_of(made));
  BOOST_TEST(w.ask("PATCH", path, R"({"chatInfo":{"threadId":"19:x@thread.tacv2"}})").status == 400);
  BOOST_TEST(thread_of(w.ask("GET", path)) == channel);
}

BOOST_AUTO_TEST_CASE(section_3_v1_skips_chat_info) {
  world w;
  const auto made = w.post(path_at("v1.0"), in_channel("a"));
  BOOST_TEST(made.status == 201);
  BOOST_TEST(thread_of(made).starts_with("19:meeting_"));
}

BOOST_AUTO_TEST_CASE(a_wrong_chat_info_is_refused) {
  world w;
  for (const std::string_view bad : {"7", "[]", R"({"threadId":7})", R"({"threadId":"General"})"})
    BOOST_TEST(w.post(path_at("beta"), body_in("a", bad)).status == 400, bad);
  for (const std::string_view none : {"null", "{}", R"({"threadId":null})"})
    BOOST_TEST(thread_of(w.post(path_at("beta"), body_in("a", none))).starts_with("19:meeting_"), none);
}

BOOST_AUTO_TEST_CASE(two_meetings_of_one_channel_have_ids_of_their_own) {
  world w;
  const auto a = w.post(path_at("beta"), in_channel("a")), b = w.post(path_at("beta"), in_channel("b"));
  BOOST_TEST(id_of(a) != id_of(b));
  BOOST_TEST(parsed(w.ask("GET", meeting_path(alice, id_of(a)))).at("externalId").as_string() == "a");
  BOOST_TEST(parsed(w.ask("GET", meeting_path(alice, id_of(b)))).at("externalId").as_string() == "b");
  BOOST_TEST(w.ask("GET", meeting_path(bob, id_of(a))).status == 404);
}

BOOST_AUTO_TEST_CASE(the_beta_endpoint_may_change) {
  world ignoring(beta("ignore-chat")), hiding(beta("hide-chat")), refusing(beta("400")), absent(beta("404"));
  const auto own = ignoring.post(path_at("beta"), in_channel("a"));
  BOOST_TEST(own.status == 201);
  BOOST_TEST(thread_of(own).starts_with("19:meeting_"));

  const auto hidden = hiding.post(path_at("beta"), in_channel("a"));
  BOOST_TEST(hidden.status == 201);
  BOOST_TEST(parsed(hidden).at("chatInfo").is_null());
  BOOST_TEST(decode_base64(id_of(hidden)).value_or("").ends_with(channel));
  BOOST_TEST(parsed(hiding.ask("GET", meeting_path(alice, id_of(hidden)))).at("chatInfo").is_null());

  for (auto* const w : {&refusing, &absent}) {
    const auto r = w->post(path_at("beta"), in_channel("a"));
    BOOST_TEST(r.status == (w == &refusing ? 400 : 404));
    BOOST_TEST(w->call(alice, "a").status == 201);
    BOOST_TEST(w->graph.meetings().meetings() == 1U);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
