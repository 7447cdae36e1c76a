#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "core/base64.hpp"
#include "sim/fixture.hpp"
#include "sim/service/assertions.hpp"

namespace {

using namespace sim_test;

// A key whose signatures are all right.
struct any_signature final : convoke::sim::public_key {
  bool verifies(std::string_view, std::string_view, bool) const override { return true; }
};

std::optional<convoke::sim::assertion_problem> check_at(std::string_view time) {
  using namespace convoke;
  sim::trusted_keys keys;
  keys.certificates.push_back({.key = std::make_unique<any_signature>(),
                               .sha256 = std::string(32, 'x'),
                               .sha1 = std::string(20, 'x'),
                               .from = parse_utc("2026-01-01T00:00:00Z").value(),
                               .to = parse_utc("2026-02-01T00:00:00Z").value()});
  const auto now = parse_utc(time).value();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  std::string jwt;
  core::append_base64url(jwt, R"({"alg":"PS256","x5t#S256":"eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHg"})");
  jwt += '.';
  core::append_base64url(jwt, R"({"iss":"a","sub":"a","aud":"t","jti":"1","exp":)" + std::to_string(seconds + 600) + "}");
  return sim::assertion_checker(std::move(keys)).check(jwt + ".eHh4", "a", {"t"}, now);
}

BOOST_AUTO_TEST_SUITE(token_endpoint)

BOOST_AUTO_TEST_CASE(a_certificate_outside_its_validity_is_refused) {
  BOOST_TEST(!check_at("2026-01-15T00:00:00Z").has_value());
  const auto late = check_at("2026-02-02T00:00:00Z"), early = check_at("2025-12-31T00:00:00Z");
  BOOST_REQUIRE(late.has_value());
  BOOST_REQUIRE(early.has_value());
  BOOST_TEST(late->number == 700027);
  BOOST_TEST(late->text.contains("The key used is expired"), late->text);
  BOOST_TEST(early->text.contains("not yet valid"), early->text);
}

struct refused_form {
  std::string form;
  int status;
  std::string_view error, code;
};
std::ostream& operator<<(std::ostream& out, const refused_form& f) {
  return out << f.form;
}

const std::string good_app = "client_id=" + std::string(app);
const std::string good_scope = "&scope=https%3A%2F%2Flocalhost%3A8443%2F.default";
const std::vector<refused_form> refused = {
    {good_app + good_scope + "&client_secret=wrong&grant_type=client_credentials", 401, "invalid_client", "AADSTS7000215"},
    {good_app + good_scope + "&client_secret=hus&grant_type=client_credentials", 401, "invalid_client", "AADSTS7000215"},
    {good_app + good_scope + "&grant_type=client_credentials", 401, "invalid_client", "AADSTS7000216"},
    {good_app + good_scope + "&client_secret=hush&grant_type=password", 400, "unsupported_grant_type", "AADSTS70003"},
    {good_app + good_scope + "&client_secret=hush", 400, "invalid_request", "AADSTS900144"},
    {"client_id=x" + good_scope + "&client_secret=hush&grant_type=client_credentials", 400, "unauthorized_client", "AADSTS700016"},
    {good_app + "&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default&client_secret=hush&grant_type=client_credentials", 400,
     "invalid_scope", "AADSTS70011"},
    {"", 400, "invalid_request", "AADSTS900144"},
    {"&&==%%%", 400, "invalid_request", "AADSTS900144"},
};
BOOST_DATA_TEST_CASE(wrong_credentials_are_refused_as_entra_does, boost::unit_test::data::make(refused), f) {
  world w;
  const auto r = w.ask_token(f.form);
  BOOST_TEST(r.status == f.status);
  const auto body = parsed(r);
  BOOST_TEST(body.at("error").as_string() == f.error);
  BOOST_TEST(std::string(body.at("error_description").as_string()).starts_with(std::string(f.code) + ": "));
  BOOST_TEST(body.at("error_codes").as_array().size() == 1U);
  BOOST_TEST(r.body.find("hush") == std::string::npos);
  BOOST_TEST(w.graph.counts().requests == 0U);
  BOOST_TEST(w.stats().at("tokens").as_int64() == 1);
}

BOOST_AUTO_TEST_CASE(another_tenant_is_refused) {
  world w;
  const auto r = w.ask_token(good_app + good_scope + "&client_secret=hush&grant_type=client_credentials", bob);
  BOOST_TEST(r.status == 400);
  BOOST_TEST(parsed(r).at("error_codes").as_array().at(0).as_int64() == 90002);
}

// What the description says after its number.
std::string description_of(const reply& r) {
  return std::string(parsed(r).at("error_description").as_string());
}

BOOST_AUTO_TEST_CASE(the_description_names_an_unknown_application) {
  world w;
  const std::string other = "99999999-6c1f-4c0e-8f6a-90b4a7d1c0ff", rest = good_scope + "&client_secret=hush&grant_type=client_credentials";
  const auto text = description_of(w.ask_token("client_id=" + other + rest));
  BOOST_TEST(text.contains("Application with identifier '" + other + "' was not found"), text);
  BOOST_TEST(!text.contains(app), text);
  BOOST_TEST(description_of(w.ask_token("client_id=a%22%5C%0Ab" + rest)).contains("'a\"\\\nb'"));
  BOOST_TEST(description_of(w.ask_token("client_id=%FF" + rest)).contains("'?'"));
}

BOOST_AUTO_TEST_CASE(an_unknown_tenant_is_the_one_of_the_path) {
  world w;
  const auto text =
      description_of(w.ask_token(good_app + good_scope + "&client_secret=hush&grant_type=client_credentials", "contoso.test"));
  BOOST_TEST(text.contains("Tenant 'contoso.test' not found."), text);
}

BOOST_AUTO_TEST_CASE(a_wrong_secret_names_the_application_as_it_was_sent) {
  world w;
  std::string upper(app);
  std::ranges::transform(upper, upper.begin(), [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 0x20) : c; });
  const auto text = description_of(w.ask_token("client_id=" + upper + good_scope + "&client_secret=x&grant_type=client_credentials"));
  BOOST_TEST(text.contains("added to app '" + upper + "'"), text);
}

BOOST_AUTO_TEST_CASE(a_token_is_for_the_requested_root) {
  world w;
  const auto r =
      w.ask_token(good_app + "&scope=https%3A%2F%2F127.0.0.1%3A8443%2F.default&client_secret=hush&grant_type=client_credentials");
  BOOST_REQUIRE(r.status == 200);
  const std::string token(parsed(r).at("access_token").as_string());
  auto claims = token.substr(token.find('.') + 1);
  claims.erase(claims.find('.'));
  std::ranges::replace(claims, '-', '+');
  std::ranges::replace(claims, '_', '/');
  BOOST_TEST(boost::json::parse(decode_base64(claims).value_or("")).at("aud").as_string() == "https://127.0.0.1:8443");
}

BOOST_AUTO_TEST_CASE(http_basic_is_taken_too) {
  world w;
  std::string pair;
  append_base64(pair, std::string(app) + ":hush");
  const auto basic = "Basic " + pair, form = "grant_type=client_credentials" + good_scope,
             target = "/" + std::string(tenant) + "/oauth2/v2.0/token";
  request q;
  q.method = "POST";
  q.target = target;
  q.authorization = basic;
  q.content_type = "application/x-www-form-urlencoded";
  q.body = form;
  BOOST_TEST(w.send(q).status == 200);
}

BOOST_AUTO_TEST_CASE(a_token_names_its_tenant_application_and_lifetime) {
  world w;
  const auto first_dot = w.token.find('.');
  auto claims = w.token.substr(first_dot + 1, w.token.rfind('.') - first_dot - 1);
  std::ranges::replace(claims, '-', '+');
  std::ranges::replace(claims, '_', '/');
  const auto payload = boost::json::parse(decode_base64(claims).value_or(""));
  BOOST_TEST(payload.at("tid").as_string() == tenant);
  BOOST_TEST(payload.at("appid").as_string() == app);
  BOOST_TEST(payload.at("aud").as_string() == root);
  BOOST_TEST(payload.at("exp").as_int64() - payload.at("iat").as_int64() == 3599);
  BOOST_TEST(payload.at("roles").as_array().at(0).as_string() == "OnlineMeetings.ReadWrite.All");
}

BOOST_AUTO_TEST_CASE(tokens_are_checked_on_every_call_and_expire) {
  behaviour how;
  how.tokens.lifetime_seconds = 60;
  world w(how);
  const auto old = w.token;
  w.pass(59s);
  BOOST_TEST(w.call(alice, "a").status == 201);
  w.pass(1s);
  const auto expired = w.call(alice, "a");
  BOOST_TEST(expired.status == 401);
  BOOST_TEST(code_of(expired) == "InvalidAuthenticationToken");
  BOOST_TEST(message_of(expired) == "Lifetime validation failed, the token is expired.");
  BOOST_TEST(header(expired, "WWW-Authenticate").size() == 1U);
  w.token = w.get_token();
  BOOST_TEST(w.token != old);
  BOOST_TEST(w.call(alice, "a").status == 200);
  for (const auto& bad : {old + "x", std::string(), w.token.substr(1)}) {
    w.token = bad;
    BOOST_TEST(w.call(alice, "a").status == 401);
  }
  BOOST_TEST(w.graph.counts().unauthorized == 4U);
}

BOOST_AUTO_TEST_CASE(the_endpoint_can_be_overloaded) {
  behaviour how;
  how.tokens.fault_rate = 0.5;
  how.tokens.retry_after = 60;
  std::size_t plain = 0, unavailable = 0, good = 0;
  service graph(how, {std::string(tenant), std::string(app), convoke::secret("hush"), {std::string(root)}}, 7, {});
  const auto form = good_app + good_scope + "&client_secret=hush&grant_type=client_credentials",
             target = "/" + std::string(tenant) + "/oauth2/v2.0/token";
  for (int i = 0; i < 200; ++i) {
    request q;
    q.method = "POST";
    q.target = target;
    q.content_type = "application/x-www-form-urlencoded";
    q.body = form;
    reply r;
    graph.handle(q, {}, r);
    good += r.status == 200;
    if (r.status == 200) continue;
    BOOST_TEST(header(r, "Retry-After").at(0) == "60");
    plain += r.status == 429 && r.body == "Too Many Requests" && header(r, "Content-Type").at(0) == "text/plain";
    unavailable += r.status == 503 && parsed(r).at("error").as_string() == "temporarily_unavailable";
  }
  BOOST_TEST(good + plain + unavailable == 200U);
  BOOST_TEST(good > 70U);
  BOOST_TEST(plain > 40U);
  BOOST_TEST(unavailable > 15U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
