#include <boost/test/unit_test.hpp>

#include "parse.hpp"

namespace {

using csv_test::parse;
using fields = std::vector<std::string>;

}  // namespace

BOOST_AUTO_TEST_SUITE(csv_reader)

BOOST_AUTO_TEST_CASE(plain_records_are_read) {
  const auto p = parse("a,b\n1,2\r\n3,\n");
  BOOST_TEST(p.fault.empty());
  BOOST_REQUIRE(p.rows.size() == 3U);
  BOOST_TEST((p.rows[0].fields == fields{"a", "b"}));
  BOOST_TEST((p.rows[1].fields == fields{"1", "2"}));
  BOOST_TEST((p.rows[2].fields == fields{"3", ""}));
  BOOST_TEST(p.rows[1].raw == "1,2\r\n");
  BOOST_TEST(p.rows[2].line == 3U);
}

BOOST_AUTO_TEST_CASE(quoted_fields_are_read) {
  const auto p = parse("a,b\n\"x, \"\"y\"\"\",\"\"\n\"two\nlines\",\"\"\"\"\n");
  BOOST_TEST(p.fault.empty());
  BOOST_REQUIRE(p.rows.size() == 3U);
  BOOST_TEST((p.rows[1].fields == fields{"x, \"y\"", ""}));
  BOOST_TEST((p.rows[2].fields == fields{"two\nlines", "\""}));
}

BOOST_AUTO_TEST_CASE(a_quote_inside_an_unquoted_field_is_data) {
  const auto p = parse("a,b\nabout 5\" wide,x\"y\"\n");
  BOOST_TEST(p.fault.empty());
  BOOST_TEST((p.rows.at(1).fields == fields{"about 5\" wide", "x\"y\""}));
}

BOOST_AUTO_TEST_CASE(row_5_blanks_before_a_quote_are_outside_the_field) {
  const auto p = parse("organizer, external_id, subject, start\nO, \"A5\", \"Analysis I, part 2\", 2027-03-19T08:15:00Z\n");
  BOOST_TEST(p.fault.empty());
  BOOST_REQUIRE(p.rows.size() == 2U);
  BOOST_TEST((p.rows[1].fields == fields{"O", "A5", "Analysis I, part 2", " 2027-03-19T08:15:00Z"}));
  BOOST_TEST(p.rows[1].raw == "O, \"A5\", \"Analysis I, part 2\", 2027-03-19T08:15:00Z\n");
}

BOOST_AUTO_TEST_CASE(row_5_blanks_around_quotes_are_of_any_kind) {
  const auto p = parse("a,b\n \t\"x\"\t ,\u00a0\"y \"\"z\"\"\n\"\u00a0\n\u3000\uFEFF\"1\",  \"\"  \r\n \"2\" , \"3\" ", ',');
  BOOST_TEST(p.fault.empty());
  BOOST_REQUIRE(p.rows.size() == 4U);
  BOOST_TEST((p.rows[1].fields == fields{"x", "y \"z\"\n"}));
  BOOST_TEST((p.rows[2].fields == fields{"1", ""}));
  BOOST_TEST((p.rows[3].fields == fields{"2", "3"}));
}

BOOST_AUTO_TEST_CASE(blanks_without_quotes_belong_to_the_field) {
  const auto p = parse("a,b\n x , y \"z\"\n,  \n");
  BOOST_TEST((p.rows.at(1).fields == fields{" x ", " y \"z\""}));
  BOOST_TEST((p.rows.at(2).fields == fields{"", "  "}));
}

BOOST_AUTO_TEST_CASE(a_tab_that_is_the_delimiter_is_no_blank) {
  const auto p = parse("a\tb\n\t \"x\ty\"\n");
  BOOST_TEST(p.delimiter == '\t');
  BOOST_TEST((p.rows.at(1).fields == fields{"", "x\ty"}));
}

BOOST_AUTO_TEST_CASE(many_quotes_after_many_blanks_are_read_in_linear_time) {
  std::string blanks(30'000, ' '), quotes;
  for (int i = 0; i < 15'000; ++i) quotes += "\" ";
  const std::string field = blanks + "x" + quotes;
  BOOST_TEST((parse("a,b\n" + field + ",2\n", ',').rows.at(1).fields.front() == field));
}

BOOST_AUTO_TEST_CASE(lines_are_counted_through_quoted_line_ends) {
  const auto p = parse("a,b\n\"1\n2\r\n3\r4\",x\ny,z\n\n\"\r\n\",q\nlast,row");
  BOOST_TEST(p.fault.empty());
  BOOST_REQUIRE(p.rows.size() == 5U);
  BOOST_TEST((p.rows[1].fields == fields{"1\n2\r\n3\r4", "x"}));
  BOOST_TEST(p.rows[1].line == 2U);
  BOOST_TEST(p.rows[2].line == 6U);
  BOOST_TEST(p.rows[3].line == 8U);
  BOOST_TEST(p.rows[4].line == 10U);
  BOOST_TEST(p.rows[4].raw == "last,row");
}

BOOST_AUTO_TEST_CASE(blank_lines_are_skipped_and_counted) {
  const auto p = parse("\n\r\na,b\n\n\n1,2\n\n");
  BOOST_REQUIRE(p.rows.size() == 2U);
  BOOST_TEST(p.rows[0].line == 3U);
  BOOST_TEST(p.rows[1].line == 6U);
}

BOOST_AUTO_TEST_CASE(lone_carriage_returns_end_lines) {
  const auto p = parse("a,b\r1,2\r3,4");
  BOOST_REQUIRE(p.rows.size() == 3U);
  BOOST_TEST(p.rows[2].line == 3U);
  BOOST_TEST((p.rows[2].fields == fields{"3", "4"}));
  BOOST_TEST(p.rows[1].raw == "1,2\r");
}

BOOST_AUTO_TEST_CASE(a_quoted_empty_field_is_not_a_blank_line) {
  const auto p = parse("a\n\"\"\nx\n");
  BOOST_REQUIRE(p.rows.size() == 3U);
  BOOST_TEST((p.rows[1].fields == fields{""}));
}

BOOST_AUTO_TEST_CASE(an_empty_file_has_no_records) {
  BOOST_TEST((parse("").rows.empty()));
  BOOST_TEST((parse("\n\r\n\r").rows.empty()));
  BOOST_TEST((parse("\n\r\n\r").fault.empty()));
}

BOOST_AUTO_TEST_CASE(a_file_may_have_a_header_only) {
  const auto p = parse("organizer,start");
  BOOST_REQUIRE(p.rows.size() == 1U);
  BOOST_TEST((p.rows[0].fields == fields{"organizer", "start"}));
}

BOOST_AUTO_TEST_CASE(a_failure_of_the_sink_ends_the_parse) {
  convoke::csv::reader reader(',');
  int calls = 0;
  const auto r = reader.feed("a\nb\nc\n", [&calls](const convoke::csv::record&) -> convoke::result<void> {
    if (++calls == 2) return convoke::fail(convoke::errc::storage, "full");
    return {};
  });
  BOOST_REQUIRE(!r.has_value());
  BOOST_TEST(r.error().message == "full");
  BOOST_TEST(calls == 2);
}

BOOST_AUTO_TEST_CASE(the_views_of_a_record_within_a_chunk_point_into_the_chunk) {
  convoke::csv::reader reader(',');
  const std::string chunk = "a,b\n1,2\n";
  bool inside = true;
  const auto r = reader.feed("h,i\n", [](const auto&) { return convoke::result<void>{}; });
  BOOST_TEST(r.has_value());
  const auto s = reader.feed(chunk, [&](const convoke::csv::record& rec) -> convoke::result<void> {
    inside = inside && rec.fields[0].data() >= chunk.data() && rec.fields[0].data() < chunk.data() + chunk.size();
    return {};
  });
  BOOST_TEST(s.has_value());
  BOOST_TEST(inside);
}

BOOST_AUTO_TEST_SUITE_END()
