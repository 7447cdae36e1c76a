#include <rapidcheck/boost_test.h>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "pacing/pacing.hpp"
#include "pacing/retry_after_vectors.hpp"

namespace {

using namespace std::chrono_literals;
using convoke::utc_time;
using convoke::pacing::longest_wait;
using convoke::pacing::parse_retry_after;
using std::chrono::nanoseconds;
using wait = std::optional<nanoseconds>;

using convoke::test::answer_date;
using convoke::test::receipt;

wait read(std::vector<std::string_view> lines, std::string_view date = answer_date) {
  return parse_retry_after(lines, date, receipt);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(retry_after)

BOOST_DATA_TEST_CASE(reads_every_value_of_the_table, boost::unit_test::data::make(convoke::test::retry_after_vectors), row) {
  const auto got = read({row.lines.begin(), row.lines.end()}, row.date);
  BOOST_TEST(got.has_value() == row.expected.has_value());
  if (got && row.expected) BOOST_TEST(got->count() == row.expected->count());
}

BOOST_AUTO_TEST_CASE(without_a_date_the_local_clock_counts_to_its_last_tick) {
  const std::string_view line = "Wed, 02 Sep 2026 08:00:10 GMT";
  const auto got = parse_retry_after({&line, 1}, "", receipt + 250ms);
  BOOST_TEST(got.value().count() == nanoseconds(9750ms).count());
}

BOOST_AUTO_TEST_CASE(a_short_year_is_read_near_the_answers_own_date) {
  // The local clock says 1970, where 26 would be 1926 or 2026 alike; the answer's Date decides.
  const std::string_view line = "Tuesday, 01-Sep-26 08:05:00 GMT";
  const auto got = parse_retry_after({&line, 1}, answer_date, utc_time{});
  BOOST_TEST(got.value().count() == nanoseconds(300s).count());
}

BOOST_AUTO_TEST_CASE(an_absurd_local_clock_does_not_overflow) {
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
