#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "parse.hpp"

namespace {

namespace bdata = boost::unit_test::data;

std::string field(std::string_view text, char delimiter = ',') {
  std::string out;
  convoke::csv::append_field(out, text, delimiter);
  return out;
}

std::string inert(std::string_view text) {
  std::string out;
  convoke::csv::append_inert_field(out, text, ',');
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(csv_write)

BOOST_AUTO_TEST_CASE(fields_are_quoted_where_needed) {
  BOOST_TEST(field("plain text") == "plain text");
  BOOST_TEST(field("") == "");
  BOOST_TEST(field("a,b") == "\"a,b\"");
  BOOST_TEST(field("a,b", ';') == "a,b");
  BOOST_TEST(field("a;b", ';') == "\"a;b\"");
  BOOST_TEST(field("say \"hi\"") == "\"say \"\"hi\"\"\"");
  BOOST_TEST(field("two\nlines") == "\"two\nlines\"");
  BOOST_TEST(field("cr\r") == "\"cr\r\"");
}

BOOST_DATA_TEST_CASE(a_cell_does_not_begin_as_a_formula,
                     bdata::make({"=1+1", "+49 30", "-1", "@SUM(A1)", "\uFF1D1", "\uFF0B1", "\uFF0D1", "\uFF20x", "\t=1"}), text) {
  BOOST_TEST(inert(text) == std::string("'") + text);
}

BOOST_DATA_TEST_CASE(plain_phone_numbers_are_left_alone, bdata::make({"+1 323-555-0166", "+4930123456", "+44 (20) 7946.0123"}), text) {
  BOOST_TEST(inert(text) == text);
}

// As Graph writes tollNumber and tollFreeNumber, as people write numbers, and as invitations write them with a conference id.
BOOST_DATA_TEST_CASE(row_20_dial_in_numbers_are_left_alone,
                     bdata::make({"+1 323-555-0166", "+13235550166", "+1 855-555-0146", "+49 69 667738301", "+49 69/6677-3830",
                                  "+44 20 3321 5200", "+1 (647) 749-9426", "+1\u00A0323\u00A0555\u00A00166", "+86.21.5150.0166",
                                  "tel:+1-323-555-0166;ext=12", "323-555-0166", "(323) 555-0166"}),
                     text) {
  BOOST_TEST(inert(text) == text);
}

BOOST_AUTO_TEST_CASE(row_20_a_dial_in_number_with_its_conference_id_is_left_alone) {
  std::string out;
  convoke::csv::append_inert_field(out, "+1 323-555-0166,,123456789#", ';');
  BOOST_TEST(out == "+1 323-555-0166,,123456789#");
}

BOOST_DATA_TEST_CASE(row_20_what_is_no_number_is_made_inert,
                     bdata::make({"+1 323-555-0166 ext. 5",
                                  "+1 323-555-0166x5",
                                  "+1 323-555-0166,,#",
                                  "+1 323-555-0166,,A1#",
                                  "+1 323-555-0166,,1#+A1",
                                  "+1 323-555-0166,1,2",
                                  "+1 323-555-0166#A1",
                                  "+1234567%",
                                  "+1234567^2",
                                  "+1234567&A1",
                                  "+1234567\n=A1",
                                  "+1234567\t=A1",
                                  "++1234567",
                                  "+-1234567",
                                  "+(1234567)",
                                  "-1 323-555-0166",
                                  "=+1 323-555-0166",
                                  "@1234567",
                                  "+1 323-555-0166!A1",
                                  "+1 323-555-0166:A1",
                                  "\uFF0B1 323-555-0166"}),
                     text) {
  const auto out = inert(text);
  BOOST_TEST((out.starts_with("'") || out.starts_with("\"'")), out);
}

BOOST_DATA_TEST_CASE(text_that_only_begins_as_a_phone_number_is_made_inert,
                     bdata::make({"+1 323-555-0166+A1", "+1234567*1", "+A1 1234567", "+012345678", "+1", "+12345678901234567890",
                                  "+1 323-555-0166;=A1", "+1(1234567)!A1"}),
                     text) {
  BOOST_TEST(inert(text) == std::string("'") + text);
}

BOOST_AUTO_TEST_CASE(an_inert_field_is_quoted_where_needed) {
  BOOST_TEST(inert("=A1,\"x\"") == "\"'=A1,\"\"x\"\"\"");
  BOOST_TEST(inert("\r=1") == "\"'\r=1\"");
  BOOST_TEST(inert("\n=1") == "\"'\n=1\"");
}

BOOST_DATA_TEST_CASE(ordinary_cells_stay_as_they_are, bdata::make({"", "a=b", "'=1", "1-2", "Ä", "\uFF1E"}), text) {
  BOOST_TEST(inert(text) == text);
}

BOOST_AUTO_TEST_SUITE_END()
