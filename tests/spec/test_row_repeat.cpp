#include <boost/test/unit_test.hpp>

#include "rows_for_tests.hpp"
#include "spec/dates.hpp"

using namespace spec_test;

namespace {

const std::string head = "organizer|external_id|start|end|duration|tz|repeat|skip_dates|course|attendees";

std::string row_of(std::string_view start, std::string_view repeat, std::string_view skip = "", std::string_view end = "",
                   std::string_view zone = "East", std::string_view id = "A1") {
  std::string out = ada;
  for (const auto cell : {id, start, end, std::string_view(), zone, repeat, skip, std::string_view("ALG"), std::string_view()})
    out += "|" + std::string(cell);
  return out;
}

// `id start/end` of each meeting, or the errors.
std::string meetings(const convoke::spec::built_row& row) {
  if (!row.errors.empty()) return convoke::spec::describe(row.errors);
  std::string out;
  for (const auto& o : row.occurrences) {
    if (!out.empty()) out += ' ';
    out += o.external_id + " " + utc(o.start) + "/" + utc(o.end).substr(11);
  }
  return out;
}

std::string ids(const convoke::spec::built_row& row) {
  std::string out;
  for (const auto& id : row.present) out += (out.empty() ? "" : " ") + id;
  return out;
}

convoke::spec::row_settings with_template(std::string text) {
  convoke::spec::row_settings s;
  s.external_id_template = std::move(text);
  return s;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(spec_row_repeat)

BOOST_AUTO_TEST_CASE(a_row_repeats_at_the_same_wall_time) {
  table t(head);
  BOOST_TEST(meetings(t.row(row_of("2026-09-07 10:00", "weekly 2 times"))) ==
             "A1-20260907 2026-09-07T08:00:00Z/09:00:00Z A1-20260914 2026-09-14T08:00:00Z/09:00:00Z");
  const auto& row = t.row(row_of("2026-09-07T10:00", "FREQ=WEEKLY;BYDAY=MO,WE;COUNT=2", "", "2026-09-07 11:30"));
  BOOST_TEST(meetings(row) == "A1-20260907 2026-09-07T08:00:00Z/09:30:00Z A1-20260909 2026-09-09T08:00:00Z/09:30:00Z");
  BOOST_TEST(convoke::spec::date_text(row.occurrences.back().date) == "2026-09-09");
}

BOOST_AUTO_TEST_CASE(the_wall_time_stays_when_summer_time_begins_and_ends) {
  table t(head);
  BOOST_TEST(meetings(t.row(row_of("2026-03-22 09:00", "weekly 2 times", "", "2026-03-22 10:30", "Odd"))) ==
             "A1-20260322 2026-03-22T08:00:00Z/09:30:00Z A1-20260329 2026-03-29T07:00:00Z/08:30:00Z");
  BOOST_TEST(meetings(t.row(row_of("2026-10-18T07:00Z", "weekly 2 times", "", "", "Odd"))) ==
             "A1-20261018 2026-10-18T07:00:00Z/08:00:00Z A1-20261025 2026-10-25T08:00:00Z/09:00:00Z");
}

BOOST_AUTO_TEST_CASE(the_date_of_a_meeting_is_that_of_its_zone) {
  table t(head);
  BOOST_TEST(meetings(t.row(row_of("2026-09-06T22:30Z", "weekly MO 1 time"))) == "A1-20260907 2026-09-06T22:30:00Z/23:30:00Z");
}

BOOST_AUTO_TEST_CASE(a_meeting_may_end_on_the_next_day) {
  table t(head);
  BOOST_TEST(meetings(t.row(row_of("2026-09-07 23:00", "daily 2 times", "", "2026-09-08 03:00"))) ==
             "A1-20260907 2026-09-07T21:00:00Z/01:00:00Z A1-20260908 2026-09-08T21:00:00Z/01:00:00Z");
}

BOOST_AUTO_TEST_CASE(all_dates_in_a_gap_or_an_overlap_are_named) {
  table t(head);
  const auto& gap = t.row(row_of("2026-03-28 02:30", "daily 3 times", "", "", "Odd"));
  BOOST_TEST(
      meetings(gap) ==
      "column 'repeat': 'daily 3 times': on 2026-03-29 the start 02:30 does not exist in Odd, because the clocks skip it; leave such "
      "dates out by skip_dates and give them rows of their own");
  BOOST_TEST(ids(gap) == "A1-20260328 A1-20260329 A1-20260330");
  BOOST_TEST(meetings(t.row(row_of("2026-03-28 02:30", "daily 3 times", "2026-03-29", "", "Odd"))).starts_with("A1-20260328"));
  BOOST_TEST(holds(t.why(row_of("2026-10-24 02:30", "daily 3 times", "", "", "Odd")), "on 2026-10-25 the start 02:30 comes twice in Odd"));
  BOOST_TEST(holds(t.why(row_of("2026-10-24 01:30", "daily 3 times", "", "2026-10-24 02:30", "Odd")), "the end 02:30 comes twice"));
  BOOST_TEST(
      holds(t.why(row_of("2037-12-30 09:00", "daily 5 times", "", "", "Odd")), "on 2038-01-01, 2038-01-02 and 2038-01-03 the start"));
  convoke::spec::row_settings later;
  later.overlap = convoke::spec::overlap_choice::later;
  table chosen(head, later);
  BOOST_TEST(holds(meetings(chosen.row(row_of("2026-10-24 02:30", "daily 2 times", "", "", "Odd"))), "A1-20261025 2026-10-25T01:30:00Z"));
}

BOOST_AUTO_TEST_CASE(the_first_meeting_is_the_rows_own) {
  table t(head);
  BOOST_TEST(meetings(t.row(row_of("2026-10-25T02:30+01:00", "weekly 2 times", "", "", "Odd"))) ==
             "A1-20261025 2026-10-25T01:30:00Z/02:30:00Z A1-20261101 2026-11-01T01:30:00Z/02:30:00Z");
}

BOOST_AUTO_TEST_CASE(a_row_that_repeats_needs_a_zone) {
  table t(head);
  BOOST_TEST(holds(t.why(row_of("2026-09-07T10:00+02:00", "weekly 2 times", "", "", "")), "a row that repeats needs a time zone"));
  convoke::spec::row_settings s;
  s.default_zone = "East";
  table zoned(head, s);
  BOOST_TEST(
      meetings(zoned.row(row_of("2026-09-07T10:00+02:00", "weekly 1 time", "", "", ""))).starts_with("A1-20260907 2026-09-07T08:00"));
}

BOOST_AUTO_TEST_CASE(until_may_be_a_local_time_or_an_instant) {
  table t(head);
  const auto last = [&](const std::string& until) {
    const auto& row = t.row(row_of("2026-09-07 10:00", "FREQ=DAILY;UNTIL=" + until));
    return row.errors.empty() ? convoke::spec::date_text(row.occurrences.back().date) : convoke::spec::describe(row.errors);
  };
  BOOST_TEST(last("20260909") == "2026-09-09");
  BOOST_TEST(last("20260909T100000") == "2026-09-09");
  BOOST_TEST(last("20260909T095959") == "2026-09-08");
  BOOST_TEST(last("20260909T080000Z") == "2026-09-09");
  BOOST_TEST(last("20260909T075959Z") == "2026-09-08");
  BOOST_TEST(last("20260909T220000Z") == "2026-09-09");
  BOOST_TEST(holds(last("20260907T095959"), "the rule ends before the start"));
  BOOST_TEST(holds(last("20260907T075959Z"), "the rule ends before the start"));
}

BOOST_AUTO_TEST_CASE(dates_are_left_out_by_the_row_and_by_the_settings) {
  using namespace std::chrono;
  convoke::spec::row_settings s;
  const local_days day{year{2026} / 9 / 9};
  s.skip_dates = {{day, day}, {day + days{200}, day + days{200}}};
  table t(head, s);
  const auto& row = t.row(row_of("2026-09-07 10:00", "daily 5 times", "2026-09-07;2026-09-11..2026-09-30"));
  BOOST_TEST(meetings(row) == "A1-20260908 2026-09-08T08:00:00Z/09:00:00Z A1-20260910 2026-09-10T08:00:00Z/09:00:00Z");
}

BOOST_AUTO_TEST_CASE(a_skip_date_without_a_meeting_is_wrong) {
  table t(head);
  BOOST_TEST(
      t.why(row_of("2026-09-07 10:00", "weekly 3 times", "2026-09-15")) ==
      "column 'skip_dates': '2026-09-15': the row has no meeting on this day (a Tuesday); the nearest are on 2026-09-14 and 2026-09-21");
  BOOST_TEST(holds(t.why(row_of("2026-09-07 10:00", "weekly 3 times", "2027-09-14")), "the nearest are on 2026-09-21"));
  BOOST_TEST(t.why(row_of("2026-09-07 10:00", "weekly 3 times", "2026-09-15..2026-09-16")) == "");
  BOOST_TEST(holds(t.why(row_of("2026-09-07 10:00", "weekly 3 times", "14.09.2026")), "column 'skip_dates': '14.09.2026': is no date"));
  BOOST_TEST(holds(t.why(row_of("2026-09-07 10:00", "weekly 1 time", "2026-09-07")), "every date of the rule is left out"));
  BOOST_TEST(holds(t.why(row_of("2026-09-07 10:00", "", "2026-09-07")),
                   "column 'skip_dates': '2026-09-07': leaves dates out of a row that does not repeat"));
}

BOOST_AUTO_TEST_CASE(a_row_without_a_rule_is_one_meeting) {
  table t(head);
  const auto& row = t.row(row_of("2026-09-07 10:00", " "));
  BOOST_TEST(row.errors.empty());
  BOOST_TEST(row.occurrences.empty());
  BOOST_TEST(row.wanted.external_id == "A1");
}

BOOST_AUTO_TEST_CASE(a_template_with_a_date_makes_the_ids) {
  const std::string columns = "organizer|external_id|course|start|tz|repeat";
  const auto made = [&](std::string text, std::string_view own = "", std::string_view rule = "weekly MO,WE 2 times") {
    table t(columns, with_template(std::move(text)));
    const auto& row = t.row(ada + "|" + std::string(own) + "|ALG|2026-09-07 10:00|East|" + std::string(rule));
    if (!row.errors.empty()) return convoke::spec::describe(row.errors);
    std::string out;
    for (const auto& o : row.occurrences) out += (out.empty() ? "" : " ") + o.external_id;
    return out;
  };
  BOOST_TEST(made("{course}-{start:%Y%m%d}") == "ALG-20260907 ALG-20260909");
  BOOST_TEST(made("{course}-{start:%j}") == "ALG-250 ALG-252");
  BOOST_TEST(made("{course}-{end:%F}") == "ALG-2026-09-07 ALG-2026-09-09");
  BOOST_TEST(made("{course}-{start:%G-W%V}.{start:%u}") == "ALG-2026-W37.1 ALG-2026-W37.3");
  BOOST_TEST(made("{course}-{start:%V}") == "ALG-37-20260907 ALG-37-20260909");
  BOOST_TEST(made("{course}") == "ALG-20260907 ALG-20260909");
  BOOST_TEST(made("{course}-{start:%%d}") == "ALG-%d-20260907 ALG-%d-20260909");
  BOOST_TEST(made("{course}-{start:%F}", "own") == "own-20260907 own-20260909");
  BOOST_TEST(holds(made("{course}-{start:%d}", "", "monthly 2 times"),
                   "makes this id for the meetings of 2026-09-07 and 2026-10-07; give it the whole date"));
}

BOOST_AUTO_TEST_CASE(ids_with_their_dates_must_be_external_ids) {
  table t(head);
  const std::string longest(119, 'x');
  BOOST_TEST(t.why(row_of("2026-09-07 10:00", "weekly 2 times", "", "", "East", longest)) == "");
  BOOST_TEST(holds(t.why(row_of("2026-09-07 10:00", "weekly 2 times", "", "", "East", longest + "x")),
                   "the external id with the date of a meeting must be 1 to 128 characters"));
}

BOOST_AUTO_TEST_CASE(a_wrong_row_keeps_the_ids_of_its_meetings) {
  table t(head);
  const auto& row = t.row(row_of("2026-09-07 10:00", "weekly 2 times") + ";no-address");
  BOOST_TEST(!row.errors.empty());
  BOOST_TEST(row.occurrences.empty());
  BOOST_TEST(ids(row) == "A1-20260907 A1-20260914");
}

BOOST_AUTO_TEST_CASE(a_wrong_rule_is_reported_with_its_cell) {
  table t(head);
  BOOST_TEST(holds(t.why(row_of("2026-09-08 10:00", "weekly MO,WE 2 times")),
                   "column 'repeat': 'weekly MO,WE 2 times': the start 2026-09-08 is a Tuesday, but the rule names MO and WE"));
  BOOST_TEST(t.why(row_of("01/09/2026", "weekly MO,WE 2 times")).find("repeat") == std::string::npos);
}

// The dates of a rule are kept for later rows: nothing of one row may show in another.
BOOST_AUTO_TEST_CASE(rows_that_share_a_rule_do_not_disturb_each_other) {
  table t(head);
  for (int round = 0; round < 2; ++round) {
    for (int day = 1; day <= 90; ++day) {
      const auto start = convoke::spec::date_text(std::chrono::local_days{std::chrono::year{2026} / 9 / 7} + std::chrono::weeks{day});
      const auto& row = t.row(row_of(start + " 10:00", "weekly MO 2 times", round == 0 ? "" : start, "", "East", "B"));
      BOOST_TEST_REQUIRE(row.errors.empty());
      BOOST_TEST(row.occurrences.size() == (round == 0 ? 2U : 1U));
      BOOST_TEST((round == 1 || convoke::spec::date_text(row.occurrences.front().date) == start));
    }
    BOOST_TEST(holds(t.why(row_of("2026-09-08 10:00", "weekly MO 2 times")), "is a Tuesday"));
  }
}

BOOST_AUTO_TEST_SUITE_END()
