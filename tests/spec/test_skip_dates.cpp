#include <boost/test/unit_test.hpp>

#include "spec/skip_dates.hpp"

using namespace convoke::spec;
using namespace std::chrono;

namespace {

using read = std::expected<std::vector<date_range>, skip_fault>;

const auto year_first = reader_of({});

std::string shown(const read& ranges) {
  if (!ranges) {
    const auto& e = ranges.error();
    return (e.line == 0 ? std::string() : std::to_string(e.line) + ": ") + "'" + e.value + "' " + e.reason;
  }
  std::string out;
  for (const auto& r : *ranges) {
    if (!out.empty()) out += ' ';
    out += date_text(r.first);
    if (r.last != r.first) out += "_" + date_text(r.last);
  }
  return out;
}

std::string cell(std::string_view text) {
  return shown(parse_skip_cell(text, year_first));
}
std::string file(std::string_view text) {
  return shown(parse_skip_file(text, year_first));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(spec_skip_dates)

BOOST_AUTO_TEST_CASE(a_cell_has_dates_and_ranges) {
  BOOST_TEST(cell("2026-10-03") == "2026-10-03");
  BOOST_TEST(cell(" 2026-10-03 ; 2026-12-21..2027-01-06;\n2026-11-01\r\n") == "2026-10-03 2026-12-21_2027-01-06 2026-11-01");
  for (const auto* range : {"2026-12-21..2027-01-06", "2026-12-21 .. 2027-01-06", "2026-12-21 - 2027-01-06", "2026-12-21 \u2013 2027-01-06",
                            "2026-12-21 to 2027-01-06", "2026-12-21 TO 2027-01-06"})
    BOOST_TEST(cell(range) == "2026-12-21_2027-01-06");
  BOOST_TEST(cell(";") == "");
}

BOOST_AUTO_TEST_CASE(wrong_dates_of_a_cell_are_named) {
  BOOST_TEST(cell("2026-10-03;03.10.2026") == "'03.10.2026' is no date; write YYYY-MM-DD, or a range such as 2026-12-21..2027-01-06");
  BOOST_TEST(cell("2026-02-30").starts_with("'2026-02-30' is no date"));
  BOOST_TEST(cell("2026-10-03,2026-10-04").starts_with("'2026-10-03,2026-10-04' is no date"));
  BOOST_TEST(cell("2026-10-03 holiday").starts_with("'2026-10-03 holiday' is no date"));
  BOOST_TEST(cell("2027-01-06..2026-12-21") == "'2027-01-06..2026-12-21' the range ends before it begins");
  BOOST_TEST(cell("2026-12-21..2206-01-06") == "'2026-12-21..2206-01-06' the range is longer than ten years; is the year right?");
  BOOST_TEST(cell("2026-12-21..").starts_with("'' is no date"));
}

BOOST_AUTO_TEST_CASE(a_file_has_a_date_or_a_range_a_line) {
  BOOST_TEST(file("\ufeff# Feiertage\r\n\r\n2026-10-03 Tag der Deutschen Einheit\r\n2026-12-21..2027-01-06 Weihnachten\n"
                  "2027-05-17 - 2027-05-21\tPfingsten\n2027-06-01;x\n2027-06-02,Fronleichnam; frei\n  2027-06-03 - a day off") ==
             "2026-10-03 2026-12-21_2027-01-06 2027-05-17_2027-05-21 2027-06-01 2027-06-02 2027-06-03");
  BOOST_TEST(file("2026-12-21 to 2027-01-06\n2026-12-21 \u2013 2026-12-23\n2026-10-03 today 3 things") ==
             "2026-12-21_2027-01-06 2026-12-21_2026-12-23 2026-10-03");
  BOOST_TEST(file("") == "");
}

BOOST_AUTO_TEST_CASE(wrong_lines_of_a_file_are_named) {
  BOOST_TEST(file("# x\n\n03.10.2026 x").starts_with("3: '03.10.2026' is no date"));
  BOOST_TEST(file("date,name\n2026-10-03,x").starts_with("1: 'date' is no date"));
  BOOST_TEST(file("2026-12-21 - 06.01.2027").starts_with("1: '06.01.2027' is no date"));
  BOOST_TEST(file("2026-12-21.. Weihnachten").starts_with("1: 'Weihnachten' is no date"));
}

BOOST_AUTO_TEST_CASE(ranges_may_overlap) {
  const local_days d{year{2026} / 10 / 1};
  const std::vector<date_range> ranges{
      {d + days{5}, d + days{9}}, {d, d + days{2}}, {d + days{7}, d + days{8}}, {d + days{9}, d + days{11}}};
  const skip_set set(ranges);
  for (int i = -2; i < 15; ++i) BOOST_TEST(set.contains(d + days{i}) == ((i >= 0 && i <= 2) || (i >= 5 && i <= 11)));
  BOOST_TEST(!skip_set().contains(d));
}

BOOST_AUTO_TEST_SUITE_END()
