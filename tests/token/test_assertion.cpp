#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <string>
#include <string_view>

#include "core/base64.hpp"
#include "token/assertion.hpp"

namespace {

namespace json = boost::json;
using namespace convoke;

token::assertion_terms terms(token::signature_algorithm how) {
  return {.algorithm = how,
          .thumbprint = std::string_view("\xff\x00\xfb thumbprint", 14),
          .audience = "https://login.microsoftonline.com/t-1/oauth2/v2.0/token",
          .client_id = "app-1",
          .id = "jti-1",
          .now = parse_utc("2026-09-01T08:00:00.7Z").value()};
}

json::object part(const std::string& input, bool header) {
  const auto dot = input.find('.');
  const auto text = header ? input.substr(0, dot) : input.substr(dot + 1);
  return json::parse(core::decode_base64(text, core::base64_alphabet::url).value()).as_object();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(assertions)

BOOST_AUTO_TEST_CASE(the_header_names_algorithm_and_certificate) {
  const auto pss = part(token::signing_input(terms(token::signature_algorithm::ps256)), true);
  BOOST_TEST(json::serialize(pss) == R"({"alg":"PS256","typ":"JWT","x5t#S256":"_wD7IHRodW1icHJpbnQ"})");
  const auto pkcs1 = part(token::signing_input(terms(token::signature_algorithm::rs256)), true);
  BOOST_TEST(json::serialize(pkcs1) == R"({"alg":"RS256","typ":"JWT","x5t":"_wD7IHRodW1icHJpbnQ"})");
}

BOOST_AUTO_TEST_CASE(the_claims_hold_for_ten_minutes_from_now) {
  const auto claims = part(token::signing_input(terms(token::signature_algorithm::ps256)), false);
  BOOST_TEST(claims.at("aud").as_string() == "https://login.microsoftonline.com/t-1/oauth2/v2.0/token");
  BOOST_TEST(claims.at("iss").as_string() == "app-1");
  BOOST_TEST(claims.at("sub").as_string() == "app-1");
  BOOST_TEST(claims.at("jti").as_string() == "jti-1");
  BOOST_TEST(claims.at("nbf").as_int64() == 1788249600);
  BOOST_TEST(claims.at("iat").as_int64() == 1788249600);
  BOOST_TEST(claims.at("exp").as_int64() == 1788249600 + 600);
}

BOOST_AUTO_TEST_CASE(the_input_has_no_padding_and_no_characters_of_the_other_alphabet) {
  const auto input = token::signing_input(terms(token::signature_algorithm::ps256));
  BOOST_TEST(input.find_first_of("+/=") == std::string::npos);
  BOOST_TEST(std::ranges::count(input, '.') == 1);
}

BOOST_AUTO_TEST_SUITE_END()
