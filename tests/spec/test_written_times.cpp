#include <rapidcheck.h>

#include <array>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <ostream>
#include <utility>

#include "rows_for_tests.hpp"
#include "spec/date_format.hpp"
#include "spec/written_time.hpp"

using convoke::spec::time_cell;
using convoke::spec::written_time;
namespace bdata = boost::unit_test::data;
using namespace std::chrono;

namespace {

std::string two(std::int64_t n) {
  return (n < 10 ? "0" : "") + std::to_string(n);
}

// `2026-09-01 08:15:00 +60`, with the offset in minutes, or the reason.
std::string says(std::string_view cell, time_cell wanted = time_cell::moment) {
  const auto read = convoke::spec::read_written_time(cell, wanted, nullptr);
  if (!read) return read.error();
  std::string out;
  if (read->date) {
    const year_month_day d{*read->date};
    out = std::to_string(int{d.year()}) + "-" + two(unsigned{d.month()}) + "-" + two(unsigned{d.day()});
  }
  if (read->time) {
    const hh_mm_ss t{*read->time};
    out += (out.empty() ? "" : " ") + two(t.hours().count()) + ":" + two(t.minutes().count()) + ":" + two(t.seconds().count());
  }
  if (read->offset) out += " " + std::to_string(read->offset->count());
  return out;
}

struct wrong_cell {
  std::string_view text;
  std::string_view reason;  // its beginning
};
std::ostream& operator<<(std::ostream& out, const wrong_cell& w) {
  return out << w.text;
}

constexpr wrong_cell wrong_moments[] = {
    {"n/a", "is no date or time"},
    {"TBA/TBD", "is no date or time"},
    {"-", "is no date or time"},
    {"2027-03-19 08:15 Europe/Berlin", "the zone 'Europe/Berlin' belongs in a time_zone column"},
    {"2027-03-19T08:15+01:00[Europe/Berlin]", "'+01:00[Europe/Berlin]' is no offset"},
    {"2027-03-19 08:15 CET", "the zone 'CET' belongs in a time_zone column"},
    {"2027-03-19 08:15 (CET)", "the zone 'CET' belongs in a time_zone column"},
    {"2027-03-19 08:15 W. Europe Standard Time", "the zone 'W. Europe Standard Time' belongs in a time_zone column"},
    {"2027-03-19 08:15 GMT", "'GMT' can mean UTC or the time in London"},
    {"2027-03-19 08:15 UTC+1", "'UTC+1' is no offset: write it alone, such as +01:00"},
    {"2027-03-19 08:15 GMT+0100", "'GMT+0100' is no offset: write it alone"},
    {"2027-03-19 08:15 +1", "'+1' is no offset from UTC: write it as +02:00"},
    {"2027-03-19T08:15+20:00", "'+20:00' is no offset from UTC"},
    {"2027-03-19T08:15:00+25:00", "'+25:00' is no offset from UTC"},
    {"2027-03-19 8:15+01:60", "'+01:60' is no offset from UTC"},
    {"2027-03-19 08:15 \xe2\x88\x92"
     "05:00",
     "'\xe2\x88\x92"
     "05:00' is no offset from UTC"},
    {"2027\u201103\u201119 08:15", "has the character U+2011 where '-' is expected; write it as 2026-09-01 08:00"},
    {"2027\u201303\u201319", "has the character U+2013 where '-' is expected"},
    {"2027-03-19 24:00", "there is no hour 24: write 00:00 of the next day"},
    {"2027-03-19T24:00:00Z", "there is no hour 24: write 00:00 of the next day"},
    {"2027-03-19 25:00", "there is no hour 25"},
    {"2027-03-19 24:01", "there is no hour 24"},
    {"2027-03-19 08:60", "there is no minute 60"},
    {"2027-03-19 08:15:60", "there is no second 60"},
    {"2027-03-19 08:15:00.5", "has fractions of a second"},
    {"2027-03-19T8:15:00.5Z", "has fractions of a second"},
    {"2027-03-19 08:15 PM", "12-hour times are not read: write 20:15, or give --date-format '%Y-%m-%d %I:%M %p'"},
    {"2027-03-19 8:15:30pm", "12-hour times are not read: write 20:15:30, or give --date-format '%Y-%m-%d %I:%M:%S %p'"},
    {"2027-03-19 12:15 a.m.", "12-hour times are not read: write 00:15"},
    {"2027-03-19 12:15 p.m.", "12-hour times are not read: write 12:15"},
    {"2027-03-19 8 AM", "12-hour times are not read: write 08:00"},
    {"2027-03-19 08:15 Uhr", "has 'Uhr' after the time"},
    {"'2027-03-19 08:15", "begins with an apostrophe, by which spreadsheets mark text; take it out"},
    {"2027-03-19 08", "has an hour, but no minutes"},
    {"2027-03-19 08:", "has no minutes after 8:"},
    {"2027-03-19 08:5", "has minutes of one digit"},
    {"2027-03-19 08:15:5", "does not have two digits for its seconds"},
    {"2027-03-19 08.15", "does not have its time of day in the form 08:15"},
    {"2027-03-19 0815", "does not have its time of day in the form 08:15"},
    {"2027-03-19 8h15", "does not have its time of day in the form 08:15"},
    {"2027-03-19 08:15-09:45", "may be a range of times"},
    {"2027-03-19 8:15-09:45", "may be a range of times"},
    {"2027-03-19 08:15 - 09:45", "looks like a range of times"},
    {"2027-03-19 08:15\xe2\x80\x93"
     "09:45",
     "looks like a range of times"},
    {"2027-03-19, 08:15", "has ', 08:15' after the date"},
    {"2027-03-19 Fri 08:15", "has 'Fri 08:15' where a time of day is expected"},
    {"2027-04-31 08:00", "April has 30 days"},
    {"2027-02-29 08:00", "February 2027 has 28 days"},
    {"2027-13-01 08:00", "there is no month 13; the month comes before the day"},
    {"2027-13-41 08:00", "there is no month 13"},
    {"2027-00-10 08:00", "there is no month 0"},
    {"2027-01-00 08:00", "there is no day 0"},
    {"2027/03/19 08:15", "has '/' between year, month and day: write 2026-09-01, or give --date-format '%Y/%m/%d %H:%M'"},
    {"2027.3.19 08:15:00", "has '.' between year, month and day: write 2026-09-01, or give --date-format '%Y.%m.%d %H:%M:%S'"},
    {"01/09/2026",
     "does not say which number is the day and which the month; write it as 2026-09-01, or give --date-format "
     "'%d/%m/%Y %H:%M' or '%m/%d/%Y %H:%M'; it has no time of day either"},
    {"01-09-2026 08:00",
     "does not say which number is the day and which the month; write it as 2026-09-01, or give --date-format "
     "'%d-%m-%Y %H:%M' or '%m-%d-%Y %H:%M'"},
    {"1.9.2026 8:00", "does not begin with the year; write it as 2026-09-01, or give --date-format '%d.%m.%Y %H:%M'"},
    {"01.09.26, 08:00:00", "does not begin with the year; write it as 2026-09-01, or give --date-format '%d.%m.%y, %H:%M:%S'"},
    {"25/09/2026 8:00 PM", "does not begin with the year; write it as 2026-09-01, or give --date-format '%d/%m/%Y %I:%M %p'"},
    {"9/25/2026 08:00 +01:00", "does not begin with the year; write it as 2026-09-01, or give --date-format '%m/%d/%Y %H:%M %z'"},
    {"31/31/2026", "is no date: there is no month 31"},
    {"1 Sep 2026 08:00", "has the name of a month"},
    {"Tuesday, September 1, 2026 8:00 AM", "has the name of a month"},
    {"1. M\xc3\xa4rz 2026", "has the word 'rz', which is not read"},
    {"46266.34375", "looks like a spreadsheet's number for a date or time"},
    {"46266,34375", "looks like a spreadsheet's number for a date or time"},
    {"46266", "looks like a spreadsheet's number for a date or time"},
    {"0.34375", "looks like a spreadsheet's number for a date or time"},
    {"1788249600", "looks like a count of seconds"},
    {"1788249600000", "looks like a count of seconds"},
    {"42", "is a number"},
    {"20260901", "has no separators between year, month and day"},
    {"20260901T0800", "has no separators between year, month and day"},
    {"20260901T080000Z", "has no separators between year, month and day"},
    {"202609010800", "has no separators between year, month and day"},
    {"2026-W36-2T08:00", "is a week of the year"},
    {"2026W362", "is a week of the year"},
    {"2026-244T08:00", "is a day of the year"},
    {"2026-09", "is not in a form that convoke reads"},
    {"8 PM", "12-hour times are not read: write 20:00"},
    {"2026-09-01T08:00\xe2\x80", "has '\\xe2\\x80' after the time"}};

}  // namespace

BOOST_AUTO_TEST_SUITE(spec_written_times)

BOOST_AUTO_TEST_CASE(row_11_a_no_break_space_between_date_and_time_is_a_blank) {
  BOOST_TEST(says("2027-03-19\xc2\xa0"
                  "08:15") == "2027-03-19 08:15:00");
  BOOST_TEST(says("2027-03-19 \xc2\xa0 8:15\xe2\x80\xaf+01:00") == "2027-03-19 08:15:00 60");
  BOOST_TEST(says("2027-03-19\t08:15") == "2027-03-19 08:15:00");
}

BOOST_AUTO_TEST_CASE(row_12_the_reason_goes_by_the_shape_of_the_date) {
  for (const std::string_view text : {"n/a", "TBA/TBD"})
    BOOST_TEST(says(text).starts_with("is no date or time; write it as 2026-09-01 08:00"));
  BOOST_TEST(says("2027-03-19 08:15 Europe/Berlin") == "the zone 'Europe/Berlin' belongs in a time_zone column");
  BOOST_TEST(says("01/09/2026").starts_with("does not say which number is the day"));
}

BOOST_AUTO_TEST_CASE(row_13_offsets_and_hours_as_people_write_them_are_read) {
  BOOST_TEST(says("2027-03-19T08:15:00+01") == "2027-03-19 08:15:00 60");
  BOOST_TEST(says("2027-03-19T08:15:00+0100") == "2027-03-19 08:15:00 60");
  BOOST_TEST(says("2027-03-19T08:15:00 +01:00") == "2027-03-19 08:15:00 60");
  BOOST_TEST(says("2027-03-19 08:15 UTC") == "2027-03-19 08:15:00 0");
  BOOST_TEST(says("2027-03-19 8:15") == "2027-03-19 08:15:00");
}

BOOST_AUTO_TEST_CASE(row_13_the_parts_that_are_wrong_are_named) {
  BOOST_TEST(says("2027-03-19 08:15 PM").starts_with("12-hour times are not read: write 20:15"));
  BOOST_TEST(says("2027-03-19 24:00") == "there is no hour 24: write 00:00 of the next day");
}

BOOST_AUTO_TEST_CASE(times_in_all_forms_are_read) {
  BOOST_TEST(says("2026-09-01T08:00:00Z") == "2026-09-01 08:00:00 0");
  BOOST_TEST(says("2026-09-01t8:00 z") == "2026-09-01 08:00:00 0");
  BOOST_TEST(says("2026-9-1 8:00") == "2026-09-01 08:00:00");
  BOOST_TEST(says("2026-9-1") == "2026-09-01");
  BOOST_TEST(says("8:05") == "08:05:00");
  BOOST_TEST(says("08:05:30 -0330") == "08:05:30 -210");
  BOOST_TEST(says("2026-09-01 8:00:00.000") == "2026-09-01 08:00:00");
  BOOST_TEST(says("2026-09-01T08:00:00.0000000+05:45") == "2026-09-01 08:00:00 345");
  BOOST_TEST(says("2026-09-01 08:00:00-09:30") == "2026-09-01 08:00:00 -570");
  BOOST_TEST(says("2026-09-01T08:00-09:30") == "2026-09-01 08:00:00 -570");
  BOOST_TEST(says("2026-09-01 08:00 -09:30") == "2026-09-01 08:00:00 -570");
  BOOST_TEST(says("2026-09-01 08:00-05:00") == "2026-09-01 08:00:00 -300");
  BOOST_TEST(says("2026-09-01 23:59+14:00") == "2026-09-01 23:59:00 840");
}

BOOST_DATA_TEST_CASE(other_forms_are_refused_with_the_part_that_is_wrong, bdata::make(wrong_moments), one) {
  const std::string why = says(one.text);
  BOOST_TEST_INFO(why);
  BOOST_TEST(why.starts_with(one.reason));
}

BOOST_AUTO_TEST_CASE(the_proposed_form_fits_the_column) {
  BOOST_TEST(says("soon", time_cell::day) == "is no date or time; write it as 2026-09-01");
  BOOST_TEST(says("soon", time_cell::time_of_day) == "is no date or time; write it as 08:15");
  BOOST_TEST(says("1/9/2026", time_cell::day).ends_with("give --date-format '%d/%m/%Y' or '%m/%d/%Y'"));
  BOOST_TEST(says("8.15", time_cell::time_of_day) == "is a number; write it as 08:15");
}

BOOST_AUTO_TEST_CASE(a_date_is_a_date_alone) {
  using convoke::spec::read_date;
  BOOST_TEST((read_date("2026-12-21", nullptr) == local_days{year{2026} / 12 / 21}));
  BOOST_TEST(read_date("2026-12-21 08:00", nullptr).error().starts_with("has a time of day"));
  BOOST_TEST(read_date("08:00", nullptr).error().starts_with("has no date"));
  const auto format = convoke::spec::date_format::parse("%d.%m.%Y %H:%M");
  BOOST_TEST((read_date("21.12.2026", &*format) == local_days{year{2026} / 12 / 21}));
}

// The day, the month and the time of an accepted cell are those that are written, and the reason is never empty.
BOOST_AUTO_TEST_CASE(whatever_is_read_is_what_is_written) {
  const bool ok = rc::check("year first", [] {
    const auto y = *rc::gen::inRange(0, 10000);
    const auto m = *rc::gen::inRange(0, 15);
    const auto d = *rc::gen::inRange(0, 34);
    const auto h = *rc::gen::inRange(0, 27);
    const auto min = *rc::gen::inRange(0, 63);
    const bool wide = *rc::gen::arbitrary<bool>();
    const auto pad = [wide](int n) { return wide ? two(n) : std::to_string(n); };
    std::string text = std::to_string(y);
    text = std::string(4 - text.size(), '0') + text + "-" + pad(m) + "-" + pad(d) +
           *rc::gen::element<std::string>("T", " ", "  ", "\xc2\xa0") + pad(h) + ":" + two(min) +
           *rc::gen::element<std::string>("", "Z", " +00", "+0000", " UTC");
    const auto read = convoke::spec::read_written_time(text, time_cell::moment, nullptr);
    const year_month_day date{year{y}, month{static_cast<unsigned>(m)}, day{static_cast<unsigned>(d)}};
    const bool exists = date.ok() && h < 24 && min < 60;
    RC_ASSERT(read.has_value() == exists);
    if (!exists) RC_ASSERT(!read.error().empty());
    if (exists) RC_ASSERT((read->date == local_days{date} && read->time == hours{h} + minutes{min}));
  });
  BOOST_TEST(ok);
}

BOOST_AUTO_TEST_SUITE_END()
