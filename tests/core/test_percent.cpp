#include <rapidcheck/boost_test.h>
#include <boost/test/unit_test.hpp>
#include <string>

#include "core/decoded.hpp"
#include "core/percent.hpp"

namespace {

std::string encoded(std::string_view text) {
  std::string out;
  convoke::core::append_percent_encoded(out, text);
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(percent)

BOOST_AUTO_TEST_CASE(only_unreserved_characters_stay_as_they_are) {
  BOOST_TEST(encoded("AZaz09-._~") == "AZaz09-._~");
  BOOST_TEST(encoded("a b/c%+&=") == "a%20b%2Fc%25%2B%26%3D");
  BOOST_TEST(encoded(std::string_view("\0\n\x7f\xff", 4)) == "%00%0A%7F%FF");
  BOOST_TEST(encoded("@[`{") == "%40%5B%60%7B");  // the characters next to the letters in ASCII
}

BOOST_AUTO_TEST_CASE(the_encoded_text_is_appended) {
  std::string out = "x/";
  convoke::core::append_percent_encoded(out, "/");
  BOOST_TEST(out == "x/%2F");
}

RC_BOOST_PROP(any_text_can_be_decoded_again, (const std::string& text)) {
  RC_ASSERT(convoke::core::unescaped(encoded(text)) == text);
}

BOOST_AUTO_TEST_SUITE_END()
