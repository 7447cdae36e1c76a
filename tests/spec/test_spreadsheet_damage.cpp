// What spreadsheets leave in place of ids and subjects.

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "rows_for_tests.hpp"
#include "spec/external_ids.hpp"

using namespace spec_test;
using convoke::input_warning_kind;
namespace bdata = boost::unit_test::data;

namespace {

const std::string head = "organizer|external_id|start|subject";

std::string row_with(std::string_view id, std::string_view subject = "Algebra") {
  return ada + "|" + std::string(id) + "|2026-09-01T08:00Z|" + std::string(subject);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(spec_spreadsheet_damage)

BOOST_DATA_TEST_CASE(row_04_error_values_are_refused_in_ids_and_subjects,
                     bdata::make({"#N/A",   "#REF!",   "#VALUE!", "#NAME?", "#DIV/0!",  "#NUM!",        "#NULL!",
                                  "#NV",    "#BEZUG!", "#WERT!",  "#ZAHL!", "#VALEUR!", "#NOM?",        "#WAARDE!",
                                  "#VERW!", "#ЗНАЧ!",  "#NAVN?",  " #n/a ", "#SPILL!",  "#GETTING_DATA"}),
                     value) {
  table t(head);
  const auto why = t.why(row_with(value));
  BOOST_TEST(holds(why, "column 'external_id': '"));
  BOOST_TEST(holds(why, "is the error value of a formula"));
  BOOST_TEST(holds(t.why(row_with("A1", value)), "column 'subject': '"));
}

BOOST_AUTO_TEST_CASE(row_04_formulas_around_a_text_are_refused) {
  table t(head);
  BOOST_TEST(holds(t.why(row_with("=\"00124\"")), "is a formula around a text; write the text alone"));
  BOOST_TEST(holds(t.why(row_with("A1", "=\"Algebra I\"")), "column 'subject'"));
}

BOOST_AUTO_TEST_CASE(row_04_what_is_left_of_a_narrow_column_is_refused) {
  table t(head);
  BOOST_TEST(
      holds(t.why(row_with("########")), "column 'external_id': '########': is what a spreadsheet shows where a column is too narrow"));
  BOOST_TEST(holds(t.why(row_with("A1", "###")), "column 'subject': '###'"));
  BOOST_TEST(t.why(row_with("##", "# #")) == "");
}

BOOST_AUTO_TEST_CASE(row_04_parts_of_a_made_id_are_refused_too) {
  convoke::spec::row_settings s;
  s.external_id_template = "{course}-{subject}";
  table t("organizer|course|start|subject", s);
  BOOST_TEST(holds(t.why(row_with("#N/A")), "column 'course': '#N/A': is the error value"));
  BOOST_TEST(t.why(row_with("A1", "#REF!")) ==
             "column 'subject': '#REF!': is the error value of a formula; correct it in the spreadsheet and export the file again");
}

BOOST_AUTO_TEST_CASE(other_texts_are_no_damage) {
  table t(head);
  for (const char* id : {"#1", "#", "A#N/A", "=A1", "#room-7", "C#!", "=\"", "1E5", "12345", "N/A-1"})
    BOOST_TEST(t.why(row_with(id)) == "");
  for (const char* subject : {"#MeToo!", "#YOLO!", "Why #N/A?", "=1+1"}) BOOST_TEST(t.why(row_with("A1", subject)) == "");
  BOOST_TEST(!t.why(row_with("#CHYBA!")).empty());
}

BOOST_DATA_TEST_CASE(row_04_null_words_are_doubtful,
                     bdata::make({"NULL", "null", "nan", "NaN", "None", "n/a", "N/A", "TBD", "tba", "-", "--", "?", "undefined", "<NA>"}),
                     id) {
  BOOST_TEST((convoke::spec::doubtful_id(id) == input_warning_kind::id_null_word));
}

BOOST_DATA_TEST_CASE(row_04_numbers_in_e_notation_are_doubtful, bdata::make({"2.02631E+11", "2,02631E+11", "1e+16", "2.5E11", "2.5e-3"}),
                     id) {
  BOOST_TEST((convoke::spec::doubtful_id(id) == input_warning_kind::id_scientific));
}

BOOST_DATA_TEST_CASE(other_ids_are_not_doubtful,
                     bdata::make({"1E5", "12345", "3E-2", "2.5", "E+11", "2.E+11", "NULL-1", "tbd2", "A-", "2.5E+", "2.5E+1x", ""}), id) {
  BOOST_TEST(!convoke::spec::doubtful_id(id).has_value());
}

BOOST_AUTO_TEST_CASE(row_04_doubtful_ids_are_counted_once_with_the_first_line_and_an_example) {
  table t(head);
  std::uint32_t line = 1;
  for (const char* id : {"A1", "2.02631E+11", "NULL", "'00123", "nan", "2.02632E+11", "12345.0"}) {
    t.builder.build(split(row_with(id)), ++line, t.built);
    BOOST_TEST(t.built.errors.empty());
  }
  const auto w = t.builder.warnings();
  BOOST_REQUIRE(w.size() == 3U);
  BOOST_TEST((w[0].kind == input_warning_kind::id_null_word && w[0].rows == 2 && w[0].first_line == 4 && w[0].example == "NULL"));
  BOOST_TEST((w[1].kind == input_warning_kind::id_scientific && w[1].rows == 2 && w[1].first_line == 3));
  BOOST_TEST((w[2].kind == input_warning_kind::id_apostrophe && w[2].rows == 1 && w[2].first_line == 5 && w[2].example == "'00123"));
}

BOOST_AUTO_TEST_CASE(row_04_ids_that_all_end_in_a_decimal_nought_are_warned_about) {
  table t(head);
  for (const char* id : {"12345.0", "12346.0", "7.0"}) BOOST_TEST(t.why(row_with(id)) == "");
  BOOST_REQUIRE(t.builder.warnings().size() == 1U);
  BOOST_TEST((t.builder.warnings()[0].kind == input_warning_kind::id_decimal));
  BOOST_TEST(t.builder.warnings()[0].rows == 3U);
  BOOST_TEST(t.why(row_with("7.5")) == "");
  BOOST_TEST(t.builder.warnings().empty());
}

BOOST_AUTO_TEST_CASE(the_cells_of_a_made_id_are_counted_once_a_row) {
  convoke::spec::row_settings s;
  s.external_id_template = "{course}-{section}";
  table t("organizer|course|start|section", s);
  BOOST_TEST(t.why(row_with("TBD", "n/a")) == "");
  BOOST_TEST(t.why(row_with("ALG", "1.0")) == "");
  BOOST_REQUIRE(t.builder.warnings().size() == 1U);
  BOOST_TEST(t.builder.warnings()[0].rows == 1U);
  BOOST_TEST(t.builder.warnings()[0].example == "TBD");
}

BOOST_AUTO_TEST_SUITE_END()
