#include <rapidcheck/boost_test.h>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "core/encode_base64.hpp"
#include "token/claims.hpp"
#include "token/token.hpp"

namespace {

using convoke::token::readable_expiry;
using convoke::token::readable_tenant;

std::string base64url(std::string_view bytes) {
  return convoke::test::encode_base64(bytes, convoke::core::base64_alphabet::url, false);
}

std::string jwt(std::string_view claims) {
  return base64url(R"({"alg":"RS256","typ":"JWT"})") + "." + base64url(claims) + ".c2lnbmF0dXJl";
}

constexpr const char* tenant = "9d2f4c1a-0b7e-4c55-8a31-6f0d2e9b7c10";

}  // namespace

BOOST_AUTO_TEST_SUITE(claims)

BOOST_AUTO_TEST_CASE(the_tenant_and_the_expiry_are_read) {
  const auto token = jwt(R"({"aud":"https://graph.microsoft.com","tid":"9D2F4C1A-0b7e-4c55-8a31-6f0d2e9b7c10","exp":1788249600})");
  BOOST_TEST(readable_tenant(token).value() == tenant);
  BOOST_TEST(convoke::format_utc(readable_expiry(token).value()) == "2026-09-01T08:00:00Z");
}

BOOST_AUTO_TEST_CASE(payloads_of_every_length_are_decoded) {
  for (std::size_t n = 0; n < 20; ++n) {
    const auto token = jwt(R"({"tid":")" + std::string(tenant) + R"(","x":")" + std::string(n, '~') + "\"}");
    BOOST_TEST(readable_tenant(token).value_or("-") == tenant);
  }
}

BOOST_AUTO_TEST_CASE(padding_of_the_payload_is_accepted) {
  const auto head = base64url("{}") + "." + base64url(R"({"exp":10})");
  BOOST_TEST(readable_expiry(head + ".sig").has_value());
  BOOST_TEST(readable_expiry(head + "==.sig").has_value());
  BOOST_TEST(!readable_expiry(head + "=.sig").has_value());
}

BOOST_AUTO_TEST_CASE(claims_of_other_types_are_unreadable) {
  for (const char* claims : {"{}", "[]", "null", "", "{", R"({"tid":7,"exp":"1788249600"})", R"({"tid":"common","exp":-1})",
                             R"({"tid":"","exp":1e300})", R"({"tid":null,"exp":253402300800})", R"({"tid":"../..","exp":null})"}) {
    BOOST_TEST(!readable_tenant(jwt(claims)), claims);
    BOOST_TEST(!readable_expiry(jwt(claims)), claims);
  }
  BOOST_TEST(readable_expiry(jwt(R"({"exp":1.5})")).has_value());
}

BOOST_AUTO_TEST_CASE(a_text_that_is_not_a_jwt_is_unreadable) {
  const auto good = jwt(R"({"tid":"9d2f4c1a-0b7e-4c55-8a31-6f0d2e9b7c10"})");
  const auto payload = good.substr(good.find('.') + 1, good.rfind('.') - good.find('.') - 1);
  const std::vector<std::string> none{"",
                                      ".",
                                      "..",
                                      "opaque-token",
                                      payload,
                                      "a." + payload,
                                      good + ".x.y",
                                      "a.!" + payload + ".b",
                                      "a." + payload + "AAA.b",
                                      "a. " + payload + ".b",
                                      "a.e.b",
                                      std::string(1 << 20, 'A') + "." + payload + ".b",
                                      "a." + std::string(100'000, 'W') + ".b"};
  for (const auto& bad : none) {
    BOOST_TEST(!readable_tenant(bad));
  }
}

BOOST_AUTO_TEST_CASE(deeply_nested_claims_are_unreadable) {
  BOOST_TEST(!readable_tenant(jwt(std::string(40'000, '['))));
}

RC_BOOST_PROP(any_text_is_survived, (std::string bytes)) {
  RC_ASSERT(!readable_tenant(bytes));
  RC_ASSERT(!readable_tenant("a." + bytes + ".b"));
  RC_ASSERT(!readable_expiry(jwt(bytes)));
}

BOOST_AUTO_TEST_CASE(what_a_token_says_of_itself) {
  const auto read =
      convoke::token::read_claims(jwt(R"({"aud":"https://graph.microsoft.com","tid":"t","appid":"a","azp":"z","oid":"o","exp":1788249600,
              "roles":["OnlineMeetings.ReadWrite.All",7,"User.Read.All"],"scp":" openid  OnlineMeetings.ReadWrite "})"));
  BOOST_TEST_REQUIRE(read.has_value());
  BOOST_TEST(read->audience == "https://graph.microsoft.com");
  BOOST_TEST(read->tenant == "t");
  BOOST_TEST(read->app == "a");
  BOOST_TEST(read->principal == "o");
  BOOST_TEST((read->roles == std::vector<std::string>{"OnlineMeetings.ReadWrite.All", "User.Read.All"}));
  BOOST_TEST((read->scopes == std::vector<std::string>{"openid", "OnlineMeetings.ReadWrite"}));
  BOOST_TEST(convoke::format_utc(read->expires.value()) == "2026-09-01T08:00:00Z");
  BOOST_TEST(convoke::token::read_claims(jwt(R"({"azp":"z"})"))->app == "z");
}

BOOST_AUTO_TEST_CASE(claims_of_other_types_count_as_absent) {
  const auto read = convoke::token::read_claims(jwt(R"({"aud":["x"],"roles":"OnlineMeetings.ReadWrite.All","scp":7,"exp":"soon"})"));
  BOOST_TEST_REQUIRE(read.has_value());
  BOOST_TEST(read->audience.empty());
  BOOST_TEST(read->roles.empty());
  BOOST_TEST(read->scopes.empty());
  BOOST_TEST(!read->expires.has_value());
  BOOST_TEST(!convoke::token::read_claims("opaque").has_value());
  BOOST_TEST(!convoke::token::read_claims("a.b.c").has_value());
}

BOOST_AUTO_TEST_SUITE_END()
