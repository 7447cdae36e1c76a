#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "rows_for_tests.hpp"

using namespace spec_test;
namespace bdata = boost::unit_test::data;

namespace {

// The start of a row in UTC, or its errors.
std::string start_of(std::string_view start, std::string_view zone,
                     convoke::spec::overlap_choice overlap = convoke::spec::overlap_choice::refuse) {
  convoke::spec::row_settings s;
  s.overlap = overlap;
  table t("organizer|external_id|start|tz", s);
  const auto& row = t.row(ada + "|x|" + std::string(start) + "|" + std::string(zone));
  return row.errors.empty() ? utc(row.wanted.start) : convoke::spec::describe(row.errors);
}

std::string end_of(std::string_view cells, const convoke::spec::row_settings& s = {}) {
  table t("organizer|external_id|start|end|duration|tz", s);
  const auto& row = t.row(ada + "|x|" + std::string(cells));
  return row.errors.empty() ? utc(row.wanted.end) : convoke::spec::describe(row.errors);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(spec_times)

BOOST_AUTO_TEST_CASE(supported_forms_of_times_are_read) {
  BOOST_TEST(start_of("2026-09-01T08:00:00Z", "") == "2026-09-01T08:00:00Z");
  BOOST_TEST(start_of("2026-09-01 08:00+02:00", "") == "2026-09-01T06:00:00Z");
  BOOST_TEST(start_of("2026-09-01T08:00:00.000-05:00", "East") == "2026-09-01T13:00:00Z");
  BOOST_TEST(start_of("2026-09-01 08:00", "East") == "2026-09-01T06:00:00Z");
  BOOST_TEST(start_of(" 2026-09-01T08:00:30 ", "East") == "2026-09-01T06:00:30Z");
}

BOOST_AUTO_TEST_CASE(the_error_of_a_time_names_its_column_and_shows_the_cell) {
  const auto why = start_of("Tuesday", "UTC");
  BOOST_TEST(holds(why, "column 'start': 'Tuesday': is no date or time"));
  BOOST_TEST(holds(why, "write it as 2026-09-01 08:00 with a time zone, or as 2026-09-01T08:00:00+02:00"));
  BOOST_TEST(holds(start_of("2026-09-01", "UTC"), "has no time of day"));
  BOOST_TEST(holds(start_of("", "UTC"), "a start is required"));
}

BOOST_AUTO_TEST_CASE(a_local_time_needs_a_zone) {
  BOOST_TEST(holds(start_of("2026-09-01 08:00", ""), "a local time needs a zone"));
  convoke::spec::row_settings s;
  s.default_zone = "East";
  table t("organizer|external_id|start|tz", s);
  BOOST_TEST(utc(t.row(ada + "|x|2026-09-01 08:00|").wanted.start) == "2026-09-01T06:00:00Z");
  BOOST_TEST(utc(t.row(ada + "|x|2026-09-01 08:00|UTC").wanted.start) == "2026-09-01T08:00:00Z");
}

BOOST_AUTO_TEST_CASE(an_unknown_zone_is_one_error_of_its_own_cell) {
  BOOST_TEST(start_of("2026-09-01 08:00", "Mars").starts_with("column 'tz': 'Mars': is no known time zone"));
  BOOST_TEST(!holds(start_of("2026-09-01 08:00", "Mars"), "column 'start'"));
  BOOST_TEST(start_of("2026-09-01T08:00Z", "Mars").starts_with("column 'tz': 'Mars': is no known time zone"));
  table t("organizer|external_id|start|tz");
  BOOST_TEST(t.why(ada + "|x|2026-09-01 08:00|East") == "");
  BOOST_TEST(!t.why(ada + "|x|2026-09-01 08:00|Mars").empty());
  BOOST_TEST(!t.why(ada + "|x|2026-09-01 08:00|Mars").empty());
  BOOST_TEST(t.why(ada + "|x|2026-09-01 08:00|East") == "");
}

BOOST_AUTO_TEST_CASE(local_times_in_gaps_are_refused_and_overlaps_need_a_choice) {
  BOOST_TEST(holds(start_of("2026-03-29 02:30", "Odd"), "does not exist in Odd"));
  BOOST_TEST(holds(start_of("2026-03-29 02:30", "Odd", convoke::spec::overlap_choice::later), "does not exist in Odd"));
  BOOST_TEST(start_of("2026-03-29 03:30", "Odd") == "2026-03-29T01:30:00Z");
  BOOST_TEST(start_of("2026-03-29T02:30+01:00", "Odd") == "2026-03-29T01:30:00Z");
  const auto twice = start_of("2026-10-25 02:30", "Odd");
  BOOST_TEST(holds(twice, "comes twice in Odd that day (2026-10-25T00:30:00Z and 2026-10-25T01:30:00Z)"));
  BOOST_TEST(holds(twice, "--overlap"));
  BOOST_TEST(start_of("2026-10-25 02:30", "Odd", convoke::spec::overlap_choice::earlier) == "2026-10-25T00:30:00Z");
  BOOST_TEST(start_of("2026-10-25 02:30", "Odd", convoke::spec::overlap_choice::later) == "2026-10-25T01:30:00Z");
  BOOST_TEST(start_of("2026-10-25T02:30+01:00", "Odd") == "2026-10-25T01:30:00Z");
}

BOOST_AUTO_TEST_CASE(times_beyond_a_zones_data_are_refused) {
  BOOST_TEST(holds(start_of("2040-07-01 08:00", "Odd"),
                   "beyond what this machine's time zone data says of Odd; correct the year, or add an offset"));
  BOOST_TEST(start_of("2040-07-01T08:00+02:00", "Odd") == "2040-07-01T06:00:00Z");
}

BOOST_AUTO_TEST_CASE(an_end_or_a_duration_gives_the_end) {
  BOOST_TEST(end_of("2026-09-01T08:00Z|2026-09-01T09:15Z||") == "2026-09-01T09:15:00Z");
  BOOST_TEST(end_of("2026-09-01 08:00|2026-09-01 09:15||East") == "2026-09-01T07:15:00Z");
  BOOST_TEST(end_of("2026-09-01 08:00|2026-09-01T09:15Z||East") == "2026-09-01T09:15:00Z");
  BOOST_TEST(end_of("2026-09-01T08:00Z||90|") == "2026-09-01T09:30:00Z");
  BOOST_TEST(end_of("2026-09-01T08:00Z||1h30m|") == "2026-09-01T09:30:00Z");
  BOOST_TEST(end_of("2026-09-01T08:00Z|||") == "2026-09-01T09:00:00Z");
  BOOST_TEST(end_of("2026-09-01T08:00Z|2026-09-01T09:30Z|PT90M|") == "2026-09-01T09:30:00Z");
  BOOST_TEST(holds(end_of("2026-09-01T08:00Z|2026-09-01T09:15Z|90|"), "column 'duration': '90': does not agree with the end"));
  BOOST_TEST(holds(end_of("2026-09-01T08:00Z||0|"), "must last longer"));
  BOOST_TEST(holds(end_of("2026-09-01T08:00Z||soon|"), "is no duration"));
}

BOOST_AUTO_TEST_CASE(a_duration_is_real_time_across_a_change_of_clocks) {
  BOOST_TEST(end_of("2026-03-29 01:30||60|Odd") == "2026-03-29T01:30:00Z");
  BOOST_TEST(end_of("2026-03-29 01:30|2026-03-29 03:30||Odd") == "2026-03-29T01:30:00Z");
  BOOST_TEST(holds(end_of("2026-10-25 01:30|2026-10-25 02:30||Odd"), "column 'end': '2026-10-25 02:30': comes twice"));
  convoke::spec::row_settings s;
  s.overlap = convoke::spec::overlap_choice::later;
  BOOST_TEST(end_of("2026-10-25 01:30|2026-10-25 02:30||Odd", s) == "2026-10-25T01:30:00Z");
}

BOOST_AUTO_TEST_CASE(the_end_must_be_after_the_start) {
  BOOST_TEST(holds(end_of("2026-09-01T08:00Z|2026-09-01T08:00Z||"), "the end must be after the start"));
  BOOST_TEST(holds(end_of("2026-09-01 08:00|2026-09-01T05:00Z||East"), "the end must be after the start"));
}

BOOST_AUTO_TEST_CASE(times_outside_the_years_of_four_digits_are_refused) {
  BOOST_TEST(end_of("9999-12-31T22:00Z|||") == "9999-12-31T23:00:00Z");
  BOOST_TEST(holds(end_of("9999-12-31T23:30Z|||"), "after the year 9999"));
  BOOST_TEST(holds(end_of("9999-12-31T23:30Z||999999999|"), "after the year 9999"));
  BOOST_TEST(holds(end_of("2026-09-01T08:00Z||P999999999W|"), "after the year 9999"));
  BOOST_TEST(holds(start_of("9999-12-31T23:30-01:00", ""), "outside the years"));
  BOOST_TEST(holds(start_of("0000-01-01T00:00+01:00", ""), "outside the years"));
  BOOST_TEST(holds(start_of("0000-01-01 00:00", "East"), "outside the years"));
}

BOOST_AUTO_TEST_SUITE_END()
