#include "files/text_place.hpp"

#include <rapidcheck.h>

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(files_text_place)

BOOST_AUTO_TEST_CASE(lines_and_characters_are_counted) {
  convoke::files::text_place place;
  place.pass("a\r\nb\rc\nöö");
  BOOST_TEST(place.line() == 4U);
  BOOST_TEST(place.column() == 3U);
  place.pass("x\r");
  BOOST_TEST(place.line() == 5U);
  place.pass("\nyz");
  BOOST_TEST(place.line() == 5U);
  BOOST_TEST(place.column() == 3U);
}

BOOST_AUTO_TEST_CASE(pieces_of_any_size_give_the_same_place) {
  BOOST_TEST(rc::check("text_place", [] {
    const auto text = *rc::gen::container<std::string>(rc::gen::elementOf(std::string("ab\r\n\r\n")));
    convoke::files::text_place whole, pieces;
    whole.pass(text);
    for (std::size_t at = 0; at < text.size();) {
      const auto size = *rc::gen::inRange<std::size_t>(1, 5);
      pieces.pass(std::string_view(text).substr(at, size));
      at += size;
    }
    RC_ASSERT(whole.line() == pieces.line());
    RC_ASSERT(whole.column() == pieces.column());
  }));
}

BOOST_AUTO_TEST_SUITE_END()
