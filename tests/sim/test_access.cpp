// What an app may do for whom: policies and their delay, guests, roles, and the search by which a client finds out.

#include "sim/fixture.hpp"
#include "sim/service/control.hpp"

namespace {

using namespace sim_test;

std::string search_path(std::string_view user, std::string_view filter) {
  std::string path = "/v1.0/users/" + std::string(user) + "/onlineMeetings?$filter=";
  append_percent(path, filter);
  return path;
}
const std::string no_meeting = "joinMeetingIdSettings/joinMeetingId eq '000000000000'";

struct controlled {
  explicit controlled(behaviour how) {
    tenants.push_back(std::make_unique<service>(
        std::move(how), identity{std::string(tenant), std::string(app), convoke::secret("hush"), {std::string(root)}}, 42, now));
  }
  reply control(std::string_view body) {
    request q;
    q.method = "POST";
    q.target = "/_sim/policies";
    q.body = body;
    reply r;
    change_policies(tenants, q, now, r);
    return r;
  }
  moment now{mono_time(1000s), utc_time()};
  std::vector<std::unique_ptr<service>> tenants;
};

BOOST_AUTO_TEST_SUITE(access)

BOOST_AUTO_TEST_CASE(a_search_finds_nothing_or_the_meeting) {
  world w;
  const auto none = w.ask("GET", search_path(alice, no_meeting));
  BOOST_TEST(none.status == 200);
  BOOST_TEST(parsed(none).at("value").as_array().empty());
  const auto made = parsed(w.call(alice, "A-1"));
  const auto join_id = std::string(made.at("joinMeetingIdSettings").at("joinMeetingId").as_string());
  const auto by_id = parsed(w.ask("GET", search_path(alice, "joinMeetingIdSettings/joinMeetingId eq '" + join_id + "'")));
  BOOST_TEST_REQUIRE(by_id.at("value").as_array().size() == 1U);
  BOOST_TEST(by_id.at("value").at(0).at("id").as_string() == made.at("id").as_string());
  const auto url = std::string(made.at("joinWebUrl").as_string());
  BOOST_TEST(parsed(w.ask("GET", search_path(alice, "JoinWebUrl eq '" + url + "'"))).at("value").as_array().size() == 1U);
  BOOST_TEST(parsed(w.ask("GET", search_path(bob, "JoinWebUrl eq '" + url + "'"))).at("value").as_array().empty());
  BOOST_TEST(w.stats().at("searches").as_int64() == 4);
  BOOST_TEST(w.stats().at("meetings").as_int64() == 1);
}

BOOST_AUTO_TEST_CASE(there_is_no_list_of_all_meetings) {
  world w;
  for (const auto* filter : {"subject eq 'Algebra'", "joinWebUrl", ""}) BOOST_TEST(w.ask("GET", search_path(alice, filter)).status == 400);
  BOOST_TEST(w.ask("GET", "/v1.0/users/" + std::string(alice) + "/onlineMeetings").status == 501);
  BOOST_TEST(w.stats().at("searches").as_int64() == 0);
}

BOOST_AUTO_TEST_CASE(only_those_with_a_policy) {
  behaviour how;
  how.policy.granted = {std::string(alice)};
  world w(how);
  BOOST_TEST(w.call(alice, "A-1").status == 201);
  BOOST_TEST(w.call(bob, "B-1").status == 403);
  BOOST_TEST(w.ask("GET", search_path(bob, no_meeting)).status == 403);
  BOOST_TEST(message_of(w.ask("GET", search_path(bob, no_meeting))).contains("pplication"));
}

BOOST_AUTO_TEST_CASE(a_policy_names_an_app_and_a_managed_identity_is_another_one) {
  const std::string own = "c3f0e6d1-1d5e-4c1b-8d0f-7a6b5c4d3e03";
  const std::vector<std::string> organizers{std::string(alice), std::string(bob), "cccccccc-0000-4000-8000-000000000003"};
  behaviour how;
  how.policy.granted.emplace(organizers.begin(), organizers.end());
  world w(how);
  identity who{std::string(tenant), std::string(app), convoke::secret("hush"), {std::string(root)}};
  who.managed = managed_identity{.client_id = own, .object_id = own, .header = {}};
  service graph(how, std::move(who), 42, w.now);
  request q;
  q.method = "GET";
  q.target = "/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https%3A%2F%2Flocalhost%3A8443";
  q.metadata = "true";
  q.to_machine = true;
  reply r;
  graph.handle(q, w.now, r);
  BOOST_TEST_REQUIRE(r.status == 200);
  const auto bearer = "Bearer " + std::string(boost::json::parse(r.body).at("access_token").as_string());
  const auto create = [&](const std::string& organizer) {
    const auto target = path_of(organizer), body = body_of("A-1");
    request call;
    call.method = "POST";
    call.target = target;
    call.authorization = bearer;
    call.content_type = "application/json";
    call.body = body;
    call.arrived = w.now.mono;
    reply answer;
    graph.handle(call, w.now, answer);
    graph.finish(answer);
    return answer;
  };
  bool named = false;
  for (const auto& one : organizers) {
    const auto refused = create(one);
    BOOST_TEST(refused.status == 403);
    BOOST_TEST(!message_of(refused).contains(app));
    named = named || message_of(refused).contains(own);
    graph.change_policy(one, true, w.now.mono, 0);  // with the app of the tenant
    BOOST_TEST(create(one).status == 403);
    graph.change_policy(one, own, true, w.now.mono, 0);
    BOOST_TEST(create(one).status == 201);
  }
  BOOST_TEST(named);
}

BOOST_AUTO_TEST_CASE(a_grant_takes_effect_after_half_an_hour) {
  behaviour how;
  how.policy.granted.emplace();
  world w(how);
  w.graph.change_policy(std::string(alice), true, w.now.mono, std::nullopt);
  w.pass(29min);
  BOOST_TEST(w.call(alice, "A-1").status == 403);
  w.pass(1min);
  BOOST_TEST(w.call(alice, "A-1").status == 201);
  w.graph.change_policy(std::string(alice), false, w.now.mono, 60.0);
  w.pass(59s);
  BOOST_TEST(w.call(alice, "A-1").status == 200);
  w.pass(1s);
  BOOST_TEST(w.call(alice, "A-1").status == 403);
}

BOOST_AUTO_TEST_CASE(a_grant_also_helps_those_of_no_policy) {
  behaviour how;
  how.no_policy.insert(std::string(bob));
  how.policy.delay_seconds = 1;
  world w(how);
  BOOST_TEST(w.call(bob, "B-1").status == 403);
  w.graph.change_policy(std::string(bob), true, w.now.mono, std::nullopt);
  w.pass(1s);
  BOOST_TEST(w.call(bob, "B-1").status == 201);
}

BOOST_AUTO_TEST_CASE(guests_get_no_reason) {
  behaviour how;
  how.guests.insert(std::string(bob));
  world w(how);
  const auto r = w.call(bob, "B-1");
  BOOST_TEST(r.status == 403);
  BOOST_TEST(code_of(r) == "Forbidden");
  BOOST_TEST(message_of(r).empty());
}

BOOST_AUTO_TEST_CASE(without_the_role_everything_is_refused) {
  behaviour how;
  how.tokens.roles = {"User.Read.All"};
  world w(how);
  BOOST_TEST(code_of(w.call(alice, "A-1")) == "Authorization_RequestDenied");
  BOOST_TEST(code_of(w.ask("GET", search_path(alice, no_meeting))) == "Authorization_RequestDenied");
}

std::string claims_of(const world& w) {
  const auto first = w.token.find('.');
  auto text = w.token.substr(first + 1, w.token.rfind('.') - first - 1);
  std::ranges::replace(text, '-', '+');
  std::ranges::replace(text, '_', '/');
  while (text.size() % 4 != 0) text += '=';
  return decode_base64(text).value_or("");
}

BOOST_AUTO_TEST_CASE(what_tokens_say_of_themselves) {
  const auto usual = boost::json::parse(claims_of(world()));
  BOOST_TEST(usual.at("roles").as_array().size() == 2U);
  BOOST_TEST(usual.at("tid").as_string() == tenant);
  behaviour how;
  how.tokens.roles.clear();
  how.tokens.tenant = std::string(bob);
  how.tokens.audience = "https://graph.microsoft.us";
  const auto wrong = boost::json::parse(claims_of(world(how)));
  BOOST_TEST(wrong.at("roles").as_array().empty());
  BOOST_TEST(wrong.at("tid").as_string() == bob);
  BOOST_TEST(wrong.at("aud").as_string() == "https://graph.microsoft.us");
  how = {};
  how.tokens.opaque = true;
  world opaque(how);
  BOOST_TEST(!opaque.token.contains('.'));
  BOOST_TEST(opaque.call(alice, "A-1").status == 201);
}

BOOST_AUTO_TEST_CASE(policies_are_changed_while_it_runs) {
  behaviour how;
  how.policy.granted.emplace();
  controlled c(how);
  const auto granted = c.control(R"({"grant":["AAAAAAAA-0000-4000-8000-000000000001"],"delay":0})");
  BOOST_TEST(granted.status == 200);
  BOOST_TEST(granted.body == R"({"granted":1,"revoked":0})");
  BOOST_TEST(c.control(R"({"revoke":["aaaaaaaa-0000-4000-8000-000000000001"],"tenant":")" + std::string(tenant) + R"("})").status == 200);
  for (const auto* wrong :
       {"", "[]", "{", R"({"grant":"x"})", R"({"grant":["x"]})", R"({"grant":[1]})", R"({"delay":-1})", R"({"delay":"1"})", R"({"app":1})",
        R"({"app":"x"})", R"({"tenant":1})", R"({"tenant":"bbbbbbbb-0000-4000-8000-000000000002"})"}) {
    const auto r = c.control(wrong);
    BOOST_TEST(r.status == 400, wrong);
    BOOST_TEST(boost::json::parse(r.body).at("error").is_string());
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
