#include "spec/date_format.hpp"

#include <rapidcheck.h>

#include <array>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "rows_for_tests.hpp"

using convoke::spec::date_format;
using convoke::spec::time_cell;
namespace bdata = boost::unit_test::data;
using namespace std::chrono;
using namespace spec_test;

namespace {

// The time in UTC where the cell has date and time, with its offset taken as none; or the parts; or the reason.
std::string by(std::string_view format, std::string_view cell, time_cell wanted = time_cell::moment) {
  const auto made = date_format::parse(format);
  if (!made) return made.error().message;
  const auto read = convoke::spec::read_written_time(cell, wanted, &*made);
  if (!read) return read.error();
  const sys_seconds at{read->date.value_or(local_days{}).time_since_epoch() + read->time.value_or(seconds{0})};
  const std::string text = utc(convoke::utc_time{at});
  std::string out = read->date ? text.substr(0, 10) : std::string();
  if (read->time) out += (out.empty() ? "" : " ") + text.substr(11, 8);
  if (read->offset) out += " " + std::to_string(read->offset->count());
  return out;
}

std::string refused(std::string_view format) {
  const auto made = date_format::parse(format);
  if (made) return "accepted";
  BOOST_TEST((made.error().code == convoke::errc::usage));
  return made.error().message;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(spec_date_format)

BOOST_AUTO_TEST_CASE(cells_are_read_by_the_format) {
  BOOST_TEST(by("%d.%m.%Y %H:%M", "1.9.2026 8:05") == "2026-09-01 08:05:00");
  BOOST_TEST(by("%d.%m.%Y %H:%M", "01.09.2026  08:05") == "2026-09-01 08:05:00");
  BOOST_TEST(by("%d.%m.%Y %H:%M",
                "01.09.2026\xc2\xa0"
                "08:05") == "2026-09-01 08:05:00");
  BOOST_TEST(by("%m/%d/%Y %I:%M %p", "9/1/2026 8:05 PM") == "2026-09-01 20:05:00");
  BOOST_TEST(by("%m/%d/%Y %I:%M %p", "9/1/2026 12:05am") == "2026-09-01 00:05:00");
  BOOST_TEST(by("%d %b %Y %H:%M", "1 sep 2026 08:00") == "2026-09-01 08:00:00");
  BOOST_TEST(by("%d %B %Y %H:%M", "1 SEPTEMBER 2026 08:00") == "2026-09-01 08:00:00");
  BOOST_TEST(by("%d. %b %Y, %H.%M Uhr", "1. Sept. 2026, 08.00 Uhr") == "2026-09-01 08:00:00");
  BOOST_TEST(by("%d%m%Y%H%M", "010920260805") == "2026-09-01 08:05:00");
  BOOST_TEST(by("%Y%m%dT%H%M%S%z", "20260901T080500Z") == "2026-09-01 08:05:00 0");
  BOOST_TEST(by("%F %T %z", "2026-09-01 08:05:06 +0200") == "2026-09-01 08:05:06 120");
  BOOST_TEST(by("%F %T %z", "2026-09-01 08:05:06 UTC") == "2026-09-01 08:05:06 0");
  BOOST_TEST(by("%d/%m/%Y 100%% %H:%M", "1/9/2026 100% 08:00") == "2026-09-01 08:00:00");
  BOOST_TEST(by("%H:%M %d/%m/%Y", "8:00 1/9/2026") == "2026-09-01 08:00:00");
}

BOOST_AUTO_TEST_CASE(date_and_time_of_day_are_read_alone) {
  BOOST_TEST(by("%d.%m.%Y %H:%M", "1.9.2026", time_cell::day) == "2026-09-01");
  BOOST_TEST(by("%d.%m.%Y %I:%M %p", "8:05 PM", time_cell::time_of_day) == "20:05:00");
  BOOST_TEST(by("%d.%m.%Y %H.%M", "8.05", time_cell::time_of_day) == "08:05:00");
  BOOST_TEST(by("%d.%m.%Y", "1.9.2026", time_cell::day) == "2026-09-01");
  BOOST_TEST(by("%d.%m.%Y", "8:05", time_cell::time_of_day) == "08:05:00");
  // Day and hour are mixed: the format reads whole cells only.
  BOOST_TEST(holds(by("%d %H:%M %m %Y", "1 9 2026", time_cell::day), "does not fit --date-format"));
}

BOOST_AUTO_TEST_CASE(forms_that_begin_with_the_year_stay_readable) {
  BOOST_TEST(by("%d/%m/%Y %H:%M", "2026-09-01 08:00") == "2026-09-01 08:00:00");
  BOOST_TEST(by("%d/%m/%Y %H:%M", "2026-09-01T08:00:00+02:00") == "2026-09-01 08:00:00 120");
  BOOST_TEST(by("%d-%m-%y %H:%M", "2026-09-01 08:00") == "2026-09-01 08:00:00");
  BOOST_TEST(by("%m/%d/%Y %I:%M %p", "2026-09-01 08:00") == "2026-09-01 08:00:00");
  BOOST_TEST(by("%d/%m/%Y %H:%M", "2026-04-31 08:00") == "April has 30 days");
}

BOOST_AUTO_TEST_CASE(no_cell_is_read_in_two_ways) {
  BOOST_TEST(by("%Y-%d-%m %H:%M", "2026-01-09 08:00") == "2026-09-01 08:00:00");
  BOOST_TEST(holds(by("%Y-%d-%m %H:%M", "2026-09-13 08:00"), "there is no month 13"));
  BOOST_TEST(holds(by("%Y-%d-%b %H:%M", "2026-09-10 08:00"), "an English name of a month (%b) is expected at '10 08:00'"));
  // A time of day of 12 hours needs its half of the day.
  BOOST_TEST(holds(by("%m/%d/%Y %I:%M %p", "8:05", time_cell::time_of_day), "AM or PM (%p) is expected at its end"));
  BOOST_TEST(holds(by("%d %m %Y", "112 2026", time_cell::day), "a blank is expected at '2 2026'"));
}

BOOST_AUTO_TEST_CASE(the_reason_names_the_format_and_the_part) {
  const auto why = [](std::string_view cell) { return by("%d/%m/%Y %H:%M", cell); };
  BOOST_TEST(why("9/25/2026 08:00") == "does not fit --date-format '%d/%m/%Y %H:%M': there is no month 25");
  BOOST_TEST(why("31/4/2026 08:00") == "does not fit --date-format '%d/%m/%Y %H:%M': April has 30 days");
  BOOST_TEST(why("1.9.2026 08:00") == "does not fit --date-format '%d/%m/%Y %H:%M': '/' is expected at '.9.2026 08:00'");
  BOOST_TEST(why("1/9/26 08:00") == "does not fit --date-format '%d/%m/%Y %H:%M': a year of four digits (%Y) is expected at '26 08:00'");
  BOOST_TEST(why("1/9/2026 08:00:00") == "does not fit --date-format '%d/%m/%Y %H:%M': it goes on with ':00'");
  BOOST_TEST(why("1/9/2026 24:00") == "does not fit --date-format '%d/%m/%Y %H:%M': there is no hour 24: write 00:00 of the next day");
  BOOST_TEST(why("soon") == "does not fit --date-format '%d/%m/%Y %H:%M': a day (%d) is expected at 'soon'");
  BOOST_TEST(why("1/9/2026 8:5") == "does not fit --date-format '%d/%m/%Y %H:%M': a minute of two digits (%M) is expected at '5'");
  BOOST_TEST(holds(by("%d/%m/%Y", "1/9/2026 08:00"), "does not fit --date-format '%d/%m/%Y': it goes on with ' 08:00'"));
  BOOST_TEST(holds(by("%d/%m/%Y %I:%M %p", "1/9/2026 13:00 PM"), "there is no hour 13 of 12 (%I)"));
}

BOOST_AUTO_TEST_CASE(wrong_formats_are_refused) {
  BOOST_TEST(refused("%d.%m.%Y %H:%M") == "accepted");
  BOOST_TEST(holds(refused("%d.%m"), "has no year (%Y or %y); a complete date is needed"));
  BOOST_TEST(holds(refused("%H:%M"), "has no day (%d)"));
  BOOST_TEST(holds(refused(""), "has no day"));
  BOOST_TEST(holds(refused("%d.%m.%Y %I:%M"), "has an hour of 12 (%I), but no AM or PM (%p)"));
  BOOST_TEST(holds(refused("%d.%m.%Y %H:%M %p"), "has AM or PM (%p), but no hour of 12 (%I)"));
  BOOST_TEST(holds(refused("%d.%m.%Y %M"), "but no hour"));
  BOOST_TEST(holds(refused("%d.%m.%Y %H:%S"), "has seconds (%S), but no minutes (%M)"));
  BOOST_TEST(holds(refused("%d.%m.%Y %Q"), "has '%Q', which is not read"));
  BOOST_TEST(holds(refused("%d.%m.%Y %"), "ends with '%'"));
  BOOST_TEST(holds(refused("%F %d"), "has the day twice"));
  BOOST_TEST(holds(refused("%m %b %d %Y"), "has the month twice"));
  BOOST_TEST(holds(refused("dd.mm.yyyy"), "has no day (%d)"));
}

BOOST_AUTO_TEST_CASE(a_format_in_the_letters_of_spreadsheets_is_translated) {
  BOOST_TEST(refused("DD.MM.YYYY hh:mm").ends_with("a complete date is needed; is '%d.%m.%Y %H:%M' meant?"));
  BOOST_TEST(refused("m/d/yy").ends_with("is '%m/%d/%y' meant?"));
  BOOST_TEST(refused("TT.MM.JJJJ").ends_with("is '%d.%m.%Y' meant?"));
  BOOST_TEST(refused("jj/mm/aaaa").ends_with("is '%d/%m/%Y' meant?"));
  BOOST_TEST(refused("Month D").ends_with("a complete date is needed"));
  BOOST_TEST(refused("").ends_with("a complete date is needed"));
}

// Such a format says nothing of times of day.
BOOST_AUTO_TEST_CASE(the_reason_of_a_time_of_day_is_not_that_of_a_format_of_dates) {
  const auto why = [](std::string_view cell) { return by("%d.%m.%Y", cell, time_cell::time_of_day); };
  BOOST_TEST(why("24:00") == "there is no hour 24: write 00:00 of the next day");
  BOOST_TEST(why("8.15") == "is a number; write it as 08:15");
  BOOST_TEST(holds(why("0.34375"), "looks like a spreadsheet's number for a date or time"));
  BOOST_TEST(holds(why("08:15 - 09:45"), "looks like a range of times"));
  BOOST_TEST(holds(why("9 Uhr"), "has the word 'Uhr'"));
}

BOOST_AUTO_TEST_CASE(a_wrong_format_is_a_usage_error_of_the_builder) {
  convoke::spec::row_settings s;
  s.date_format = "%d.%m";
  const auto e = refusal("organizer|external_id|start", s);
  BOOST_TEST((e.code == convoke::errc::usage));
  BOOST_TEST(holds(e.message, "--date-format '%d.%m' has no year"));
}

BOOST_AUTO_TEST_CASE(the_format_serves_the_cells_of_a_row) {
  convoke::spec::row_settings s;
  s.date_format = "%d.%m.%Y %H:%M";
  table t("organizer|external_id|start|end|tz", s);
  BOOST_TEST(utc(t.row(ada + "|x|01.09.2026 08:00|2026-09-01 09:30|East").wanted.end) == "2026-09-01T07:30:00Z");
  BOOST_TEST(t.why(ada + "|x|09/01/2026 08:00||East") ==
             "column 'start': '09/01/2026 08:00': does not fit --date-format '%d.%m.%Y %H:%M': '.' is expected at '/01/2026 08:00'");
  s.date_format = "%d.%m.%Y";
  table d("organizer|external_id|date|start_time|tz", s);
  BOOST_TEST(utc(d.row(ada + "|x|1.9.2026|8:00|East").wanted.start) == "2026-09-01T06:00:00Z");
}

BOOST_AUTO_TEST_CASE(an_offset_in_the_cell_wins_over_the_zone) {
  convoke::spec::row_settings s;
  s.date_format = "%d.%m.%Y %H:%M %z";
  table t("organizer|external_id|start|tz", s);
  BOOST_TEST(utc(t.row(ada + "|x|01.09.2026 08:00 +0500|East").wanted.start) == "2026-09-01T03:00:00Z");
}

BOOST_AUTO_TEST_CASE(what_a_format_writes_it_reads) {
  const bool ok = rc::check("dates of a format", [] {
    const auto day_count = *rc::gen::inRange(10957, 40000);
    const auto minute = *rc::gen::inRange(0, 1440);
    const year_month_day date{sys_days{days{day_count}}};
    const bool american = *rc::gen::arbitrary<bool>();
    const auto d = std::to_string(unsigned{date.day()}), m = std::to_string(unsigned{date.month()}), y = std::to_string(int{date.year()});
    const int hour = minute / 60;
    const std::string min = (minute % 60 < 10 ? "0" : "") + std::to_string(minute % 60);
    const std::string cell =
        american ? m + "/" + d + "/" + y + " " + std::to_string(hour % 12 == 0 ? 12 : hour % 12) + ":" + min + (hour < 12 ? " AM" : " PM")
                 : d + "." + m + "." + y + " " + std::to_string(hour) + ":" + min;
    const auto format = date_format::parse(american ? "%m/%d/%Y %I:%M %p" : "%d.%m.%Y %H:%M");
    const auto read = format->read(cell, time_cell::moment);
    RC_ASSERT(read.has_value());
    RC_ASSERT((read->date == local_days{date} && read->time == minutes{minute}));
  });
  BOOST_TEST(ok);
}

BOOST_AUTO_TEST_SUITE_END()
