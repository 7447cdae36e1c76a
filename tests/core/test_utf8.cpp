#include "core/utf8.hpp"

#include <rapidcheck.h>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

namespace {

namespace bdata = boost::unit_test::data;

}  // namespace

BOOST_AUTO_TEST_SUITE(utf8)

BOOST_AUTO_TEST_CASE(every_character_but_surrogates_is_decoded_to_itself) {
  for (char32_t c = 0; c < 0x110000; c += c < 0x3000 || (c > 0xD700 && c < 0xE100) || c > 0x10FF00 ? 1 : 37) {
    std::string text;
    convoke::core::append_utf8(text, c);
    const auto back = convoke::core::decode_utf8(text);
    if (c >= 0xD800 && c <= 0xDFFF) {
      BOOST_REQUIRE(back.length == 0U);
    } else {
      BOOST_REQUIRE(back.length == text.size());
      BOOST_REQUIRE(static_cast<std::uint32_t>(back.code_point) == static_cast<std::uint32_t>(c));
      BOOST_REQUIRE(convoke::core::valid_utf8_prefix(text) == text.size());
    }
  }
}

BOOST_DATA_TEST_CASE(bad_bytes_are_not_characters,
                     bdata::make({"\x80", "\xbf", "\xc0\xaf", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf",
                                  "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xfe", "\xc3(", "\xe2\x82(", "\xf0\x9f\x98(",
                                  "\xe2(\xa1"}),
                     bytes) {
  BOOST_TEST(convoke::core::decode_utf8(bytes).length == 0U);
  BOOST_TEST(!convoke::core::incomplete_utf8(bytes));
  BOOST_TEST(convoke::core::valid_utf8_prefix(std::string("ok ü ") + bytes + " ok") == 6U);
}

BOOST_DATA_TEST_CASE(parts_of_characters_are_recognized,
                     bdata::make({"\xc3", "\xe2", "\xe2\x82", "\xf0", "\xf0\x9f", "\xf0\x9f\x98", "\xed\x9f", "\xf4\x8f"}), bytes) {
  BOOST_TEST(convoke::core::decode_utf8(bytes).length == 0U);
  BOOST_TEST(convoke::core::incomplete_utf8(bytes));
}

BOOST_AUTO_TEST_CASE(the_ascii_prefix_ends_at_the_first_other_byte) {
  for (std::size_t at = 0; at < 100; ++at) {
    for (const char odd : {'\0', '\x80', '\xff'}) {
      std::string text(100, 'a');
      text[at] = odd;
      BOOST_TEST(convoke::core::plain_ascii_prefix(text) == at);
    }
  }
  BOOST_TEST(convoke::core::plain_ascii_prefix(std::string(77, '\x01')) == 77U);
  BOOST_TEST(convoke::core::plain_ascii_prefix("") == 0U);
}

BOOST_AUTO_TEST_CASE(text_ends_at_a_nul) {
  const std::string_view text("\u00fc\0x", 4);
  BOOST_TEST(convoke::core::valid_utf8_prefix(text) == 4U);
  BOOST_TEST(convoke::core::valid_text_prefix(text) == 2U);
}

BOOST_AUTO_TEST_CASE(the_valid_prefix_is_that_of_single_characters) {
  BOOST_TEST(rc::check("valid_utf8_prefix", [] {
    const auto text = *rc::gen::container<std::string>(
        rc::gen::elementOf(std::string("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\xc3\xa4\xc3\xa4\xe2\x82\xac\xf0\x9f")));
    std::size_t at = 0;
    for (auto c = convoke::core::decode_utf8(text); c.length != 0; c = convoke::core::decode_utf8(std::string_view(text).substr(at)))
      at += c.length;
    RC_ASSERT(convoke::core::valid_utf8_prefix(text) == at);
  }));
}

BOOST_AUTO_TEST_SUITE_END()
