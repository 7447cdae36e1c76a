#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <string>

#include "core/encode_base64.hpp"
#include "token/forms.hpp"
#include "token/saved_sign_in.hpp"
#include "token/user_grant.hpp"

namespace {

using namespace std::chrono_literals;
using namespace convoke::token;
using convoke::secret;

const std::string tenant = "7f1c9a52-0c5e-4f3b-9a53-51f6d3c0a001", app = "2b9de0c4-6c1f-4c0e-8f6a-90b4a7d1c002";
const std::string user = "5d3c1f0e-8a2b-4c6d-9e7f-0a1b2c3d4e05";
const audience who{.client_id = app, .tenant = tenant};

std::string id_token(const std::string& claims) {
  return "e30." + convoke::test::encode_base64(claims, convoke::core::base64_alphabet::url, false) + ".c2ln";
}
std::string claims(const std::string& tid, const std::string& aud, const std::string& oid) {
  return R"({"tid":")" + tid + R"(","aud":")" + aud + R"(","oid":")" + oid + R"("})";
}
std::string granted(const std::string& more) {
  return R"({"token_type":"Bearer","expires_in":3599,"access_token":"at")" + more + "}";
}
std::string good_grant() {
  return granted(R"(,"refresh_token":"rt","id_token":")" + id_token(claims(tenant, app, user)) + "\"");
}
auto read(int status, const std::string& body) {
  return read_user_grant(status, body, std::nullopt, "dc", {}, who);
}
std::string refused(const std::string& error, const std::string& description = {}) {
  return R"({"error":")" + error + R"(","error_description":")" + description + R"("})";
}
bool contains(std::string_view text, std::string_view part) {
  return text.contains(part);
}

BOOST_AUTO_TEST_SUITE(user_grants)

BOOST_AUTO_TEST_CASE(the_forms_of_a_public_client_have_no_secret_of_the_app) {
  const std::string scope = "scope=https%3A%2F%2Fg%2FOnlineMeetings.ReadWrite%20openid%20profile%20offline_access";
  BOOST_TEST(device_offer_form("a", "https://g/").reveal() == "client_id=a&" + scope);
  BOOST_TEST(device_code_form("a", secret("d/1")).reveal() ==
             "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code&client_id=a&device_code=d%2F1");
  BOOST_TEST(refresh_form("a", "https://g", secret("r")).reveal() == "grant_type=refresh_token&client_id=a&" + scope + "&refresh_token=r");
}

BOOST_AUTO_TEST_CASE(an_offer_is_read) {
  const auto got = read_device_offer(
      200, R"({"user_code":"ABC","device_code":"dc","verification_uri":"https://x/y","expires_in":900,"interval":7,"message":"m"})", {});
  BOOST_REQUIRE(got);
  BOOST_TEST(got->device_code.reveal() == "dc");
  BOOST_TEST(got->user_code == "ABC");
  BOOST_TEST(got->url == "https://x/y");
  BOOST_TEST((got->interval == 7s && got->valid_for == 900s));
}

BOOST_AUTO_TEST_CASE(an_interval_is_five_seconds_where_there_is_none_and_one_at_least) {
  const auto interval = [](const std::string& member) {
    return read_device_offer(200, R"({"user_code":"A","device_code":"d","verification_uri":"u","expires_in":9)" + member + "}", {})
        ->interval;
  };
  BOOST_TEST((interval("") == 5s));
  BOOST_TEST((interval(R"(,"interval":"7")") == 5s));
  BOOST_TEST((interval(R"(,"interval":0)") == 1s));
  BOOST_TEST((interval(R"(,"interval":-3)") == 1s));
  BOOST_TEST((interval(R"(,"interval":1.2)") == 2s));
  BOOST_TEST((interval(R"(,"interval":1e300)") == 600s));
}

const std::string bad_offers[] = {
    "",
    "[]",
    R"({"device_code":"d","verification_uri":"u","expires_in":9})",
    R"({"user_code":"A","verification_uri":"u","expires_in":9})",
    R"({"user_code":"A","device_code":"d","expires_in":9})",
    R"({"user_code":"A","device_code":"d","verification_uri":"u"})",
    R"({"user_code":"A","device_code":"d","verification_uri":"u","expires_in":0})",
    R"({"user_code":"A B","device_code":"d","verification_uri":"u","expires_in":9})",
    R"({"user_code":"A\u001b[2J","device_code":"d","verification_uri":"u","expires_in":9})",
    R"({"user_code":"A","device_code":"d\n","verification_uri":"u","expires_in":9})",
    R"({"user_code":"A","device_code":"d","verification_uri":"https://x\r\nY","expires_in":9})",
    R"({"user_code":")" + std::string(65, 'A') + R"(","device_code":"d","verification_uri":"u","expires_in":9})",
};
BOOST_DATA_TEST_CASE(an_offer_that_cannot_be_shown_or_sent_is_refused, boost::unit_test::data::make(bad_offers), body) {
  const auto got = read_device_offer(200, body, {});
  BOOST_REQUIRE(!got);
  BOOST_TEST(!got.error().fatal);
  BOOST_TEST(contains(got.error().message, "--authority-url"));
}

BOOST_AUTO_TEST_CASE(a_refused_offer_says_what_to_do) {
  const auto got = read_device_offer(400, refused("unauthorized_client", "AADSTS700016: no such app."), {});
  BOOST_REQUIRE(!got);
  BOOST_TEST(got.error().fatal);
  BOOST_TEST(contains(got.error().message, "--client-id"));
}

BOOST_AUTO_TEST_CASE(a_grant_names_the_user) {
  const auto got = read(200, good_grant());
  BOOST_REQUIRE(got);
  BOOST_TEST(got->access.access_token.reveal() == "at");
  BOOST_TEST(got->refresh_token.reveal() == "rt");
  BOOST_TEST(got->user == user);
}

BOOST_AUTO_TEST_CASE(a_grant_without_a_new_refresh_token_keeps_the_old_one) {
  const auto got = read(200, granted(R"(,"id_token":")" + id_token(claims(tenant, app, user)) + "\""));
  BOOST_REQUIRE(got);
  BOOST_TEST(got->refresh_token.empty());
}

BOOST_AUTO_TEST_CASE(who_has_signed_in_must_be_known_and_of_the_tenant) {
  const auto why = [](const std::string& payload) {
    const auto got = read(200, granted(R"(,"id_token":")" + id_token(payload) + "\""));
    BOOST_REQUIRE(!got);
    BOOST_TEST(got.error().fatal);
    return got.error().message;
  };
  BOOST_TEST(contains(why(claims("9188040d-6c67-4c5b-b112-36a304b66dad", app, user)), "Personal accounts"));
  BOOST_TEST(contains(why(claims("11111111-0c5e-4f3b-9a53-51f6d3c0a001", app, user)), "another tenant"));
  BOOST_TEST(contains(why(claims(tenant, "other", user)), "another application"));
  BOOST_TEST(contains(why(claims(tenant, app, "someone")), "object id"));
  BOOST_TEST(contains(why("{}"), "another tenant"));
  BOOST_TEST(contains(read(200, granted(R"(,"id_token":"x.y")")).error().message, "ID token"));
  BOOST_TEST(read(200, granted(""))->user.empty());
  BOOST_TEST(
      read_user(id_token(claims(tenant, app, user)), {.client_id = "2B9DE0C4-6C1F-4C0E-8F6A-90B4A7D1C002", .tenant = tenant}).value() ==
      user);
}

BOOST_AUTO_TEST_CASE(the_states_of_a_sign_in) {
  BOOST_TEST((read_sign_in_state(400, refused("authorization_pending")) == sign_in_state::pending));
  BOOST_TEST((read_sign_in_state(400, refused("slow_down")) == sign_in_state::slow_down));
  for (const int status : {408, 429, 500, 503}) BOOST_TEST((read_sign_in_state(status, "") == sign_in_state::failed));
  BOOST_TEST((read_sign_in_state(400, refused("temporarily_unavailable")) == sign_in_state::failed));
  for (const char* word : {"authorization_declined", "access_denied", "expired_token", "invalid_client", "invalid_grant"})
    BOOST_TEST((read_sign_in_state(400, refused(word)) == sign_in_state::over));
  BOOST_TEST((read_sign_in_state(200, "") == sign_in_state::over));
}

BOOST_AUTO_TEST_CASE(a_denied_and_an_expired_sign_in_say_what_to_do) {
  BOOST_TEST(contains(read(400, refused("authorization_declined", "AADSTS70018: no.")).error().message, "was declined"));
  BOOST_TEST(contains(read(400, refused("access_denied")).error().message, "was declined"));
  BOOST_TEST(contains(read(400, refused("access_denied", "AADSTS53003: blocked.")).error().message, "Conditional Access"));
  BOOST_TEST(contains(read(400, refused("expired_token")).error().message, "expired"));
  BOOST_TEST(contains(read(401, refused("invalid_client", "AADSTS7000218: no secret.")).error().message, "Allow public client flows"));
  BOOST_TEST(contains(read(400, refused("invalid_grant", "AADSTS65001: no consent.")).error().message, "OnlineMeetings.ReadWrite"));
}

BOOST_AUTO_TEST_CASE(only_refusals_of_the_grant_itself_want_a_new_sign_in) {
  BOOST_TEST(wants_new_sign_in(400, refused("invalid_grant")));
  BOOST_TEST(wants_new_sign_in(400, refused("interaction_required")));
  BOOST_TEST(!wants_new_sign_in(400, refused("invalid_client")));
  BOOST_TEST(!wants_new_sign_in(400, refused("temporarily_unavailable")));
  BOOST_TEST(!wants_new_sign_in(429, ""));
  BOOST_TEST(!wants_new_sign_in(503, refused("invalid_grant")));
  BOOST_TEST(!wants_new_sign_in(200, good_grant()));
}

BOOST_AUTO_TEST_CASE(what_was_sent_is_not_shown) {
  const auto got = read_user_grant(400, refused("invalid_grant", "AADSTS9: the token canary-canary-canary is bad."), {},
                                   "canary-canary-canary", {}, who);
  BOOST_TEST(!contains(got.error().message, "canary"));
}

BOOST_AUTO_TEST_CASE(a_saved_sign_in_is_read_as_it_was_written) {
  const auto text =
      write_saved({.authority = "https://a/\"x\"", .tenant = tenant, .client_id = app, .user = user, .refresh_token = secret("r\\\"t")});
  BOOST_TEST(text.reveal().ends_with("}\n"));
  const auto got = read_saved(text.reveal());
  BOOST_REQUIRE(got);
  BOOST_TEST(got->authority == "https://a/\"x\"");
  BOOST_TEST(got->tenant == tenant);
  BOOST_TEST(got->client_id == app);
  BOOST_TEST(got->user == user);
  BOOST_TEST(got->refresh_token.reveal() == "r\\\"t");
}

BOOST_AUTO_TEST_CASE(anything_else_is_no_saved_sign_in) {
  const std::string good(
      write_saved({.authority = "a", .tenant = "t", .client_id = "c", .user = user, .refresh_token = secret("r")}).reveal());
  BOOST_TEST(read_saved(good).has_value());
  BOOST_TEST(!read_saved("").has_value());
  BOOST_TEST(!read_saved(good.substr(0, good.size() / 2)).has_value());
  for (const auto& [from, to] : {std::pair("sign-in 1", "sign-in 2"), std::pair("5d3c1f0e", "someone"), std::pair(R"(:"r"})", R"(:""})"),
                                 std::pair(R"(:"r"})", R"(:"r\n"})"), std::pair(R"(:"r"})", R"(:7})")}) {
    auto bad = good;
    bad.replace(bad.find(from), std::string(from).size(), to);
    BOOST_TEST(!read_saved(bad).has_value(), bad);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
