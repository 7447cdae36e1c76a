#include <rapidcheck/boost_test.h>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <string>

#include "token/forms.hpp"

namespace {

using convoke::secret;

std::string form(std::string_view id, std::string_view root, std::string hidden) {
  return std::string(convoke::token::client_secret_form(id, root, secret(std::move(hidden))).reveal());
}

std::string decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      out += static_cast<char>(std::strtol(std::string(text.substr(i + 1, 2)).c_str(), nullptr, 16));
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(client_secret_form)

BOOST_AUTO_TEST_CASE(the_form_has_its_four_fields) {
  BOOST_TEST(form("5c1b9e70-4d2a-4f36-9c8e-1a2b3c4d5e6f", "https://graph.microsoft.com", "abc~DEF") ==
             "grant_type=client_credentials&client_id=5c1b9e70-4d2a-4f36-9c8e-1a2b3c4d5e6f"
             "&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default&client_secret=abc~DEF");
}

BOOST_AUTO_TEST_CASE(only_unreserved_characters_are_not_encoded) {
  BOOST_TEST(form("i", "https://g", "AZaz09-._~").ends_with("&client_secret=AZaz09-._~"));
  BOOST_TEST(form("i", "https://g", "a b/c?d&e=f+g%h@ü\r\n").ends_with("&client_secret=a%20b%2Fc%3Fd%26e%3Df%2Bg%25h%40%C3%BC%0D%0A"));
}

BOOST_AUTO_TEST_CASE(a_graph_root_with_a_slash_gives_the_same_scope) {
  BOOST_TEST(form("a", "https://graph.microsoft.us/", "s") == form("a", "https://graph.microsoft.us", "s"));
}

RC_BOOST_PROP(any_secret_is_decoded_to_itself, (std::string hidden)) {
  const auto body = form("id", "https://g", hidden);
  const auto at = body.rfind('=');
  RC_ASSERT(body.substr(0, at).ends_with("&client_secret"));
  RC_ASSERT(body.find_first_of(" +\r\n", at) == std::string::npos);
  RC_ASSERT(decode(body.substr(at + 1)) == hidden);
}

BOOST_AUTO_TEST_CASE(an_assertion_takes_the_place_of_the_secret) {
  BOOST_TEST(convoke::token::assertion_form("app", "https://graph.microsoft.com/", secret("a.b-c_d")).reveal() ==
             "grant_type=client_credentials&client_id=app&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default"
             "&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_assertion=a.b-c_d");
}

BOOST_AUTO_TEST_SUITE_END()
