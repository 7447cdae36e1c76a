#include <boost/test/unit_test.hpp>

#include "parse.hpp"

namespace {

using csv_test::parse;

bool begins(const std::string& text, std::string_view with) {
  BOOST_TEST_INFO(text);
  return text.starts_with(with);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(csv_faults)

BOOST_AUTO_TEST_CASE(an_open_quote_is_named_where_it_opens) {
  const auto p = parse("a,b\n1,2\nüx,\"cut\noff");
  BOOST_TEST(p.rows.size() == 2U);
  BOOST_TEST(begins(p.fault, "line 3, column 4: a quote opens here and is never closed"));
}

BOOST_AUTO_TEST_CASE(an_open_quote_in_the_header_is_reported) {
  BOOST_TEST(begins(parse("a,\"b\n1,2\n").fault, "line 1, column 3: a quote opens"));
}

BOOST_AUTO_TEST_CASE(text_after_a_closing_quote_is_refused) {
  BOOST_TEST(begins(parse("a,b\n\"x\"y,2\n").fault, "line 2, column 4: text after a closing quote"));
  BOOST_TEST(begins(parse("a,b\n\"x\" y,2\n").fault, "line 2, column 5: text after a closing quote"));
  BOOST_TEST(begins(parse("a,b\n \"x\" \"\n").fault, "line 2, column 6: text after a closing quote"));
  BOOST_TEST(begins(parse("a,b\n\"1\n2\"y").fault, "line 3, column 3: text after a closing quote"));
  BOOST_TEST(begins(parse("a,b\n\"x\"\v,2\n", ',').fault, "line 2, column 4: text after a closing quote"));
  BOOST_TEST(begins(parse("a,b\n1,\"x\" \u00a0y", ',').fault, "line 2, column 8: text after a closing quote"));
  BOOST_TEST(begins(parse("a,b\n\"x\"y\"\n").fault, "line 2, column 4: text after a closing quote"));
}

BOOST_AUTO_TEST_CASE(a_nul_byte_is_refused) {
  BOOST_TEST(begins(parse(std::string_view("a,b\n1,\0\n", 8)).fault, "line 2, column 3: a NUL byte"));
  BOOST_TEST(begins(parse(std::string_view("a,b\n1,\"\n\0\"\n", 11)).fault, "line 3, column 1: a NUL byte"));
  BOOST_TEST(begins(parse(std::string_view("a\0,\0b\0\n\0", 8)).fault, "line 1, column 2: a NUL byte"));
  BOOST_TEST(begins(parse(std::string_view("a,b\n\"x\"\0", 8)).fault, "line 2, column 4: a NUL byte"));
}

BOOST_AUTO_TEST_CASE(limits_hold_to_the_byte) {
  const convoke::csv::limits l{.field = 10, .record = 30, .columns = 3};
  const std::string head = "a,b,c\n";
  BOOST_TEST(parse(head + std::string(10, 'x') + ",,\n", ',', l).fault.empty());
  BOOST_TEST(begins(parse(head + "y," + std::string(11, 'x') + ",\n", ',', l).fault, "line 2, column 3: a field of more than 10 bytes"));
  BOOST_TEST(begins(parse(head + "1,2,3,4\n", ',', l).fault, "line 2, column 7: more than 3 columns"));
  const std::string thirty = "\"" + std::string(8, 'x') + "\",\"" + std::string(8, 'y') + "\",12345678";
  BOOST_REQUIRE(thirty.size() == 30U);
  for (const std::string end : {"\n", "\r", "\r\n"}) {
    for (std::size_t piece = 1; piece < 40; ++piece) {
      const auto fits = csv_test::parse_pieces(csv_test::cut(head + thirty + end + thirty, piece), ',', l);
      BOOST_TEST(fits.fault.empty());
      BOOST_TEST(fits.rows.size() == 3U);
      const auto beyond = csv_test::parse_pieces(csv_test::cut(head + thirty + "9" + end + thirty, piece), ',', l);
      BOOST_TEST(beyond.rows.size() == 1U);
      BOOST_TEST(begins(beyond.fault, "line 2, column 1: a record of more than 30 bytes"));
    }
    const convoke::csv::limits narrow{.field = 10, .record = 5, .columns = 3};
    BOOST_TEST(parse("a,b,c" + end, ',', narrow).rows.size() == 1U);
    BOOST_TEST(begins(parse("a,b,cd" + end, ',', narrow).fault, "line 1, column 1: a header of more than 5 bytes"));
  }
}

BOOST_AUTO_TEST_CASE(a_quote_that_is_never_closed_does_not_fill_the_memory) {
  const convoke::csv::limits l{.field = 100, .record = 1000, .columns = 3};
  std::string text = "a,b,c\n1,\"2,3\n";
  for (int i = 0; i < 1000; ++i) text += "1,2,3\n";
  const auto whole = parse(text, ',', l);
  BOOST_TEST(begins(whole.fault, "line 2, column 3: a record of more than 1000 bytes; the quote that opens here may not be closed"));
  BOOST_TEST((csv_test::parse_pieces(csv_test::cut(text, 7), ',', l) == whole));
}

BOOST_AUTO_TEST_CASE(a_header_without_end_is_refused) {
  const convoke::csv::limits l{.field = 100, .record = 1000, .columns = 3};
  const std::string text(5000, 'x');
  BOOST_TEST(begins(csv_test::parse_pieces(csv_test::cut(text, 100), {}, l).fault, "line 1, column 1: a header of more than 1000 bytes"));
}

BOOST_AUTO_TEST_SUITE_END()
