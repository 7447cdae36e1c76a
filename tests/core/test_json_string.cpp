#include "core/json_string.hpp"

#include <rapidcheck/boost_test.h>
#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <string>

#include "core/arbitrary_utf8.hpp"

namespace {

namespace json = boost::json;

std::string json_text(std::string_view text) {
  std::string out;
  convoke::core::append_json_string(out, text);
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(json_string)

BOOST_AUTO_TEST_CASE(json_strings_escape_what_json_requires) {
  BOOST_TEST(json_text("") == R"("")");
  BOOST_TEST(json_text("a\"b\\c/d") == R"("a\"b\\c/d")");
  BOOST_TEST(json_text("\n\r\t\b\x1f\x7f") == "\"\\n\\r\\t\\u0008\\u001f\x7f\"");
  BOOST_TEST(json_text(std::string_view("a\0b", 3)) == R"("a\u0000b")");
  BOOST_TEST(json_text("0123456789abcdef\"0123456789abcdef") == R"("0123456789abcdef\"0123456789abcdef")");
}

BOOST_AUTO_TEST_CASE(text_of_any_script_is_read_back) {
  const std::string nasty = std::string("q\" b\\ \n\r\t \x01\x1f ü 日 ") + "</script>";
  BOOST_TEST(json::parse(json_text(nasty)).as_string() == nasty);
}

BOOST_AUTO_TEST_CASE(every_byte_is_escaped_at_every_place_of_a_block) {
  for (int byte = 0; byte < 0x80; ++byte) {
    for (std::size_t place = 0; place < 40; ++place) {
      std::string text(40, 'x');
      text[place] = static_cast<char>(byte);
      const auto written = json_text(text);
      if (json::parse(written).as_string() != text) BOOST_ERROR("byte " << byte << " at " << place << ": " << written);
    }
  }
}

BOOST_AUTO_TEST_CASE(bad_utf8_becomes_replacement_characters) {
  BOOST_TEST(json_text("a\xFFz") == "\"a\xEF\xBF\xBDz\"");
  BOOST_TEST(json_text("\xC3") == "\"\xEF\xBF\xBD\"");
  BOOST_TEST(json_text("\xC0\xAF") == "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");
  BOOST_TEST(json_text("\xED\xA0\x80") == "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
}

BOOST_AUTO_TEST_CASE(a_visible_string_has_no_control_character_and_the_same_value) {
  const std::string nasty = "\x1b[2J\x7f\u009b31m \u202Eabc\u2066 \U000E0041 ü 日 🎓";
  std::string out = "x";
  convoke::core::append_visible_json_string(out, nasty);
  BOOST_TEST(out == R"(x"\u001b[2J\u007f\u009b31m \u202eabc\u2066 \udb40\udc41 ü 日 🎓")");
  BOOST_TEST(json::parse(out.substr(1)).as_string() == nasty);
  BOOST_TEST(convoke::core::visible_json(json_text(nasty)) == out.substr(1));
}

RC_BOOST_PROP(any_text_is_read_back, ()) {
  const auto text = convoke::test::arbitrary_utf8();
  RC_ASSERT(json::parse(json_text(text)).as_string() == text);
  RC_ASSERT(json::parse(convoke::core::visible_json(json_text(text))).as_string() == text);
}

RC_BOOST_PROP(any_bytes_become_valid_json, (std::string bytes)) {
  boost::system::error_code failure;
  json::parse(json_text(bytes), failure);
  RC_ASSERT(!failure);
}

BOOST_AUTO_TEST_SUITE_END()
