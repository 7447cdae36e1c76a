#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "parse.hpp"

namespace {

using convoke::csv::sniff_delimiter;
using csv_test::parse;
using fields = std::vector<std::string>;

}  // namespace

BOOST_AUTO_TEST_SUITE(csv_delimiter)

BOOST_AUTO_TEST_CASE(the_most_frequent_delimiter_is_chosen) {
  BOOST_TEST(sniff_delimiter("a,b,c;d").value_or('?') == ',');
  BOOST_TEST(sniff_delimiter("a;b;c,d").value_or('?') == ';');
  BOOST_TEST(sniff_delimiter("a\tb\tc,d").value_or('?') == '\t');
  BOOST_TEST(!sniff_delimiter("a").has_value());
  BOOST_TEST(!sniff_delimiter("a,b;c").has_value());
}

BOOST_AUTO_TEST_CASE(delimiters_within_quotes_do_not_count) {
  BOOST_TEST(sniff_delimiter("\"a,b,c\";d").value_or('?') == ';');
  BOOST_TEST(sniff_delimiter("\"a\"\",,\"\"b\";d").value_or('?') == ';');
  BOOST_TEST(sniff_delimiter("5\" pipe;a;\"x,,,\"").value_or('?') == ';');
}

BOOST_AUTO_TEST_CASE(row_5_delimiters_within_quotes_after_blanks_do_not_count) {
  BOOST_TEST(sniff_delimiter("a; \"b,c,d\" ;e").value_or('?') == ';');
  BOOST_TEST(sniff_delimiter(" \"a,b\";\u00a0\"c,d,e\";f").value_or('?') == ';');
  BOOST_TEST(sniff_delimiter("a \"x;y;z,b,c").value_or('?') == '?');
  const auto p = parse(" \"a\nb\", c\n1,2\n");
  BOOST_TEST(p.rows.size() == 2U);
  BOOST_TEST((p.rows.at(0).fields == fields{"a\nb", " c"}));
}

BOOST_AUTO_TEST_CASE(with_a_given_delimiter_others_open_no_quote) {
  const auto p = parse("a, \"b;c\n1,2;3\n", ';');
  BOOST_TEST(p.fault.empty());
  BOOST_TEST((p.rows.at(0).fields == fields{"a, \"b", "c"}));
  BOOST_TEST(p.rows.size() == 2U);
}

BOOST_AUTO_TEST_CASE(a_reader_finds_the_delimiter_in_the_header) {
  BOOST_TEST(parse("a;b\n1,5;2\n").delimiter == ';');
  BOOST_TEST((parse("a;b\n1,5;2\n").rows.at(1).fields == fields{"1,5", "2"}));
  BOOST_TEST((parse("a\tb\n1\t2\n").rows.at(1).fields == fields{"1", "2"}));
  BOOST_TEST(parse("a\nb\n").delimiter == ',');
  BOOST_TEST(parse("a|b\n", '|').rows.at(0).fields.size() == 2U);
}

BOOST_AUTO_TEST_CASE(an_ambiguous_header_is_refused_unless_a_delimiter_is_given) {
  const auto p = parse("\na,b;c\n1,2\n");
  BOOST_TEST_INFO(p.fault);
  BOOST_TEST(p.fault.starts_with("line 2, column 1: the header 'a,b;c' holds two of"));
  BOOST_TEST(p.rows.empty());
  BOOST_TEST(parse("a,b;c\n1,2\n", ';').fault.empty());
}

BOOST_AUTO_TEST_CASE(excels_line_names_the_delimiter) {
  for (const std::string line :
       {"sep=;\r\n", "SEP=;\n", "\"sep=;\"\r\n", "sep=;\r", "sep = ;\n", " sep=; \n", "sep=;;;;\n", "\"sep=;\",,,\n"}) {
    const auto p = parse(line + "a;b,c,d\n1;2\n");
    BOOST_TEST(p.delimiter == ';');
    BOOST_REQUIRE(p.rows.size() == 2U);
    BOOST_TEST(p.rows[0].line == 2U);
    BOOST_TEST((p.rows[0].fields == fields{"a", "b,c,d"}));
  }
  BOOST_TEST(parse("sep=\t\na\tb;c\n").delimiter == '\t');
}

BOOST_AUTO_TEST_CASE(a_given_delimiter_overrides_excels_line) {
  const auto p = parse("sep=;\na,b\n", ',');
  BOOST_REQUIRE(p.rows.size() == 1U);
  BOOST_TEST((p.rows[0].fields == fields{"a", "b"}));
}

BOOST_AUTO_TEST_CASE(excels_line_with_another_delimiter_is_refused) {
  BOOST_TEST(parse("sep=|\na|b\n").fault ==
             "line 1, column 5: the line 'sep=|' names the delimiter '|', but convoke reads files separated by , ; or tab; save the file "
             "with one of them");
  BOOST_TEST(parse("\nsep = \u00a6\na\u00a6b\n").fault.starts_with("line 2, column 7: the line 'sep = \u00a6' names the delimiter"));
  BOOST_TEST(parse("sep=\na,b\n").fault.starts_with("line 1, column 5: the line 'sep=' names no delimiter"));
  BOOST_TEST(parse("sep=|\na|b\n", '|').fault.empty());
}

BOOST_AUTO_TEST_CASE(only_the_first_line_can_be_excels) {
  const auto p = parse("a;b\nsep=;\n");
  BOOST_REQUIRE(p.rows.size() == 2U);
  BOOST_TEST((p.rows[1].fields == fields{"sep=", ""}));
  BOOST_TEST(parse("sep=;\nsep=,\n").rows.size() == 1U);
  BOOST_TEST(parse("separator,b\n").rows.size() == 1U);
  BOOST_TEST(parse("sep=x y,b\n").rows.size() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
