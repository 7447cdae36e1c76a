// Tokens for people: the device authorization grant, the refresh grant, and what these tokens are good for.

#include <boost/test/unit_test.hpp>

#include "sim/fixture.hpp"

namespace {

using namespace sim_test;

const std::string scope = "&scope=https%3A%2F%2Flocalhost%3A8443%2FOnlineMeetings.ReadWrite%20openid%20profile%20offline_access";
const std::string own = "client_id=" + std::string(app);
const std::string person = "5d3c1f0e-8a2b-4c6d-9e7f-0a1b2c3d4e05";

struct waiting : world {
  explicit waiting(const device_options& how = {}) : world(with(how)) {}
  explicit waiting(const behaviour& how) : world(how) {}

  static behaviour with(const device_options& how) {
    behaviour out;
    out.tokens.device = how;
    return out;
  }
  reply post_form(const std::string& target, const std::string& form) {
    request q;
    q.method = "POST";
    q.target = target;
    q.content_type = "application/x-www-form-urlencoded";
    q.body = form;
    return send(q);
  }
  boost::json::object offer() {
    const auto r = post_form("/" + std::string(tenant) + "/oauth2/v2.0/devicecode", own + scope);
    BOOST_REQUIRE_EQUAL(r.status, 200);
    return parsed(r);
  }
  reply poll(const boost::json::object& offered) {
    return ask_token("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code&" + own +
                     "&device_code=" + std::string(offered.at("device_code").as_string()));
  }
  std::string error_of_poll(const boost::json::object& offered) { return std::string(parsed(poll(offered)).at("error").as_string()); }
  reply refresh(const std::string& with) { return ask_token("grant_type=refresh_token&" + own + scope + "&refresh_token=" + with); }
  reply control(const std::string& body) {
    request q;
    q.method = "POST";
    q.target = "/_sim/device";
    q.body = body;
    return send(q);
  }
  // Signs in, and uses the token from then on.
  boost::json::object sign_in() {
    const auto offered = offer();
    pass(5s);
    const auto granted = parsed(poll(offered));
    token = std::string(granted.at("access_token").as_string());
    return granted;
  }
  std::int64_t count(const char* name) { return stats().at("sign_in").at(name).as_int64(); }
};

std::string percent(std::string_view id) {
  std::string out;
  append_percent(out, id);
  return out;
}

device_options at_once() {
  return {.after_polls = 0};
}

BOOST_AUTO_TEST_SUITE(sign_in_of_people)

BOOST_AUTO_TEST_CASE(a_sign_in_is_pending_until_it_is_approved) {
  waiting w({.after_polls = 2});
  const auto offered = w.offer();
  BOOST_TEST(offered.at("interval").as_int64() == 5);
  BOOST_TEST(offered.at("expires_in").as_int64() == 900);
  BOOST_TEST(offered.at("verification_uri").as_string() == "https://localhost:8443/devicelogin");
  for (int i = 0; i < 2; ++i) {
    w.pass(5s);
    BOOST_TEST(w.error_of_poll(offered) == "authorization_pending");
  }
  w.pass(5s);
  const auto r = w.poll(offered);
  BOOST_TEST(r.status == 200);
  BOOST_TEST(parsed(r).contains("refresh_token"));
  BOOST_TEST(parsed(r).contains("id_token"));
  w.pass(5s);
  BOOST_TEST(w.error_of_poll(offered) == "bad_verification_code");
  BOOST_TEST(w.count("granted") == 1);
}

BOOST_AUTO_TEST_CASE(a_request_that_is_early_makes_the_interval_longer) {
  waiting w({.after_polls = 10});
  const auto offered = w.offer();
  w.pass(4999ms);
  BOOST_TEST(w.error_of_poll(offered) == "slow_down");
  w.pass(9999ms);
  BOOST_TEST(w.error_of_poll(offered) == "slow_down");
  w.pass(15s);
  BOOST_TEST(w.error_of_poll(offered) == "authorization_pending");
  BOOST_TEST(w.count("early_polls") == 2);
}

BOOST_AUTO_TEST_CASE(a_sign_in_is_denied_and_expires) {
  waiting w({.answer = device_answer::ask});
  const auto denied = w.offer(), late = w.offer();
  BOOST_TEST(w.control(R"({"action":"deny","user_code":")" + std::string(denied.at("user_code").as_string()) + "\"}").status == 200);
  w.pass(5s);
  BOOST_TEST(w.error_of_poll(denied) == "authorization_declined");
  w.pass(895s);
  BOOST_TEST(w.error_of_poll(late) == "expired_token");
  BOOST_TEST(w.control(R"({"action":"dance"})").status == 400);
  BOOST_TEST(w.control(R"({"action":"approve","user_code":"none"})").status == 404);
}

BOOST_AUTO_TEST_CASE(a_person_is_me_and_an_app_is_not) {
  waiting w(at_once());
  const auto me = "/v1.0/me/onlineMeetings/createOrGet";
  BOOST_TEST(w.post(me, body_of("x")).status == 400);
  BOOST_TEST(w.ask("GET", "/v1.0/me?$select=id").status == 400);
  w.sign_in();
  BOOST_TEST(parsed(w.ask("GET", "/v1.0/me?$select=id")).at("id").as_string() == person);
  const auto made = w.post(me, body_of("x"));
  BOOST_TEST(made.status == 201);
  BOOST_TEST(w.call(person, "x").status == 200);
  BOOST_TEST(w.ask("GET", "/v1.0/me/onlineMeetings/" + percent(id_of(made))).status == 200);
  BOOST_TEST(w.call(bob, "x").status == 403);
  BOOST_TEST(w.ask("DELETE", "/v1.0/me/onlineMeetings/" + percent(id_of(made))).status == 204);
}

BOOST_AUTO_TEST_CASE(a_person_needs_no_policy_but_a_licence) {
  for (const auto who : {alice, bob}) {
    behaviour how;
    how.tokens.device = at_once();
    how.tokens.device.user = who;
    how.no_policy = {std::string(alice)};
    how.unlicensed = {std::string(bob)};
    waiting w(how);
    w.sign_in();
    BOOST_TEST(w.post("/v1.0/me/onlineMeetings/createOrGet", body_of("x")).status == (who == alice ? 201 : 403));
  }
}

BOOST_AUTO_TEST_CASE(a_refresh_token_gives_another_and_stays_valid_unless_it_is_single_use) {
  for (const bool single : {false, true}) {
    auto how = at_once();
    how.single_use = single;
    waiting w(how);
    const std::string first(w.sign_in().at("refresh_token").as_string());
    const auto again = w.refresh(first);
    BOOST_REQUIRE(again.status == 200);
    const std::string second(parsed(again).at("refresh_token").as_string());
    BOOST_TEST(first != second);
    BOOST_TEST(w.refresh(first).status == (single ? 400 : 200));
    BOOST_TEST(w.refresh(second).status == 200);
    w.control(R"({"action":"revoke"})");
    BOOST_TEST(parsed(w.refresh(second)).at("error").as_string() == "invalid_grant");
  }
}

BOOST_AUTO_TEST_CASE(a_refusal_comes_once_the_person_has_signed_in) {
  auto how = at_once();
  how.refusal = 7000218;
  waiting w(how);
  const auto offered = w.offer();
  w.pass(5s);
  const auto r = w.poll(offered);
  BOOST_TEST(r.status == 401);
  BOOST_TEST(parsed(r).at("error").as_string() == "invalid_client");
}

BOOST_AUTO_TEST_CASE(the_configuration_names_the_endpoints) {
  waiting w;
  const auto found = parsed(w.ask("GET", "/" + std::string(tenant) + "/v2.0/.well-known/openid-configuration"));
  const auto base = std::string(root) + "/" + std::string(tenant);
  BOOST_TEST(found.at("token_endpoint").as_string() == base + "/oauth2/v2.0/token");
  BOOST_TEST(found.at("device_authorization_endpoint").as_string() == base + "/oauth2/v2.0/devicecode");
  BOOST_TEST(found.at("issuer").as_string() == base + "/v2.0");
  BOOST_TEST(found.at("msgraph_host").as_string() == "localhost:8443");
  BOOST_TEST(w.ask("GET", "/contoso.test/v2.0/.well-known/openid-configuration").status == 400);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
