
#include <rapidcheck.h>
#include <boost/test/unit_test.hpp>

#include "repeat_oracle.hpp"
#include "spec/repeat.hpp"
#include "spec/skip_dates.hpp"

using namespace convoke::spec;
using namespace std::chrono;

namespace {

const auto year_first = reader_of({});

bool holds(std::string_view text, std::string_view part) {
  BOOST_TEST_INFO("'" << text << "' should hold '" << part << "'");
  return text.find(part) != std::string_view::npos;
}

std::string why(std::string_view cell) {
  const auto rule = parse_repeat(cell, year_first);
  return rule ? std::string() : rule.error();
}

// The dates of a rule, or the reason why it is wrong. UNTIL with a time is taken as its date.
std::string dates(std::string_view cell, std::string_view start) {
  const auto rule = parse_repeat(cell, year_first);
  if (!rule) return rule.error();
  const auto first = *parse_date(start);
  repeat_bounds bounds{.start = first, .last = last_day_of_repeats(first)};
  if (const auto* n = std::get_if<int>(&rule->end)) {
    bounds.count = *n;
    bounds.by_count = true;
  } else if (const auto* day = std::get_if<local_days>(&rule->end)) {
    bounds.last = *day;
  }
  const auto found = expand(*rule, bounds);
  if (!found) return found.error();
  std::string out;
  for (const auto day : *found) out += (out.empty() ? "" : " ") + date_text(day);
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(spec_repeat)

// --- What RFC 5545 (3.8.5.3) shows, where it matters to classes and webinars -------------------------------------------------

BOOST_AUTO_TEST_CASE(weekly_rules_have_the_dates_of_the_standard) {
  BOOST_TEST(dates("FREQ=WEEKLY;COUNT=4", "1997-09-02") == "1997-09-02 1997-09-09 1997-09-16 1997-09-23");
  BOOST_TEST(dates("RRULE:FREQ=WEEKLY;UNTIL=19971007;WKST=SU;BYDAY=TU,TH", "1997-09-02") ==
             "1997-09-02 1997-09-04 1997-09-09 1997-09-11 1997-09-16 1997-09-18 1997-09-23 1997-09-25 1997-09-30 1997-10-02 1997-10-07");
  BOOST_TEST(dates("FREQ=WEEKLY;INTERVAL=2;COUNT=8;WKST=SU;BYDAY=TU,TH", "1997-09-02") ==
             "1997-09-02 1997-09-04 1997-09-16 1997-09-18 1997-09-30 1997-10-02 1997-10-14 1997-10-16");
  BOOST_TEST(dates("FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO", "1997-08-05") == "1997-08-05 1997-08-10 1997-08-19 1997-08-24");
  BOOST_TEST(dates("FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU", "1997-08-05") == "1997-08-05 1997-08-17 1997-08-19 1997-08-31");
}

BOOST_AUTO_TEST_CASE(daily_rules_have_the_dates_of_the_standard) {
  BOOST_TEST(dates("FREQ=DAILY;COUNT=3", "1997-09-02") == "1997-09-02 1997-09-03 1997-09-04");
  BOOST_TEST(dates("FREQ=DAILY;INTERVAL=10;COUNT=5", "1997-09-02") == "1997-09-02 1997-09-12 1997-09-22 1997-10-02 1997-10-12");
  BOOST_TEST(dates("FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR;COUNT=5", "2026-09-10") == "2026-09-10 2026-09-11 2026-09-14 2026-09-15 2026-09-16");
}

BOOST_AUTO_TEST_CASE(monthly_rules_have_the_dates_of_the_standard) {
  BOOST_TEST(dates("FREQ=MONTHLY;COUNT=4;BYDAY=1FR", "1997-09-05") == "1997-09-05 1997-10-03 1997-11-07 1997-12-05");
  BOOST_TEST(dates("FREQ=MONTHLY;INTERVAL=2;COUNT=4;BYDAY=1SU,-1SU", "1997-09-07") == "1997-09-07 1997-09-28 1997-11-02 1997-11-30");
  BOOST_TEST(dates("FREQ=MONTHLY;COUNT=3;BYDAY=-2MO", "1997-09-22") == "1997-09-22 1997-10-20 1997-11-17");
  BOOST_TEST(dates("FREQ=MONTHLY;BYMONTHDAY=-3;COUNT=3", "1997-09-28") == "1997-09-28 1997-10-29 1997-11-28");
  BOOST_TEST(dates("FREQ=MONTHLY;COUNT=4;BYMONTHDAY=2,15", "1997-09-02") == "1997-09-02 1997-09-15 1997-10-02 1997-10-15");
  BOOST_TEST(dates("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13;COUNT=3", "1998-02-13") == "1998-02-13 1998-03-13 1998-11-13");
  BOOST_TEST(dates("FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3", "1997-09-04") == "1997-09-04 1997-10-07 1997-11-06");
  BOOST_TEST(dates("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2;COUNT=3", "1997-09-29") == "1997-09-29 1997-10-30 1997-11-27");
  BOOST_TEST(dates("FREQ=MONTHLY;BYMONTHDAY=31;COUNT=3", "2026-01-31") == "2026-01-31 2026-03-31 2026-05-31");
  BOOST_TEST(dates("FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=3", "2026-01-31") == "2026-01-31 2026-02-28 2026-03-31");
}

BOOST_AUTO_TEST_CASE(yearly_rules_have_the_dates_of_the_standard) {
  BOOST_TEST(dates("FREQ=YEARLY;COUNT=4;BYMONTH=6,7", "1997-06-10") == "1997-06-10 1997-07-10 1998-06-10 1998-07-10");
  BOOST_TEST(dates("FREQ=YEARLY;BYDAY=20MO;COUNT=3", "1997-05-19") == "1997-05-19 1998-05-18 1999-05-17");
  BOOST_TEST(dates("FREQ=YEARLY;BYMONTH=3;BYDAY=TH;COUNT=5", "1997-03-13") == "1997-03-13 1997-03-20 1997-03-27 1998-03-05 1998-03-12");
  BOOST_TEST(dates("FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8;COUNT=3", "1996-11-05") ==
             "1996-11-05 2000-11-07 2004-11-02");
}

// --- The short form ----------------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(the_short_form_says_the_same_as_rules) {
  const std::string both = dates("FREQ=WEEKLY;BYDAY=MO,WE;UNTIL=20260923", "2026-09-07");
  BOOST_TEST(both == "2026-09-07 2026-09-09 2026-09-14 2026-09-16 2026-09-21 2026-09-23");
  for (const auto* words : {"weekly MO,WE until 2026-09-23", "Weekly on Monday and Wednesday until 2026-09-23", "WEEKLY mon, wed 6 times",
                            "every Mon,Wed until 2026-09-23", "every week MO WE 6 times", "every 1 weeks mo and we, until 2026-09-23"})
    BOOST_TEST(dates(words, "2026-09-07") == both);
  BOOST_TEST(dates("daily 5 times", "2026-09-04") == "2026-09-04 2026-09-05 2026-09-06 2026-09-07 2026-09-08");
  BOOST_TEST(dates("weekly until 2026-09-20", "2026-09-07") == "2026-09-07 2026-09-14");
  BOOST_TEST(dates("every 2 weeks TU 3 times", "2026-09-08") == "2026-09-08 2026-09-22 2026-10-06");
  BOOST_TEST(dates("every other week 2 times", "2026-09-08") == "2026-09-08 2026-09-22");
  BOOST_TEST(dates("monthly 3 times", "2026-12-28") == "2026-12-28 2027-01-28 2027-02-28");
  BOOST_TEST(dates("yearly 1 time", "2026-12-28") == "2026-12-28");
}

BOOST_AUTO_TEST_CASE(the_end_of_a_rule_may_be_a_date_a_local_time_or_an_instant) {
  using end = repeat_rule::end_of_rule;
  const auto of = [](std::string_view cell) { return parse_repeat(cell, year_first)->end; };
  const local_days day{year{2026} / 12 / 15};
  BOOST_TEST((of("FREQ=DAILY;UNTIL=20261215") == end(day)));
  BOOST_TEST((of("freq=daily;until=2026-12-15") == end(day)));
  BOOST_TEST((of("FREQ=DAILY;UNTIL=20261215T083000") == end(local_seconds{day} + 8h + 30min)));
  BOOST_TEST((of("FREQ=DAILY;UNTIL=20261215t083000z") == end(sys_seconds{(local_seconds{day} + 8h + 30min).time_since_epoch()})));
  BOOST_TEST((of("FREQ=DAILY;COUNT=366;") == end(366)));
}

// --- What is refused ---------------------------------------------------------------------------------------------------------

const std::vector<std::pair<std::string, std::string>> wrong_rules{
    {"FREQ=WEEKLY", "no end; add UNTIL=20261215 or COUNT=10"},
    {"weekly", "no end; add 'until 2026-12-15' or '10 times'"},
    {"FREQ=WEEKLY;COUNT=3;UNTIL=20261215", "COUNT and UNTIL"},
    {"BYDAY=MO;COUNT=3", "no FREQ"},
    {"FREQ=HOURLY;COUNT=3", "FREQ=HOURLY is too often"},
    {"FREQ=SECONDLY;COUNT=3", "too often"},
    {"FREQ=FORTNIGHTLY;COUNT=3", "'FORTNIGHTLY' is not DAILY"},
    {"FREQ=DAILY;BYHOUR=9,10;COUNT=3", "BYHOUR is not read: every meeting begins at the start's time of day"},
    {"FREQ=DAILY;BYMINUTE=0;COUNT=3", "BYMINUTE is not read"},
    {"FREQ=DAILY;BYSECOND=0;COUNT=3", "BYSECOND is not read"},
    {"FREQ=YEARLY;BYWEEKNO=20;COUNT=3", "BYWEEKNO is not supported"},
    {"FREQ=YEARLY;BYYEARDAY=20;COUNT=3", "BYYEARDAY is not supported"},
    {"RSCALE=HEBREW;FREQ=YEARLY;COUNT=3", "RSCALE is not supported"},
    {"FREQ=WEEKLY;BYDAYS=MO;COUNT=3", "'BYDAYS' is no part of a recurrence rule; is BYDAY meant?"},
    {"FREQ=WEEKLY;X-NAME=1;COUNT=3", "'X-NAME' is no part"},
    {"FREQ=WEEKLY;;COUNT=3", "has '' where a part"},
    {"FREQ=WEEKLY;FREQ=DAILY;COUNT=3", "FREQ twice"},
    {"FREQ=WEEKLY;COUNT=3;COUNT=4", "COUNT twice"},
    {"FREQ=WEEKLY;BYDAY=MO,MO;COUNT=3", "'MO' is no day, is named twice"},
    {"FREQ=WEEKLY;BYDAY=MO,XX;COUNT=3", "'XX' is no day"},
    {"FREQ=WEEKLY;BYDAY=;COUNT=3", "'' is no day"},
    {"FREQ=WEEKLY;BYDAY=MO,;COUNT=3", "'' is no day"},
    {"FREQ=WEEKLY;BYDAY=Mon;COUNT=3", "'Mon' is no day"},
    {"FREQ=MONTHLY;BYDAY=0MO;COUNT=3", "'0MO' is no day"},
    {"FREQ=MONTHLY;BYDAY=6MO;COUNT=3", "no sixth week"},
    {"FREQ=WEEKLY;BYDAY=2MO;COUNT=3", "for FREQ=MONTHLY and FREQ=YEARLY only"},
    {"FREQ=MONTHLY;BYDAY=2MO;BYMONTHDAY=9;COUNT=3", "no clear meaning"},
    {"FREQ=MONTHLY;BYMONTHDAY=32;COUNT=3", "BYMONTHDAY: '32' is no number from 1 to 31"},
    {"FREQ=MONTHLY;BYMONTHDAY=0;COUNT=3", "BYMONTHDAY: '0'"},
    {"FREQ=WEEKLY;BYMONTHDAY=3;COUNT=3", "BYMONTHDAY cannot be combined with FREQ=WEEKLY"},
    {"FREQ=DAILY;BYMONTHDAY=-1;COUNT=3", "from the end of the month"},
    {"FREQ=YEARLY;BYMONTHDAY=3;COUNT=3", "needs BYMONTH"},
    {"FREQ=YEARLY;BYMONTH=13;COUNT=3", "BYMONTH: '13'"},
    {"FREQ=YEARLY;BYMONTH=-1;COUNT=3", "BYMONTH: '-1'"},
    {"FREQ=WEEKLY;BYDAY=MO,TU;BYSETPOS=1;COUNT=3", "BYSETPOS is for"},
    {"FREQ=MONTHLY;BYSETPOS=1;COUNT=3", "BYSETPOS needs"},
    {"FREQ=WEEKLY;WKST=XX;COUNT=3", "WKST='XX' is no day"},
    {"FREQ=WEEKLY;INTERVAL=0;COUNT=3", "INTERVAL='0' must be a number from 1 to 999"},
    {"FREQ=WEEKLY;INTERVAL=1000;COUNT=3", "INTERVAL='1000'"},
    {"FREQ=WEEKLY;INTERVAL=two;COUNT=3", "INTERVAL='two'"},
    {"FREQ=WEEKLY;COUNT=0", "COUNT='0' must be a number from 1 to 366"},
    {"FREQ=WEEKLY;COUNT=367", "COUNT='367'"},
    {"FREQ=WEEKLY;COUNT=3x", "COUNT='3x'"},
    {"FREQ=WEEKLY;UNTIL=15.12.2026", "is no date of a rule"},
    {"FREQ=WEEKLY;UNTIL=20261315", "is no date of a rule"},
    {"FREQ=WEEKLY;UNTIL=20260230", "is no date of a rule"},
    {"FREQ=WEEKLY;UNTIL=20261215T240000", "is no date of a rule"},
    {"FREQ=WEEKLY;UNTIL=20261215T0830", "is no date of a rule"},
    {"FREQ=WEEKLY;UNTIL=20261215T083000+01:00", "is no date of a rule"},
    {"DTSTART:20260907T090000\nRRULE:FREQ=WEEKLY;COUNT=3", "DTSTART is no part of a recurrence rule; the column 'start'"},
    {"FREQ=WEEKLY;EXDATE=20260914;COUNT=3", "EXDATE is no part of a recurrence rule; write these dates into the column 'skip_dates'"},
    {"fortnightly 3 times", "'fortnightly' does not begin a rule; write for example"},
    {"biweekly 3 times", "two meanings"},
    {"every", "ends after 'every'"},
    {"every 0 weeks 3 times", "must be 1 to 999"},
    {"every second week 3 times", "'second' after 'every' is no day and no unit"},
    {"every 2 MO 3 times", "'MO' after 'every'"},
    {"daily MO 3 times", "weekly rule"},
    {"monthly MO 3 times", "FREQ=MONTHLY;BYDAY=1TU"},
    {"weekly MO,MO 3 times", "Monday twice"},
    {"weekly MO and 3 times", "'3' is no day"},
    {"weekly on 3 times", "'3' after 'on'"},
    {"weekly Montag 3 times", "'Montag' is not understood"},
    {"weekly MO 3", "'3' must be followed by 'times'"},
    {"weekly MO 3 weeks", "followed by 'times'"},
    {"weekly MO 3 times daily", "'daily' after the end"},
    {"weekly MO 400 times", "1 to 366"},
    {"weekly MO until", "is missing"},
    {"weekly MO until 15.12.2026", "'until 15.12.2026': the date does not begin with the year"},
    {"weekly MO until 2026-12-15 10:00", "has a time of day"},
    {"weekly MO for 14 weeks", "'for' is not understood"},
    {"MO,WE", "does not begin a rule"},
};

BOOST_AUTO_TEST_CASE(rules_that_could_be_misread_are_refused_with_the_reason) {
  for (const auto& [cell, reason] : wrong_rules) BOOST_TEST(holds(why(cell), reason));
}

BOOST_AUTO_TEST_CASE(the_start_must_be_a_date_of_the_rule) {
  BOOST_TEST(dates("weekly MO,WE 3 times", "2026-09-08") ==
             "the start 2026-09-08 is a Tuesday, but the rule names MO and WE; change the start or the rule");
  BOOST_TEST(holds(dates("FREQ=MONTHLY;BYDAY=1TU;COUNT=3", "2026-09-08"),
                   "is Tuesday number 2 of its month (2TU or -4TU), but the rule names 1TU"));
  BOOST_TEST(holds(dates("FREQ=MONTHLY;BYMONTHDAY=1,15;COUNT=3", "2026-09-08"), "is day 8 of its month, but the rule names 1 and 15"));
  BOOST_TEST(holds(dates("FREQ=DAILY;BYMONTH=10,11;COUNT=3", "2026-09-08"), "is in month 9, but the rule names 10 and 11"));
  BOOST_TEST(holds(dates("FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=1;COUNT=3", "2026-09-08"), "none of the days that BYSETPOS=1 chooses"));
}

BOOST_AUTO_TEST_CASE(a_start_that_some_months_lack_must_be_named_by_the_rule) {
  BOOST_TEST(holds(dates("monthly 6 times", "2026-08-31"), "BYMONTHDAY=-1 for the last day of the month"));
  BOOST_TEST(holds(dates("monthly 6 times", "2026-08-29"), "is day 29, which not every month has"));
  BOOST_TEST(holds(dates("yearly 2 times", "2028-02-29"), "is day 29"));
  BOOST_TEST(dates("yearly 2 times", "2026-08-31") == "2026-08-31 2027-08-31");
}

BOOST_AUTO_TEST_CASE(a_rule_has_at_most_366_dates) {
  BOOST_TEST(dates("daily 366 times", "2027-01-01").ends_with("2028-01-01"));
  BOOST_TEST(dates("daily until 2028-01-01", "2027-01-01").ends_with("2028-01-01"));
  BOOST_TEST(dates("daily until 2028-01-02", "2027-01-01") ==
             "the rule has more than 366 dates until 2028-01-02; end it earlier and write another row for the rest");
}

BOOST_AUTO_TEST_CASE(a_rule_must_not_end_before_its_start_nor_go_on_for_ever) {
  BOOST_TEST(dates("weekly until 2026-09-06", "2026-09-07") == "the rule ends on 2026-09-06, before the start on 2026-09-07");
  BOOST_TEST(dates("weekly until 2026-09-07", "2026-09-07") == "2026-09-07");
  BOOST_TEST(holds(dates("weekly until 2226-12-15", "2026-09-07"), "more than 10 years after the start; is the year right?"));
  BOOST_TEST(holds(dates("yearly 12 times", "2026-09-07"), "has only 11 of its 12 dates within 10 years"));
  BOOST_TEST(holds(dates("weekly 3 times", "1582-10-04"), "from the year 1900 to 2500 only"));
}

// Rules whose next date is far away, or never comes, would keep an iterator busy for seconds.
BOOST_AUTO_TEST_CASE(rules_without_dates_cost_nothing) {
  BOOST_TEST(holds(dates("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;COUNT=3", "2026-02-28"), "is day 28 of its month"));
  BOOST_TEST(holds(dates("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=6;COUNT=3", "2026-09-07"), "BYSETPOS=6"));
  BOOST_TEST(holds(dates("FREQ=MONTHLY;INTERVAL=12;BYMONTHDAY=29;COUNT=9", "2028-02-29"), "only 3 of its 9"));
  BOOST_TEST(holds(dates("FREQ=YEARLY;INTERVAL=999;BYMONTH=2;BYMONTHDAY=29;COUNT=2", "2028-02-29"), "only 1 of its 2"));
  BOOST_TEST(holds(dates("FREQ=DAILY;INTERVAL=999;BYMONTH=2;BYMONTHDAY=29;COUNT=2", "2028-02-29"), "only 1 of its 2"));
}

// --- Properties --------------------------------------------------------------------------------------------------------------

namespace {

// Any of these numbers, ascending. A set of the library gives up where most of the numbers are in it already.
std::vector<int> some_of(int first, int last) {
  const auto chosen = *rc::gen::inRange<std::uint64_t>(0, std::uint64_t{1} << (last - first + 1));
  std::vector<int> out;
  for (int n = first; n <= last; ++n)
    if ((chosen >> (n - first) & 1) != 0) out.push_back(n);
  return out;
}

repeat_rule any_rule() {
  repeat_rule rule;
  rule.every = *rc::gen::element(repeat_rule::unit::day, repeat_rule::unit::week, repeat_rule::unit::month, repeat_rule::unit::year);
  rule.interval = *rc::gen::weightedElement<int>({{5, 1}, {2, 2}, {1, 3}, {1, 7}});
  rule.week_start = weekday{*rc::gen::inRange(0U, 7U)};
  const bool long_unit = rule.every == repeat_rule::unit::month || rule.every == repeat_rule::unit::year;
  for (const int c : some_of(0, 6)) rule.days.push_back({weekday{static_cast<unsigned>(c)}, 0});
  if (*rc::gen::inRange(0, 3) == 0) {
    for (const int m : some_of(1, 12)) rule.months.push_back(m);
  }
  if (long_unit && rule.days.size() == 1 && *rc::gen::inRange(0, 2) == 0) rule.days[0].nth = *rc::gen::element(1, 2, 4, 5, -1, -2, -5);
  const bool positioned = !rule.days.empty() && rule.days[0].nth != 0;
  if (rule.every == repeat_rule::unit::month && !positioned && *rc::gen::inRange(0, 3) == 0) {
    for (const int d : some_of(1, 31)) rule.month_days.push_back(d % 3 == 0 ? -d : d);
  }
  if (long_unit && !rule.days.empty() && !positioned && *rc::gen::inRange(0, 2) == 0)
    rule.positions.push_back(*rc::gen::element(1, 2, -1, -2));
  return rule;
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_dates_are_those_that_looking_at_every_day_finds) {
  BOOST_TEST(rc::check("dates", [] {
    const auto rule = any_rule();
    local_days start = local_days{year{2026} / 1 / 1} + days{*rc::gen::inRange(0, 1500)};
    // The nearest start that the rule has.
    int tries = 0;
    while (!why_not_on(rule, start).empty() && ++tries < 800) start += days{1};
    RC_PRE(tries < 800);
    const local_days last = start + days{*rc::gen::inRange(0, 800)};
    const auto wanted = spec_test::naive_dates(rule, start).until(last);
    const auto found = expand(rule, {.start = start, .last = last});
    if (wanted.size() > max_occurrences) {
      RC_ASSERT(!found);
      return;
    }
    RC_ASSERT(found);
    RC_ASSERT(*found == wanted);
    RC_ASSERT(std::ranges::is_sorted(*found, std::less_equal<>()));
    const int count = *rc::gen::inRange(1, static_cast<int>(wanted.size()) + 1);
    const auto counted = expand(rule, {.start = start, .last = last_day_of_repeats(start), .count = count, .by_count = true});
    RC_ASSERT(counted);
    RC_ASSERT(*counted == std::vector(wanted.begin(), wanted.begin() + count));
  }));
}

BOOST_AUTO_TEST_SUITE_END()
