#include <rapidcheck.h>

#include <boost/test/unit_test.hpp>
#include <vector>

#include "core/text.hpp"
#include "core/utf8.hpp"

using convoke::core::blank_or_invisible;
using convoke::core::fold_name;
using convoke::core::trim;

namespace {

std::string utf8(char32_t c) {
  std::string out;
  convoke::core::append_utf8(out, c);
  return out;
}

// Unicode's White_Space (PropList.txt), and characters without width.
constexpr char32_t blanks[] = {0x09,   0x0A,   0x0B,   0x0C,   0x0D,   0x20,   0x85,   0xA0,   0x1680, 0x2000, 0x2001, 0x2002,
                               0x2003, 0x2004, 0x2005, 0x2006, 0x2007, 0x2008, 0x2009, 0x200A, 0x2028, 0x2029, 0x202F, 0x205F,
                               0x3000, 0xAD,   0x200B, 0x200C, 0x200D, 0x200E, 0x200F, 0x202A, 0x202E, 0x2060, 0xFEFF};

}  // namespace

BOOST_AUTO_TEST_SUITE(blanks_of_unicode)

BOOST_AUTO_TEST_CASE(blanks_and_invisible_characters_are_known) {
  for (const char32_t c : blanks) BOOST_TEST(blank_or_invisible(c), static_cast<unsigned>(c));
  for (const char32_t c : {U'\0', U'a', U'_', U'-', U'\x7F', U'ä', U'\u00B7', U'\u2010', U'\u2013', U'\u3001', U'\U0001F393'})
    BOOST_TEST(!blank_or_invisible(c), static_cast<unsigned>(c));
}

BOOST_AUTO_TEST_CASE(row_11_such_characters_are_trimmed_and_stay_inside) {
  for (const char32_t c : blanks) {
    const std::string blank = utf8(c);
    BOOST_TEST(trim(blank + "a" + blank + "b" + blank + blank) == "a" + blank + "b");
    BOOST_TEST(trim(blank + "ü" + blank) == "ü");
    BOOST_TEST(trim(blank + " " + blank).empty());
  }
  BOOST_TEST(trim("").empty());
  BOOST_TEST(trim("a") == "a");
  BOOST_TEST(trim("\xFF"
                  "a\xA0") ==
             "\xFF"
             "a\xA0");  // not UTF-8
}

BOOST_AUTO_TEST_CASE(row_2_names_are_folded_without_blanks) {
  BOOST_TEST(fold_name("Time Zone") == "timezone");
  BOOST_TEST(fold_name("attendees\u00A0") == "attendees");
  BOOST_TEST(fold_name("\uFEFFexternal\u00AD-_ID ") == "externalid");
  BOOST_TEST(fold_name("Größe ") == "größe");
  BOOST_TEST(fold_name("\xFF_A") ==
             "\xFF"
             "a");
}

BOOST_AUTO_TEST_CASE(trimming_and_folding_twice_changes_nothing) {
  BOOST_TEST(rc::check("trim(trim(t)) == trim(t)", [] {
    std::string text;
    for (const auto c : *rc::gen::container<std::vector<char32_t>>(
             rc::gen::oneOf(rc::gen::elementOf(std::vector<char32_t>(std::begin(blanks), std::end(blanks))),
                            rc::gen::elementOf(std::vector<char32_t>{'a', 'Z', '_', '-', 0xE4, 0x6570, 0x1F393}))))
      text += utf8(c);
    RC_ASSERT(trim(trim(text)) == trim(text));
    RC_ASSERT(fold_name(fold_name(text)) == fold_name(text));
    RC_ASSERT(fold_name(trim(text)) == fold_name(text));
    RC_ASSERT(text.contains(trim(text)));
  }));
}

BOOST_AUTO_TEST_CASE(the_blanks_of_http_are_two) {
  using convoke::core::trim_http;
  BOOST_TEST(trim_http(" \ta b\t ") == "a b");
  BOOST_TEST(trim_http(" \t ").empty());
  BOOST_TEST(trim_http("").empty());
  BOOST_TEST(trim_http("\u00A0a\n") == "\u00A0a\n");
}

BOOST_AUTO_TEST_SUITE_END()
