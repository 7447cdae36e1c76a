#include "files/utf8_survey.hpp"

#include <boost/test/unit_test.hpp>

namespace {

convoke::files::utf8_survey survey_of(std::string_view text, std::size_t piece) {
  convoke::files::utf8_survey out;
  for (; !text.empty(); text.remove_prefix(std::min(piece, text.size()))) out.add(text.substr(0, piece));
  out.finish();
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(files_utf8_survey)

BOOST_AUTO_TEST_CASE(characters_and_bad_places_are_counted_by_lines) {
  const std::string_view text =
      "\xEF\xBB\xBF"
      "a\nÜbung öä\n\xDC"
      "bung\r\n数\xE4\xF6 \xE4\n\xE2\x82";
  for (std::size_t piece = 1; piece < text.size(); ++piece) {
    const auto s = survey_of(text, piece);
    BOOST_TEST(s.characters().count == 4U);
    BOOST_TEST(s.characters().lines == 2U);
    BOOST_TEST(s.bad().count == 4U);  // neighbouring bytes are one place
    BOOST_TEST(s.bad().lines == 3U);
    BOOST_TEST(s.bad().second_line == 4U);
  }
}

BOOST_AUTO_TEST_CASE(row_7_characters_that_are_valid_by_chance_are_no_evidence) {
  // In windows-1252, a sharp s and a closing quotation mark are a valid character of UTF-8.
  std::string text;
  for (int i = 0; i < 20; ++i)
    text +=
        "Gr\xFC\xDF"
        "e\n";
  const auto s = survey_of(text +
                               "\x84"
                               "Gru\xDF\x93\n",
                           7);
  BOOST_TEST(s.characters().count == 1U);
  BOOST_TEST(convoke::files::remedy_of(s, true).contains("such as --encoding windows-1252 (21 places in 21 lines are not UTF-8)"));
  BOOST_TEST(!convoke::files::remedy_of(s, false).contains("places"));
}

BOOST_AUTO_TEST_CASE(of_a_part_of_a_file_no_more_is_said_than_is_known) {
  BOOST_TEST(
      convoke::files::remedy_of(survey_of("Ü\n\xDC\n", 9), false) ==
      "; this cell is the exception: 1 line of the file has such characters in UTF-8 so far, and --encoding windows-1252 would spoil "
      "them. Correct this cell");
}

BOOST_AUTO_TEST_SUITE_END()
