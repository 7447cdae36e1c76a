#include "csv/raw_fields.hpp"

#include <rapidcheck/boost_test.h>
#include <boost/test/unit_test.hpp>

#include "parse.hpp"

using convoke::csv::raw_fields;
using fields = std::vector<std::string_view>;

BOOST_AUTO_TEST_SUITE(raw)

BOOST_AUTO_TEST_CASE(quotes_and_blanks_stay_as_written) {
  BOOST_TEST(raw_fields(R"(a, b ,"c,d","e""f","")", ',') == (fields{"a", " b ", R"("c,d")", R"("e""f")", R"("")"}),
             boost::test_tools::per_element());
  BOOST_TEST(raw_fields("", ',') == fields{""}, boost::test_tools::per_element());
  BOOST_TEST(raw_fields(";", ';') == (fields{"", ""}), boost::test_tools::per_element());
  BOOST_TEST(raw_fields("\"a\nb\";c,d", ';') == (fields{"\"a\nb\"", "c,d"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(blanks_around_quotes_belong_to_the_raw_field) {
  BOOST_TEST(raw_fields("a, \"b,c\" ,\t\"d\"\u00a0,e \"f,g\"", ',') == (fields{"a", " \"b,c\" ", "\t\"d\"\u00a0", "e \"f", "g\""}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_quote_inside_an_unquoted_field_opens_nothing) {
  BOOST_TEST(raw_fields(R"(5" disk,x)", ',') == (fields{R"(5" disk)", "x"}), boost::test_tools::per_element());
  BOOST_TEST(raw_fields(R"(5"" disk,x,"y")", ',') == (fields{R"(5"" disk)", "x", R"("y")"}), boost::test_tools::per_element());
  BOOST_TEST(raw_fields(R"(a"",b"",c)", ',') == (fields{R"(a"")", R"(b"")", "c"}), boost::test_tools::per_element());
}

// A record of the reader has as many fields here, and joined they are the record again.
RC_BOOST_PROP(raw_fields_agree_with_the_reader, ()) {
  const auto text = *rc::gen::container<std::string>(rc::gen::elementOf(std::string("ab,,\"\"\"  \t\xc2\xa0")));
  const auto read = csv_test::parse(text, ',');
  RC_PRE(read.fault.empty() && read.rows.size() == 1U);
  const auto got = raw_fields(text, ',');
  RC_ASSERT(got.size() == read.rows.front().fields.size());
  std::string joined;
  for (const auto one : got) joined.append(joined.empty() && one.data() == text.data() ? "" : ",").append(one);
  RC_ASSERT(joined == text);
}

BOOST_AUTO_TEST_SUITE_END()
