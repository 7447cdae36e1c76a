// Starts and ends that are written in several columns.

#include <boost/test/unit_test.hpp>

#include "rows_for_tests.hpp"
#include "spec/row_times.hpp"

using namespace spec_test;

namespace {

// `2026-09-01T06:00:00Z to 2026-09-01T07:00:00Z`, or the errors. The cells come after organizer and external id.
std::string times_of(std::string_view columns, std::string_view cells, const convoke::spec::row_settings& s = {}) {
  table t("organizer|external_id|" + std::string(columns), s);
  const auto& row = t.row(ada + "|x|" + std::string(cells));
  return row.errors.empty() ? utc(row.wanted.start) + " to " + utc(row.wanted.end) : convoke::spec::describe(row.errors);
}

convoke::spec::row_settings zone(std::string_view name) {
  convoke::spec::row_settings s;
  s.default_zone = name;
  return s;
}

const auto east = zone("East");

}  // namespace

BOOST_AUTO_TEST_SUITE(spec_date_columns)

BOOST_AUTO_TEST_CASE(row_1_end_time_is_the_end_of_the_meeting) {
  table t("organizer|external_id|title|start|end_time");
  const auto& row = t.row(ada + "|A1|Analysis I|2027-03-19T08:15:00+01:00|2027-03-19T11:30:00+01:00");
  BOOST_TEST(row.errors.empty());
  BOOST_TEST((row.wanted.subject == "Analysis I"));
  BOOST_TEST((row.wanted.end - row.wanted.start == std::chrono::minutes{195}));
}

BOOST_AUTO_TEST_CASE(date_and_times_are_joined) {
  BOOST_TEST(times_of("date|start_time|end_time", "2026-09-01|8:15|9:45", east) == "2026-09-01T06:15:00Z to 2026-09-01T07:45:00Z");
  BOOST_TEST(times_of("start_date|start_time|end_date|end_time", "2026-09-01|08:15|2026-09-02|09:45", east) ==
             "2026-09-01T06:15:00Z to 2026-09-02T07:45:00Z");
  BOOST_TEST(times_of("date|start_time", "2026-09-01|08:15", east) == "2026-09-01T06:15:00Z to 2026-09-01T07:15:00Z");
  BOOST_TEST(times_of("date|start_time|duration", "2026-09-01|08:15|90 min", east) == "2026-09-01T06:15:00Z to 2026-09-01T07:45:00Z");
  BOOST_TEST(times_of("date|start_time|end_time", "2026-09-01|08:15+01:00|09:45+01:00") == "2026-09-01T07:15:00Z to 2026-09-01T08:45:00Z");
  BOOST_TEST(times_of("date|start|end", "2026-09-01|08:15|09:45", east) == "2026-09-01T06:15:00Z to 2026-09-01T07:45:00Z");
  BOOST_TEST(times_of("start|start_time", "2026-09-01|08:15", east) == "2026-09-01T06:15:00Z to 2026-09-01T07:15:00Z");
}

BOOST_AUTO_TEST_CASE(a_spreadsheets_midnight_in_a_date_is_no_time_of_day) {
  BOOST_TEST(times_of("date|start_time|end_date|end_time", "2026-09-01 00:00:00|08:15:00|2026-09-01 00:00|09:45", east) ==
             "2026-09-01T06:15:00Z to 2026-09-01T07:45:00Z");
  BOOST_TEST(
      holds(times_of("date|room", "2026-09-01 00:00:00|08:15", east),
            "column 'date': '2026-09-01 00:00:00': is a date alone, as midnight in a column of dates is no time of day; add a column "
            "start_time"));
  BOOST_TEST(holds(times_of("start|end_date", "2026-09-01 08:15|2026-09-02 00:00", east),
                   "column 'end_date': '2026-09-02 00:00': is a date alone, as midnight in a column of dates is no time of day; add"));
  BOOST_TEST(times_of("date|start_time", "2026-09-01|00:00", east) == "2026-08-31T22:00:00Z to 2026-08-31T23:00:00Z");
  BOOST_TEST(times_of("date|end_date", "2026-09-01T00:00:00Z|2026-09-01T00:45:00Z") == "2026-09-01T00:00:00Z to 2026-09-01T00:45:00Z");
  BOOST_TEST(holds(times_of("date|start_time", "2026-09-01 09:00|08:15", east),
                   "column 'date': '2026-09-01 09:00': names another time of day than column 'start_time'"));
}

BOOST_AUTO_TEST_CASE(a_time_of_the_day_on_which_a_calendar_begins_is_a_time_of_day) {
  BOOST_TEST(times_of("date|start_time|end_time", "2026-09-01|1899-12-30 08:15:00|1900-01-01T09:45:00", east) ==
             "2026-09-01T06:15:00Z to 2026-09-01T07:45:00Z");
  BOOST_TEST(holds(times_of("date|start_time", "2026-09-01|1898-12-30 08:15", east), "names another day than column 'start_time'"));
}

BOOST_AUTO_TEST_CASE(an_end_time_before_the_start_time_is_on_the_next_day) {
  BOOST_TEST(times_of("date|start_time|end_time", "2026-12-31|22:00|01:30", east) == "2026-12-31T20:00:00Z to 2026-12-31T23:30:00Z");
  BOOST_TEST(times_of("start|end_time", "2026-12-31 22:00|01:30", east) == "2026-12-31T20:00:00Z to 2026-12-31T23:30:00Z");
  BOOST_TEST(holds(times_of("date|start_time|end_time", "2026-09-01|08:15|08:15", east),
                   "column 'end_time': '08:15': the end must be after the start"));
  // With a date of the end it is not.
  BOOST_TEST(holds(times_of("date|start_time|end_date|end_time", "2026-09-01|08:15|2026-09-01|08:00", east),
                   "column 'end_time': '2026-09-01 08:00': the end must be after the start"));
}

BOOST_AUTO_TEST_CASE(a_time_of_day_as_end_goes_by_the_rows_local_time) {
  BOOST_TEST(times_of("start|end_time", "2027-03-19T08:15:00+01:00|11:30") == "2027-03-19T07:15:00Z to 2027-03-19T10:30:00Z");
  BOOST_TEST(times_of("start|end_time", "2026-09-01T23:30:00+02:00|00:30", east) == "2026-09-01T21:30:00Z to 2026-09-01T22:30:00Z");
  BOOST_TEST(times_of("start|end_time", "2026-09-01 08:00|07:00Z", east) == "2026-09-01T06:00:00Z to 2026-09-01T07:00:00Z");
  BOOST_TEST(holds(times_of("start|end_time", "2026-09-01T08:15:00+01:00|11:30", east),
                   "column 'end_time': '11:30': is ambiguous: the offset of the start is not that of East; add an offset"));
  BOOST_TEST(times_of("start|end_time", "2026-09-01T08:15:00+01:00|11:30+01:00", east) == "2026-09-01T07:15:00Z to 2026-09-01T10:30:00Z");
  BOOST_TEST(holds(times_of("start|end_time", "2026-03-29 01:30|02:30", zone("Odd")), "column 'end_time': '02:30': does not exist in Odd"));
  BOOST_TEST(holds(times_of("start|end_time", "2026-10-25 01:30|02:30", zone("Odd")), "column 'end_time': '02:30': comes twice in Odd"));
}

BOOST_AUTO_TEST_CASE(a_full_date_and_time_serves_in_any_column) {
  BOOST_TEST(times_of("start_time|end_time", "2026-09-01 08:15|2026-09-01 09:45", east) == "2026-09-01T06:15:00Z to 2026-09-01T07:45:00Z");
  BOOST_TEST(times_of("date|end_date", "2026-09-01 08:15|2026-09-01 09:45", east) == "2026-09-01T06:15:00Z to 2026-09-01T07:45:00Z");
  BOOST_TEST(times_of("date|start_time|end_time", "2026-09-01|2026-09-01 08:15|2026-09-01 09:45", east) ==
             "2026-09-01T06:15:00Z to 2026-09-01T07:45:00Z");
  BOOST_TEST(times_of("start|date", "2026-09-01 08:15|2026-09-01", east) == "2026-09-01T06:15:00Z to 2026-09-01T07:15:00Z");
}

BOOST_AUTO_TEST_CASE(columns_that_contradict_each_other_are_refused) {
  BOOST_TEST(holds(times_of("date|start_time", "2026-09-02|2026-09-01 08:15", east),
                   "column 'date': '2026-09-02': names another day than column 'start_time'; correct one of the two"));
  BOOST_TEST(holds(times_of("start|start_time", "2026-09-01 08:15|08:30", east),
                   "column 'start': '2026-09-01 08:15': names another time of day than column 'start_time'"));
  BOOST_TEST(holds(times_of("start|end|end_date", "2026-09-01 08:15|2026-09-01 09:15|2026-09-03", east),
                   "column 'end_date': '2026-09-03': names another day than column 'end'"));
}

BOOST_AUTO_TEST_CASE(a_part_that_is_missing_is_named_with_its_column) {
  BOOST_TEST(holds(times_of("start_time", "08:15", east),
                   "column 'start_time': '08:15': has no date; add a column date, or write it as 2026-09-01 08:00"));
  BOOST_TEST(holds(times_of("date|start_time", "|08:15", east), "column 'start_time': '08:15': has no date; fill column 'date'"));
  BOOST_TEST(
      holds(times_of("Date|Start Time", "2026-09-01|", east), "column 'Date': '2026-09-01': has no time of day; fill column 'Start Time'"));
  BOOST_TEST(holds(times_of("date", "2026-09-01", east), "column 'date': '2026-09-01': has no time of day; add a column start_time"));
  BOOST_TEST(holds(times_of("start", "08:15", east), "column 'start': '08:15': has no date; write it as 2026-09-01 08:00"));
  BOOST_TEST(
      holds(times_of("start", "2026-09-01", east), "column 'start': '2026-09-01': has no time of day; write it as 2026-09-01 08:00"));
  BOOST_TEST(holds(times_of("date|start_time", "|", east), "column 'date': a start is required"));
  BOOST_TEST(holds(times_of("date|start_time", "08:15|08:15", east), "column 'date': '08:15': is a time of day, where a date is expected"));
  BOOST_TEST(holds(times_of("date|start_time", "2026-09-01|2026-09-01", east),
                   "column 'start_time': '2026-09-01': is a date, where a time of day is expected"));
  BOOST_TEST(holds(times_of("date|start_time", "1/9/2026|8:15 PM", east),
                   "column 'start_time': '8:15 PM': 12-hour times are not read: write 20:15, or give the --date-format of the dates with "
                   "'%I:%M %p' after it"));
  BOOST_TEST(holds(times_of("date|start_time", "1/9/2026|8:15 PM", east), "column 'date': '1/9/2026': does not say which number"));
}

BOOST_AUTO_TEST_CASE(a_date_alone_is_no_end_unless_a_duration_agrees_with_it) {
  BOOST_TEST(holds(times_of("start|end_date", "2026-09-01 08:15|2027-02-12", east),
                   "column 'end_date': '2027-02-12': has no time of day; add a column end_time or a duration"));
  BOOST_TEST(
      holds(times_of("start|end_date|end_time", "2026-09-01 08:15|2026-09-01|", east), "has no time of day; fill column 'end_time'"));
  BOOST_TEST(times_of("start|end_date|duration", "2026-09-01 08:15|2026-09-01|90", east) == "2026-09-01T06:15:00Z to 2026-09-01T07:45:00Z");
  BOOST_TEST(times_of("start|end_date|duration", "2026-09-01 23:15|2026-09-02|90", east) == "2026-09-01T21:15:00Z to 2026-09-01T22:45:00Z");
  BOOST_TEST(holds(times_of("start|end_date|duration", "2026-09-01 08:15|2027-02-12|90", east),
                   "column 'end_date': '2027-02-12': is not the day on which the meeting ends by column 'duration'"));
}

BOOST_AUTO_TEST_CASE(a_duration_has_to_agree_with_the_joined_end) {
  BOOST_TEST(times_of("date|start_time|end_time|duration", "2026-09-01|08:15|09:45|90", east) ==
             "2026-09-01T06:15:00Z to 2026-09-01T07:45:00Z");
  BOOST_TEST(holds(times_of("date|start_time|end_time|duration", "2026-09-01|08:15|09:45|60", east), "does not agree with the end"));
}

BOOST_AUTO_TEST_CASE(gaps_and_overlaps_of_joined_times_show_the_whole_time) {
  BOOST_TEST(holds(times_of("date|start_time", "2026-03-29|02:30", zone("Odd")),
                   "column 'start_time': '2026-03-29 02:30': does not exist in Odd"));
  auto later = zone("Odd");
  later.overlap = convoke::spec::overlap_choice::later;
  BOOST_TEST(times_of("date|start_time", "2026-10-25|02:30", later) == "2026-10-25T01:30:00Z to 2026-10-25T02:30:00Z");
}

BOOST_AUTO_TEST_SUITE_END()

namespace {

using namespace std::chrono;

// The times of one row as what repeats it sees them.
struct seen {
  std::vector<convoke::spec::cell_error> errors;
  convoke::spec::meeting_times times;
};

seen see(std::string_view columns, std::string_view cells, convoke::spec::zone_source& zones) {
  static const convoke::spec::row_settings settings;
  const auto fields = split(columns);
  const auto head = convoke::spec::read_header(fields, {});
  BOOST_REQUIRE(head.has_value());
  const auto values = split(cells);
  seen out;
  const convoke::spec::row_view row(*head, values, out.errors);
  convoke::spec::row_times reader(settings, zones);
  out.times = reader.read(row, {.start = true, .end = true});
  return out;
}

local_seconds at(int m, int d, int h, int min) {
  return local_days{year{2026} / m / d} + hours{h} + minutes{min};
}

// `Mars` is refused with a reason, `Etc/GMT+5` has the sign that people do not expect.
class strict_zones final : public convoke::spec::zone_source {
 public:
  int verdicts = 0;

  convoke::spec::local_lookup to_utc(std::string_view zone, local_seconds local) override {
    return zones_.to_utc(zone.starts_with("Etc/") ? "East" : zone, local);
  }
  std::optional<local_seconds> to_local(std::string_view zone, sys_seconds instant) override {
    return zones_.to_local(zone.starts_with("Etc/") ? "East" : zone, instant);
  }
  convoke::spec::zone_verdict check_name(std::string_view zone) override {
    using kind = convoke::spec::zone_verdict::kind;
    ++verdicts;
    if (zone == "EST") return {kind::refused, "has no summer time; write America/New_York, or add -05:00 to the times"};
    if (zone == "Esat") return {kind::unknown, "is no known time zone; is 'East' meant?"};
    if (zone.starts_with("Etc/")) return {kind::inverted_sign, "is UTC-05:00"};
    return zone_source::check_name(zone);
  }

 private:
  three_zones zones_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(spec_row_times)

BOOST_AUTO_TEST_CASE(a_row_gives_its_wall_times_and_the_rules_for_others) {
  three_zones zones;
  const auto r = see("organizer|external_id|start|end|tz", "||2026-03-28 02:30|2026-03-28 04:00|Odd", zones);
  BOOST_REQUIRE(r.errors.empty());
  BOOST_TEST((r.times.walls.start == at(3, 28, 2, 30)));
  BOOST_TEST((r.times.wall_length == minutes{90}));
  const auto resolve = [&](local_seconds wall) { return convoke::spec::resolve_wall(wall, r.times.rules, zones); };
  BOOST_TEST((resolve(at(3, 30, 2, 30)) == sys_days{year{2026} / 3 / 30} + minutes{30}));
  BOOST_TEST(holds(resolve(at(3, 29, 2, 30)).error(), "does not exist in Odd"));
  BOOST_TEST(holds(resolve(at(10, 25, 2, 30)).error(), "comes twice in Odd"));
}

BOOST_AUTO_TEST_CASE(an_offset_without_a_zone_is_kept) {
  three_zones zones;
  const auto r = see("organizer|external_id|start|end", "||2026-09-01T08:00+02:00|2026-09-01T07:00Z", zones);
  BOOST_REQUIRE(r.errors.empty());
  BOOST_TEST((r.times.wall_length == hours{1}));
  BOOST_TEST((convoke::spec::resolve_wall(at(12, 1, 8, 0), r.times.rules, zones) == sys_days{year{2026} / 12 / 1} + hours{6}));
}

BOOST_AUTO_TEST_CASE(an_offset_in_a_row_with_a_zone_gives_the_time_in_the_zone) {
  three_zones zones;
  const auto r = see("organizer|external_id|start|end|tz", "||2026-09-01T08:00Z|2026-09-01T12:00+02:00|East", zones);
  BOOST_REQUIRE(r.errors.empty());
  BOOST_TEST((r.times.walls.start == at(9, 1, 10, 0)));
  BOOST_TEST((r.times.walls.end == at(9, 1, 12, 0)));
  BOOST_TEST((r.times.wall_length == hours{2}));
  BOOST_TEST((r.times.rules.zone == "East"));
}

BOOST_AUTO_TEST_CASE(the_end_by_a_duration_is_what_the_clocks_show) {
  three_zones zones;
  const auto r = see("organizer|external_id|start|duration|tz", "||2026-03-29 01:30|60|Odd", zones);
  BOOST_REQUIRE(r.errors.empty());
  BOOST_TEST((r.times.walls.end == at(3, 29, 3, 30)));
  BOOST_TEST((r.times.wall_length == hours{1}));
}

BOOST_AUTO_TEST_CASE(row_3_a_zone_without_summer_time_is_refused_with_the_reason) {
  strict_zones zones;
  const auto r = see("organizer|external_id|start|tz", "||2027-09-06 09:00|EST", zones);
  BOOST_TEST(convoke::spec::describe(r.errors) ==
             "column 'tz': 'EST': has no summer time; write America/New_York, or add -05:00 to the times");
  convoke::spec::row_settings s;
  s.default_zone = "EST";
  const auto made = convoke::spec::row_builder::create(split("organizer|external_id|start"), s, zones);
  BOOST_REQUIRE(!made.has_value());
  BOOST_TEST((made.error().code == convoke::errc::usage));
  BOOST_TEST(made.error().message == "--time-zone 'EST' has no summer time; write America/New_York, or add -05:00 to the times");
}

BOOST_AUTO_TEST_CASE(row_23_an_unknown_zone_is_answered_with_the_name_that_is_meant) {
  strict_zones zones;
  const auto r = see("organizer|external_id|start|tz", "||2027-09-06 09:00|Esat", zones);
  BOOST_TEST(convoke::spec::describe(r.errors) == "column 'tz': 'Esat': is no known time zone; is 'East' meant?");
}

BOOST_AUTO_TEST_CASE(a_zone_with_the_unexpected_sign_is_read_and_reported) {
  strict_zones zones;
  BOOST_TEST(see("organizer|external_id|start|tz", "||2027-09-06 09:00|Etc/GMT+5", zones).times.fixed_offset_zone);
  BOOST_TEST(!see("organizer|external_id|start|tz", "||2027-09-06 09:00|East", zones).times.fixed_offset_zone);
}

BOOST_AUTO_TEST_CASE(a_zone_is_looked_up_once) {
  strict_zones zones;
  auto builder = convoke::spec::row_builder::create(split("organizer|external_id|start|tz"), {}, zones);
  BOOST_REQUIRE(builder.has_value());
  convoke::spec::built_row row;
  for (int i = 0; i < 10; ++i) {
    for (const std::string_view name : {"East", "EST", "UTC"})
      builder->build(split(ada + "|x|2027-09-06 09:00|" + std::string(name)), 2, row);
  }
  BOOST_TEST(zones.verdicts == 3);
}

BOOST_AUTO_TEST_SUITE_END()
