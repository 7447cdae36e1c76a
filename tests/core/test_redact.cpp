#include "core/redact.hpp"

#include <rapidcheck/boost_test.h>
#include <boost/test/unit_test.hpp>
#include <string>

#include "core/encode_base64.hpp"

using convoke::core::redact;

BOOST_AUTO_TEST_SUITE(redacting)

BOOST_AUTO_TEST_CASE(a_secret_is_redacted_as_a_whole_and_in_pieces_of_twelve_bytes) {
  constexpr std::string_view hidden = "correct-horse-battery-staple";
  BOOST_TEST(convoke::core::redact("it was correct-horse-battery-staple!", hidden) == "it was ***!");
  BOOST_TEST(convoke::core::redact("correct-hors", hidden) == "***");
  BOOST_TEST(convoke::core::redact("correct-hor", hidden) == "correct-hor");
  BOOST_TEST(convoke::core::redact("xbattery-staplex", hidden) == "x***x");
  BOOST_TEST(convoke::core::redact("battery-staplecorrect-horse", hidden) == "******");
  BOOST_TEST(convoke::core::redact("", hidden) == "");
}

BOOST_AUTO_TEST_CASE(a_short_secret_is_redacted_only_as_a_whole) {
  BOOST_TEST(convoke::core::redact("sesame opens", "sesame") == "*** opens");
  BOOST_TEST(convoke::core::redact("sesam opens", "sesame") == "sesam opens");
  BOOST_TEST(convoke::core::redact("anything", "") == "anything");
}

BOOST_AUTO_TEST_CASE(the_longest_of_several_pieces_is_taken) {
  constexpr std::string_view hidden = "abcabcabcabcX-abcabcabcabcabcY";
  BOOST_TEST(convoke::core::redact("abcabcabcabcabcY!", hidden) == "***!");
  BOOST_TEST(convoke::core::redact("abcabcabcabcX-!", hidden) == "***!");
}

RC_BOOST_PROP(no_piece_of_a_secret_is_left, ()) {
  // Few different letters, so that pieces overlap and almost match.
  const auto letters = rc::gen::container<std::string>(rc::gen::element('a', 'b'));
  const auto hidden = *rc::gen::resize(40, letters);
  const auto text = *rc::gen::resize(80, letters);
  const auto left = convoke::core::redact(text, hidden);
  RC_PRE(!hidden.empty());
  const auto enough = std::min<std::size_t>(12, hidden.size());
  for (std::size_t at = 0; at + enough <= hidden.size(); ++at) RC_ASSERT(!left.contains(hidden.substr(at, enough)));
}

namespace {

constexpr std::string_view token = "eyJ0eXAiOiJKV1QifQ.eyJhdWQiOiJncmFwaCJ9.c2lnbmF0dXJlLW9mLWl0";

// The encodings of "ab" + token, token and "x" + token, made by coreutils' `base64`.
constexpr std::string_view encoded[] = {
    "YWJleUowZVhBaU9pSktWMVFpZlEuZXlKaGRXUWlPaUpuY21Gd2FDSjkuYzJsbmJtRjBkWEpsTFc5bUxXbDA=",
    "ZXlKMGVYQWlPaUpLVjFRaWZRLmV5SmhkV1FpT2lKbmNtRndhQ0o5LmMybG5ibUYwZFhKbExXOW1MV2ww",
    "eGV5SjBlWEFpT2lKS1YxUWlmUS5leUpoZFdRaU9pSm5jbUZ3YUNKOS5jMmxuYm1GMGRYSmxMVzltTFdsMA==",
    "65794a30655841694f694a4b56315169",
    "%65%79%4a%30%65%58%41%69%4f%69%4A%4B%56",
    "eyJ0eXAi%4FiJKV1Qi",
    "\\u0065\\u0079\\u004a\\u0030\\u0065\\u0058\\u0041\\u0069\\u004f\\u0069\\u004a\\u004b",
    "ey\\x4a0eXAi\\x4FiJKV",
};

}  // namespace

BOOST_AUTO_TEST_CASE(encoded_pieces_are_found_and_redacted) {
  convoke::core::secret_finder finder;
  finder.look_for(token);
  for (const auto text : encoded) {
    const auto quoted = "it was '" + std::string(text) + "'!";
    BOOST_TEST(finder.found_in(quoted), text);
    const auto left = finder.redact(quoted);
    BOOST_TEST(left.contains("***"), left);
    BOOST_TEST(left.size() < 30U, left);
    BOOST_TEST(left.starts_with("it was '"), left);
    BOOST_TEST(left.ends_with("'!"), left);
  }
}

BOOST_AUTO_TEST_CASE(text_that_only_looks_encoded_stays) {
  for (const std::string text :
       {"100 % of %zz and 5%", "C:\\users\\new \\", "%", "\\u12", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "%41%42"})
    BOOST_TEST(convoke::core::redact(text, token) == text);
}

BOOST_AUTO_TEST_CASE(a_finder_looks_for_its_latest_secret_only) {
  convoke::core::secret_finder finder;
  BOOST_TEST(!finder.found_in("anything that is long enough"));
  BOOST_TEST(finder.redact("anything") == "anything");
  std::string first(token);
  finder.look_for(first);
  first.assign(first.size(), 'x');  // the finder has a copy
  BOOST_TEST(finder.found_in(token));
  finder.look_for("correct-horse-battery-staple");
  BOOST_TEST(!finder.found_in(token));
  BOOST_TEST(finder.found_in("battery-staple"));
  finder.look_for("short");
  BOOST_TEST(!finder.found_in("short"));  // a text may contain it by chance
  BOOST_TEST(finder.redact("short") == "***");
}

BOOST_AUTO_TEST_CASE(a_piece_is_found_at_the_end_of_base64_wherever_that_begins) {
  convoke::core::secret_finder finder;
  finder.look_for(token);
  for (std::size_t before = 0; before < 40; ++before) {
    for (std::size_t behind = 0; behind < 4; ++behind) {
      const auto text = convoke::test::encode_base64(std::string(before, '#') + std::string(token.substr(5, 12)) + std::string(behind, '#'),
                                                     convoke::core::base64_alphabet::standard, false);
      BOOST_TEST(finder.found_in(text), before << " bytes before, " << behind << " behind");
      BOOST_TEST(finder.found_in("no digit: !" + text + "!"));
    }
  }
}

RC_BOOST_PROP(a_piece_is_found_wherever_it_stands, ()) {
  const auto letters = rc::gen::container<std::string>(rc::gen::element('a', 'b', 'c', 'd'));
  const auto hidden = *rc::gen::resize(60, letters);
  const auto text = *rc::gen::resize(60, letters);
  convoke::core::secret_finder finder;
  finder.look_for(hidden);
  bool there = false;
  for (std::size_t at = 0; at + 12 <= hidden.size(); ++at) there = there || text.contains(std::string_view(hidden).substr(at, 12));
  RC_ASSERT(finder.found_in(text) == there);
  if (hidden.size() < 12) return;
  const auto at = *rc::gen::inRange<std::size_t>(0, hidden.size() - 11);
  RC_ASSERT(finder.found_in(text + std::string_view(hidden).substr(at, 12).data()));
}

RC_BOOST_PROP(text_without_a_piece_stays, ()) {
  const auto text = *rc::gen::container<std::string>(rc::gen::element('a', 'b', 'c'));
  RC_ASSERT(convoke::core::redact(text, "xyzxyzxyzxyzxyz") == text);
}

BOOST_AUTO_TEST_SUITE_END()
