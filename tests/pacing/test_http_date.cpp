#include <rapidcheck/boost_test.h>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <optional>
#include <string>

#include "pacing/pacing.hpp"

namespace {

using convoke::utc_time;
using convoke::pacing::parse_http_date;

utc_time at(std::string_view text) {
  return convoke::parse_utc(text).value();
}

std::string read(std::string_view text, std::string_view now = "2026-09-01T08:00:00Z") {
  const auto found = parse_http_date(text, at(now));
  return found ? convoke::format_utc(*found) : "-";
}

struct example {
  const char* text;
  const char* expected;
};
std::ostream& operator<<(std::ostream& out, const example& e) {
  return out << '"' << e.text << '"';
}

constexpr example forms[] = {
    // The three examples of RFC 9110, 5.6.7.
    {"Sun, 06 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37Z"},    {"Sunday, 06-Nov-94 08:49:37 GMT", "1994-11-06T08:49:37Z"},
    {"Sun Nov  6 08:49:37 1994", "1994-11-06T08:49:37Z"},         {"Sun Nov 16 08:49:37 1994", "1994-11-16T08:49:37Z"},
    {"  Sun, 06 Nov 1994 08:49:37 GMT ", "1994-11-06T08:49:37Z"}, {"sun, 06 nov 1994 08:49:37 gmt", "1994-11-06T08:49:37Z"},
    {"Mon, 06 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37Z"},  // a wrong weekday is ignored
    {"Sat, 31 Dec 2016 23:59:60 GMT", "2017-01-01T00:00:00Z"},  // a leap second
    {"Thu, 29 Feb 2024 00:00:00 GMT", "2024-02-29T00:00:00Z"},    {"Fri, 31 Dec 9999 23:59:59 GMT", "9999-12-31T23:59:59Z"},
};

constexpr const char* refused[] = {
    "",
    " ",
    "5",
    "1994",
    "Sun",
    "Sun, 06 Nov 1994 08:49:37",
    "Sun, 06 Nov 1994 08:49:37 UTC",
    "Sun, 06 Nov 1994 08:49:37 +0000",
    "Sun, 6 Nov 1994 08:49:37 GMT",
    "Sun, 06 Nov 94 08:49:37 GMT",
    "Sun,06 Nov 1994 08:49:37 GMT",
    "Sun, 06-Nov-94 08:49:37 GMT",
    "Sunday, 06 Nov 1994 08:49:37 GMT",
    "Sunday, 06-Nov-1994 08:49:37 GMT",
    "Xyz, 06 Nov 1994 08:49:37 GMT",
    "Sun, 06 Nvo 1994 08:49:37 GMT",
    "Sun, 00 Nov 1994 08:49:37 GMT",
    "Sun, 31 Nov 1994 08:49:37 GMT",
    "Wed, 29 Feb 2023 00:00:00 GMT",
    "Sun, 06 Nov 1994 24:00:00 GMT",
    "Sun, 06 Nov 1994 08:60:37 GMT",
    "Sun, 06 Nov 1994 08:49:61 GMT",
    "Sun, 06 Nov 1994 8:49:37 GMT",
    "Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT",
    "Sun, -6 Nov 1994 08:49:37 GMT",
    "Sun Nov 6 08:49:37 1994",
    "Sun Nov 06 08:49:37 94",
    "Sun Nov  6 08:49:37 1994 GMT",
    "2026-09-01T08:00:00Z",
};

struct short_year {
  const char* now;
  const char* text;
  const char* expected;
};
std::ostream& operator<<(std::ostream& out, const short_year& e) {
  return out << e.text << " at " << e.now;
}

constexpr short_year short_years[] = {
    {"2026-09-01T08:00:00Z", "Sunday, 06-Nov-94 08:49:37 GMT", "1994-11-06T08:49:37Z"},
    {"2026-09-01T08:00:00Z", "Sunday, 06-Nov-75 08:49:37 GMT", "2075-11-06T08:49:37Z"},
    {"2026-09-01T08:00:00Z", "Tuesday, 01-Sep-76 08:00:00 GMT", "2076-09-01T08:00:00Z"},  // exactly 50 years ahead: not taken for the past
    {"2026-09-01T08:00:00Z", "Tuesday, 01-Sep-76 08:00:01 GMT", "1976-09-01T08:00:01Z"},
    {"2026-09-01T08:00:00Z", "Sunday, 06-Nov-77 08:49:37 GMT", "1977-11-06T08:49:37Z"},
    {"2099-12-31T23:59:00Z", "Friday, 01-Jan-00 00:00:10 GMT", "2100-01-01T00:00:10Z"},
    {"2100-01-01T00:00:10Z", "Thursday, 31-Dec-99 23:59:00 GMT", "2099-12-31T23:59:00Z"},
    {"2024-02-29T00:00:00Z", "Thursday, 29-Feb-24 00:00:01 GMT", "2024-02-29T00:00:01Z"},
    {"2090-01-01T00:00:00Z", "Monday, 29-Feb-00 00:00:00 GMT", "-"},  // 2100 is no leap year
    {"1970-01-01T00:00:00Z", "Monday, 01-Jan-69 00:00:00 GMT", "1969-01-01T00:00:00Z"},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(http_date)

BOOST_DATA_TEST_CASE(reads_the_three_forms, boost::unit_test::data::make(forms), e) {
  BOOST_TEST(read(e.text) == e.expected);
}

BOOST_DATA_TEST_CASE(refuses_what_is_no_date, boost::unit_test::data::make(refused), text) {
  BOOST_TEST(read(text) == "-");
}

BOOST_DATA_TEST_CASE(reads_a_short_year_within_50_years, boost::unit_test::data::make(short_years), e) {
  BOOST_TEST(read(e.text, e.now) == e.expected);
}

BOOST_AUTO_TEST_CASE(an_absurd_local_clock_does_not_overflow) {
  for (const auto now : {utc_time::min(), utc_time::max(), utc_time{}}) {
    BOOST_TEST(parse_http_date("Sunday, 06-Nov-94 08:49:37 GMT", now).has_value());
    BOOST_TEST((parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT", now) == at("1994-11-06T08:49:37Z")));
  }
}

RC_BOOST_PROP(every_second_reads_the_same_in_every_form, ()) {
  using std::chrono::days, std::chrono::floor, std::chrono::hh_mm_ss, std::chrono::sys_seconds, std::chrono::weekday;
  using std::chrono::year_month_day;
  const sys_seconds t{std::chrono::seconds(*rc::gen::inRange<std::int64_t>(0, 4'000'000'000))};
  const auto day = floor<days>(t);
  const year_month_day date{day};
  const hh_mm_ss time{t - day};
  static constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  static constexpr const char* short_days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char* long_days[] = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
  const auto month = months[static_cast<unsigned>(date.month()) - 1];
  const auto weekday_index = weekday{day}.c_encoding();
  const auto d = static_cast<unsigned>(date.day());
  const auto y = static_cast<int>(date.year());
  const auto h = static_cast<int>(time.hours().count()), m = static_cast<int>(time.minutes().count()),
             s = static_cast<int>(time.seconds().count());
  char imf[64], rfc850[64], asc[64];
  std::snprintf(imf, sizeof imf, "%s, %02u %s %04d %02d:%02d:%02d GMT", short_days[weekday_index], d, month, y, h, m, s);
  std::snprintf(rfc850, sizeof rfc850, "%s, %02u-%s-%02d %02d:%02d:%02d GMT", long_days[weekday_index], d, month, y % 100, h, m, s);
  std::snprintf(asc, sizeof asc, "%s %s %2u %02d:%02d:%02d %04d", short_days[weekday_index], month, d, h, m, s, y);
  const utc_time expected{t};
  RC_ASSERT(parse_http_date(imf, utc_time{}) == expected);
  RC_ASSERT(parse_http_date(rfc850, expected + std::chrono::hours(24)) == expected);
  RC_ASSERT(parse_http_date(asc, utc_time{}) == expected);
}

BOOST_AUTO_TEST_SUITE_END()
