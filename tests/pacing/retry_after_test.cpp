#include <rapidcheck/boost_test.h>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "pacing/pacing.hpp"

namespace {

using namespace std::chrono_literals;
using convoke::utc_time;
using convoke::pacing::longest_wait;
using convoke::pacing::parse_retry_after;
using std::chrono::nanoseconds;
using wait = std::optional<nanoseconds>;

// The local clock is a day wrong, so that a test sees which clock was used.
const utc_time local_now = convoke::parse_utc("2026-09-02T08:00:00Z").value();
constexpr auto answer_date = "Tue, 01 Sep 2026 08:00:00 GMT";

wait read(std::vector<std::string_view> lines, std::string_view date = answer_date) {
  return parse_retry_after(lines, date, local_now);
}

struct vector_row {
  std::string name;
  std::vector<std::string_view> lines;
  std::string_view date;
  wait expected;
};
std::ostream& operator<<(std::ostream& out, const vector_row& row) {
  return out << row.name;
}

const std::string digits_400(400, '9');

const std::vector<vector_row> table{
    {"absent", {}, answer_date, std::nullopt},
    {"zero", {"0"}, answer_date, 500ms},
    {"five", {"5"}, answer_date, 5s},
    {"blanks around", {"  5  "}, answer_date, 5s},
    {"tabs around", {"\t5\t"}, answer_date, 5s},
    {"decimal", {"2.128"}, answer_date, 2128ms},
    {"decimal under the floor", {"0.249"}, answer_date, 500ms},
    {"decimal just over the floor", {"0.500000001"}, answer_date, nanoseconds(500'000'001)},
    {"decimal beyond nanoseconds is rounded up", {"1.0000000001"}, answer_date, nanoseconds(1'000'000'001)},
    {"decimal with zeros beyond nanoseconds", {"1.0000000000"}, answer_date, 1s},
    {"decimal that carries", {"1.9999999999"}, answer_date, 2s},
    {"joined", {"0,120"}, answer_date, 120s},
    {"joined, larger first", {"120,0"}, answer_date, 120s},
    {"joined with blank", {"120, 120"}, answer_date, 120s},
    {"joined with an empty part", {"3,,"}, answer_date, 3s},
    {"joined with garbage", {"soon, 7"}, answer_date, 7s},
    {"minutes", {"315"}, answer_date, 315s},
    {"an hour", {"3600"}, answer_date, 3600s},
    {"a week", {"604800"}, answer_date, 604800s},
    {"leading zeros", {"00005"}, answer_date, 5s},
    {"IMF-fixdate", {"Tue, 01 Sep 2026 08:05:00 GMT"}, answer_date, 300s},
    {"RFC 850", {"Tuesday, 01-Sep-26 08:05:00 GMT"}, answer_date, 300s},
    {"asctime", {"Tue Sep  1 08:05:00 2026"}, answer_date, 300s},
    {"date and Date both asctime", {"Tue Sep  1 08:05:00 2026"}, "Tue Sep  1 08:00:00 2026", 300s},
    {"date before Date", {"Tue, 01 Sep 2026 07:00:00 GMT"}, answer_date, 500ms},
    {"date equal to Date", {"Tue, 01 Sep 2026 08:00:00 GMT"}, answer_date, 500ms},
    {"date, no Date", {"Wed, 02 Sep 2026 08:05:00 GMT"}, "", 300s},
    {"date, unreadable Date", {"Wed, 02 Sep 2026 08:05:00 GMT"}, "yesterday", 300s},
    {"date in the year 9999", {"Fri, 31 Dec 9999 23:59:59 GMT"}, answer_date, longest_wait},
    {"date in the year 0000", {"Sat, 01 Jan 0000 00:00:00 GMT"}, answer_date, 500ms},
    {"joined dates", {"Tue, 01 Sep 2026 08:05:00 GMT, Tue, 01 Sep 2026 08:06:00 GMT"}, answer_date, 360s},
    {"joined number and date", {"120, Tue, 01 Sep 2026 08:05:00 GMT"}, answer_date, 300s},
    {"joined date and number", {"Tue, 01 Sep 2026 08:05:00 GMT, 400"}, answer_date, 400s},
    {"joined asctime dates", {"Tue Sep  1 08:05:00 2026,Tue Sep  1 08:07:00 2026"}, answer_date, 420s},
    {"negative", {"-5"}, answer_date, std::nullopt},
    {"word", {"soon"}, answer_date, std::nullopt},
    {"empty", {""}, answer_date, std::nullopt},
    {"blank", {"   "}, answer_date, std::nullopt},
    {"comma", {","}, answer_date, std::nullopt},
    {"exponent", {"1e3"}, answer_date, std::nullopt},
    {"hexadecimal", {"0x10"}, answer_date, std::nullopt},
    {"not a number", {"NaN"}, answer_date, std::nullopt},
    {"infinity", {"inf"}, answer_date, std::nullopt},
    {"plus sign", {"+5"}, answer_date, std::nullopt},
    {"two points", {"1.2.3"}, answer_date, std::nullopt},
    {"no whole part", {".5"}, answer_date, std::nullopt},
    {"no fraction", {"5."}, answer_date, std::nullopt},
    {"unit", {"5s"}, answer_date, std::nullopt},
    {"inner blank", {"1 2"}, answer_date, std::nullopt},
    {"NUL", {std::string_view("5\0", 2)}, answer_date, std::nullopt},
    {"400 digits", {digits_400}, answer_date, std::nullopt},
    {"20 digits", {"99999999999999999999"}, answer_date, longest_wait},
    {"more nanoseconds than 64 bits", {"9223372037"}, answer_date, longest_wait},
    {"a thousand years", {"31536000000"}, answer_date, longest_wait},
    {"two lines", {"3", "9"}, answer_date, 9s},
    {"two lines, larger first", {"9", "3"}, answer_date, 9s},
    {"two lines, one unusable", {"soon", "9"}, answer_date, 9s},
    {"two lines, number and date", {"30", "Tue, 01 Sep 2026 08:05:00 GMT"}, answer_date, 300s},
    {"two unusable lines", {"soon", ""}, answer_date, std::nullopt},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(retry_after)

BOOST_DATA_TEST_CASE(follows_the_table, boost::unit_test::data::make(table), row) {
  const auto got = read(row.lines, row.date);
  BOOST_TEST(got.has_value() == row.expected.has_value());
  if (got && row.expected) BOOST_TEST(got->count() == row.expected->count());
}

BOOST_AUTO_TEST_CASE(without_a_date_the_local_clock_counts_to_its_last_tick) {
  const std::string_view line = "Wed, 02 Sep 2026 08:00:10 GMT";
  const auto got = parse_retry_after({&line, 1}, "", local_now + 250ms);
  BOOST_TEST(got.value().count() == nanoseconds(9750ms).count());
}

BOOST_AUTO_TEST_CASE(a_short_year_is_read_near_the_answers_own_date) {
  // The local clock says 1970, where 26 would be 1926 or 2026 alike; the answer's Date decides.
  const std::string_view line = "Tuesday, 01-Sep-26 08:05:00 GMT";
  const auto got = parse_retry_after({&line, 1}, answer_date, utc_time{});
  BOOST_TEST(got.value().count() == nanoseconds(300s).count());
}

BOOST_AUTO_TEST_CASE(an_absurd_local_clock_is_survived) {
  for (const auto now : {utc_time::min(), utc_time::max()}) {
    for (const std::string_view line : {"5", "Tuesday, 01-Sep-26 08:05:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT"}) {
      BOOST_TEST((parse_retry_after({&line, 1}, "", now) >= wait(500ms)));
    }
  }
}

BOOST_AUTO_TEST_CASE(the_longest_wait_can_be_jittered_and_added_to_a_time) {
  convoke::pacing::random_engine random(1);
  const auto jittered = convoke::pacing::with_jitter(longest_wait, random);
  BOOST_TEST((jittered >= longest_wait));
  const convoke::mono_time uptime{std::chrono::hours(24 * 365 * 100)};
  BOOST_TEST((uptime + jittered > uptime));
}

RC_BOOST_PROP(any_whole_number_of_seconds_is_obeyed_in_full, ()) {
  const auto n = *rc::gen::inRange<std::int64_t>(1, 3'000'000'000);
  const auto text = std::to_string(n);
  RC_ASSERT(read({text}) == wait(std::chrono::seconds(n)));
}

RC_BOOST_PROP(a_decimal_is_never_shortened, ()) {
  const auto whole = *rc::gen::inRange<std::int64_t>(1, 100'000);
  const auto fraction = *rc::gen::nonEmpty(rc::gen::container<std::string>(rc::gen::inRange('0', '9')));
  RC_PRE(fraction.size() < 40U);
  const auto got = read({std::to_string(whole) + "." + fraction});
  const auto nine = std::stoll((fraction + "000000000").substr(0, 9));
  RC_ASSERT(got.has_value());
  RC_ASSERT(*got >= std::chrono::seconds(whole) + nanoseconds(nine));
  RC_ASSERT(*got <= std::chrono::seconds(whole) + nanoseconds(nine + 1));
}

RC_BOOST_PROP(another_line_never_shortens_the_wait, (std::vector<std::string> lines, std::string more)) {
  std::vector<std::string_view> views(lines.begin(), lines.end());
  views.emplace_back("17");
  const auto before = read(views);
  views.push_back(more);
  RC_ASSERT(read(views) >= before);
}

BOOST_AUTO_TEST_SUITE_END()
