#include "core/withhold.hpp"

#include <rapidcheck/boost_test.h>
#include <boost/test/unit_test.hpp>
#include <string>

using convoke::withhold;

BOOST_AUTO_TEST_SUITE(withholding)

BOOST_AUTO_TEST_CASE(whole_and_in_pieces_of_twelve_bytes) {
  constexpr std::string_view hidden = "correct-horse-battery-staple";
  BOOST_TEST(withhold("it was correct-horse-battery-staple!", hidden) == "it was ***!");
  BOOST_TEST(withhold("correct-hors", hidden) == "***");
  BOOST_TEST(withhold("correct-hor", hidden) == "correct-hor");
  BOOST_TEST(withhold("xbattery-staplex", hidden) == "x***x");
  BOOST_TEST(withhold("battery-staplecorrect-horse", hidden) == "******");
  BOOST_TEST(withhold("", hidden) == "");
}

BOOST_AUTO_TEST_CASE(a_short_one_is_withheld_in_full_only) {
  BOOST_TEST(withhold("sesame opens", "sesame") == "*** opens");
  BOOST_TEST(withhold("sesam opens", "sesame") == "sesam opens");
  BOOST_TEST(withhold("anything", "") == "anything");
}

BOOST_AUTO_TEST_CASE(the_longest_of_several_pieces_is_taken) {
  constexpr std::string_view hidden = "abcabcabcabcX-abcabcabcabcabcY";
  BOOST_TEST(withhold("abcabcabcabcabcY!", hidden) == "***!");
  BOOST_TEST(withhold("abcabcabcabcX-!", hidden) == "***!");
}

RC_BOOST_PROP(no_piece_is_left, ()) {
  // Few letters, so that pieces overlap and nearly match.
  const auto letters = rc::gen::container<std::string>(rc::gen::element('a', 'b'));
  const auto hidden = *rc::gen::resize(40, letters);
  const auto text = *rc::gen::resize(80, letters);
  const auto left = withhold(text, hidden);
  RC_PRE(!hidden.empty());
  const auto enough = std::min<std::size_t>(12, hidden.size());
  for (std::size_t at = 0; at + enough <= hidden.size(); ++at) RC_ASSERT(!left.contains(hidden.substr(at, enough)));
}

RC_BOOST_PROP(text_without_a_piece_stays, ()) {
  const auto text = *rc::gen::container<std::string>(rc::gen::element('a', 'b', 'c'));
  RC_ASSERT(withhold(text, "xyzxyzxyzxyzxyz") == text);
}

BOOST_AUTO_TEST_SUITE_END()
