#include "core/base64.hpp"

#include <rapidcheck/boost_test.h>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "core/encode_base64.hpp"

namespace {

using convoke::core::base64_alphabet;
using convoke::core::decode_base64;
using convoke::test::encode_base64;

// The examples of RFC 4648, section 10.
const std::pair<std::string_view, std::string_view> vectors[] = {
    {"", ""}, {"Zg==", "f"}, {"Zm8=", "fo"}, {"Zm9v", "foo"}, {"Zm9vYg==", "foob"}, {"Zm9vYmE=", "fooba"}, {"Zm9vYmFy", "foobar"},
};

const char* const never[] = {"Z",     "Zg=",  "Zg===", "=",        "==",      "====", "=Zg=",   "Zg==Zg==",     "Zm8=\n", "Zm 8=",
                             "Zm\n8", "Z===", "Zm9v=", "Zm9v====", "Zm9\xC3", "Zm9.", "Zm9vY=", "Zm9v\r\nYg==", "Zh==",   "Zm9="};

}  // namespace

BOOST_AUTO_TEST_SUITE(base64)

BOOST_AUTO_TEST_CASE(the_examples_of_rfc_4648_are_decoded) {
  for (const auto& [text, bytes] : vectors) {
    BOOST_TEST(convoke::core::decode_base64(text, convoke::core::base64_alphabet::standard).value_or("-") == bytes);
    BOOST_TEST(convoke::core::decode_base64(text, convoke::core::base64_alphabet::url).value_or("-") == bytes);
  }
}

BOOST_DATA_TEST_CASE(a_text_that_no_encoder_writes_is_refused, boost::unit_test::data::make(never), text) {
  BOOST_TEST(!convoke::core::decode_base64(text, convoke::core::base64_alphabet::standard));
  BOOST_TEST(!convoke::core::decode_base64(text, convoke::core::base64_alphabet::url));
}

BOOST_AUTO_TEST_CASE(only_the_alphabet_for_urls_may_lack_padding) {
  BOOST_TEST(convoke::core::decode_base64("Zg", convoke::core::base64_alphabet::url).value_or("-") == "f");
  BOOST_TEST(convoke::core::decode_base64("Zm8", convoke::core::base64_alphabet::url).value_or("-") == "fo");
  BOOST_TEST(!convoke::core::decode_base64("Zg", convoke::core::base64_alphabet::standard));
  BOOST_TEST(!convoke::core::decode_base64("Zm8", convoke::core::base64_alphabet::standard));
  BOOST_TEST(!convoke::core::decode_base64("Zh", convoke::core::base64_alphabet::url));
}

BOOST_AUTO_TEST_CASE(each_alphabet_has_its_own_last_two_digits) {
  BOOST_TEST(convoke::core::decode_base64("+/+/", convoke::core::base64_alphabet::standard).value_or("-") == "\xFB\xFF\xBF");
  BOOST_TEST(convoke::core::decode_base64("-_-_", convoke::core::base64_alphabet::url).value_or("-") == "\xFB\xFF\xBF");
  BOOST_TEST(!convoke::core::decode_base64("+/+/", convoke::core::base64_alphabet::url));
  BOOST_TEST(!convoke::core::decode_base64("-_-_", convoke::core::base64_alphabet::standard));
}

RC_BOOST_PROP(any_bytes_are_decoded_to_themselves, (const std::string& bytes)) {
  for (const auto alphabet : {convoke::core::base64_alphabet::standard, convoke::core::base64_alphabet::url})
    RC_ASSERT(convoke::core::decode_base64(encode_base64(bytes, alphabet, true), alphabet) == bytes);
  RC_ASSERT(convoke::core::decode_base64(encode_base64(bytes, convoke::core::base64_alphabet::url, false),
                                         convoke::core::base64_alphabet::url) == bytes);
}

// What is decoded encodes to the same text: no two texts have one value.
RC_BOOST_PROP(any_text_that_is_decoded_was_encoded_so, ()) {
  const auto text = *rc::gen::container<std::string>(rc::gen::elementOf(std::string("ABgw19+/-_= \n")));
  if (const auto bytes = convoke::core::decode_base64(text, convoke::core::base64_alphabet::standard))
    RC_ASSERT(encode_base64(*bytes, convoke::core::base64_alphabet::standard, true) == text);
  if (const auto bytes = convoke::core::decode_base64(text, convoke::core::base64_alphabet::url))
    RC_ASSERT(encode_base64(*bytes, convoke::core::base64_alphabet::url, text.ends_with('=')) == text);
}

BOOST_AUTO_TEST_CASE(the_url_alphabet_is_written_without_padding) {
  for (const auto& [text, bytes] : vectors) {
    std::string out = "x";
    convoke::core::append_base64url(out, bytes);
    BOOST_TEST(out == "x" + std::string(text.substr(0, text.find('='))));
  }
  std::string out;
  convoke::core::append_base64url(out, "\xff\xef\xfe");
  BOOST_TEST(out == "_-_-");
}

RC_BOOST_PROP(what_is_written_is_read_again, (std::string bytes)) {
  std::string text;
  convoke::core::append_base64url(text, bytes);
  RC_ASSERT(convoke::core::decode_base64(text, base64_alphabet::url).value() == bytes);
}

BOOST_AUTO_TEST_SUITE_END()
