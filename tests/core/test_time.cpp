#include <rapidcheck.h>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <convoke/time.hpp>

#include "core/civil.hpp"

namespace {

using namespace std::chrono;
namespace bdata = boost::unit_test::data;

convoke::utc_time at(int y, unsigned m, unsigned d, seconds of_day, convoke::ticks fraction = {}) {
  return convoke::utc_time{sys_days{year{y} / month{m} / day{d}}} + of_day + fraction;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(times)

BOOST_AUTO_TEST_CASE(a_fraction_is_written_with_as_many_digits_as_it_needs) {
  BOOST_TEST(convoke::format_utc(at(2026, 9, 1, 8h)) == "2026-09-01T08:00:00Z");
  BOOST_TEST(convoke::format_utc(at(2026, 9, 1, 8h, convoke::ticks{5'000'000})) == "2026-09-01T08:00:00.5Z");
  BOOST_TEST(convoke::format_utc(at(2026, 9, 1, 8h, convoke::ticks{1})) == "2026-09-01T08:00:00.0000001Z");
  BOOST_TEST(convoke::format_utc(at(1969, 12, 31, 86399s, convoke::ticks{9'999'999})) == "1969-12-31T23:59:59.9999999Z");
}

BOOST_AUTO_TEST_CASE(times_outside_the_years_of_four_digits_are_clamped) {
  BOOST_TEST(convoke::format_utc(convoke::utc_time{convoke::core::first_second}) == "0000-01-01T00:00:00Z");
  BOOST_TEST(convoke::format_utc(convoke::utc_time{convoke::core::last_second}) == "9999-12-31T23:59:59Z");
  BOOST_TEST(convoke::format_utc(convoke::utc_time::max()) == "9999-12-31T23:59:59Z");
  BOOST_TEST(convoke::format_utc(convoke::utc_time::min()) == "0000-01-01T00:00:00Z");
  BOOST_TEST((convoke::parse_utc("9999-12-31T23:59:59Z") == convoke::utc_time{convoke::core::last_second}));
  BOOST_TEST(!convoke::parse_utc("9999-12-31T23:59:59-00:01").has_value());
  BOOST_TEST(!convoke::parse_utc("0000-01-01T00:00:00+00:01").has_value());
}

BOOST_AUTO_TEST_CASE(instants_are_read) {
  BOOST_TEST((convoke::parse_utc("2026-09-01T08:00:00Z") == at(2026, 9, 1, 8h)));
  BOOST_TEST((convoke::parse_utc("2026-09-01t10:00:00+02:00") == at(2026, 9, 1, 8h)));
  BOOST_TEST((convoke::parse_utc("2026-08-31 23:30:00-08:30") == at(2026, 9, 1, 8h)));
  BOOST_TEST((convoke::parse_utc("2026-09-01T08:00:00.0000000Z") == at(2026, 9, 1, 8h)));
  BOOST_TEST((convoke::parse_utc("2026-09-01T08:00:00.12z") == at(2026, 9, 1, 8h, convoke::ticks{1'200'000})));
  BOOST_TEST((convoke::parse_utc("2026-09-01T08:00:00.123456789012Z") == at(2026, 9, 1, 8h, convoke::ticks{1'234'567})));
  BOOST_TEST((convoke::parse_utc("2028-02-29T00:00:00Z") == at(2028, 2, 29, 0s)));
}

BOOST_DATA_TEST_CASE(a_text_that_is_not_an_instant_is_refused,
                     bdata::make({"",
                                  "2026-09-01",
                                  "2026-09-01T08:00:00",
                                  "2026-09-01T08:00Z",
                                  "2026-9-01T08:00:00Z",
                                  "2026-02-29T08:00:00Z",
                                  "2026-13-01T08:00:00Z",
                                  "2026-00-01T08:00:00Z",
                                  "2026-09-00T08:00:00Z",
                                  "2026-09-31T08:00:00Z",
                                  "2026-09-01T24:00:00Z",
                                  "2026-09-01T08:60:00Z",
                                  "2026-06-30T23:59:60Z",
                                  "2026-09-01T08:00:00.Z",
                                  "2026-09-01T08:00:00+2:00",
                                  "2026-09-01T08:00:00+0200",
                                  "2026-09-01T08:00:00+24:00",
                                  "2026-09-01T08:00:00+02:60",
                                  "2026-09-01T08:00:00Zx",
                                  "2026-09-01T08:00:00 Z",
                                  " 2026-09-01T08:00:00Z",
                                  "2026/09/01T08:00:00Z",
                                  "2026-09-01X08:00:00Z",
                                  "-026-09-01T08:00:00Z",
                                  "2026-09-01T08:00:0Z",
                                  "2026-09-01T08.00:00Z",
                                  "02026-09-01T08:00:00Z"}),
                     text) {
  BOOST_TEST(!convoke::parse_utc(text).has_value());
}

BOOST_AUTO_TEST_CASE(any_instant_is_read_back) {
  BOOST_TEST(rc::check("parse(format(t)) == t", [] {
    const auto second = *rc::gen::inRange<std::int64_t>(convoke::core::first_second.time_since_epoch().count(),
                                                        convoke::core::last_second.time_since_epoch().count());
    const auto fraction = *rc::gen::inRange<std::int64_t>(0, 10'000'000);
    const convoke::utc_time t = convoke::utc_time{seconds{second}} + convoke::ticks{fraction};
    RC_ASSERT(convoke::parse_utc(convoke::format_utc(t)) == t);
  }));
}

BOOST_AUTO_TEST_CASE(a_civil_time_keeps_what_was_written) {
  const auto local = convoke::core::parse_civil("2026-09-01 08:15");
  BOOST_REQUIRE(local.has_value());
  BOOST_TEST(!local->seconds);
  BOOST_TEST(!local->offset.has_value());
  BOOST_TEST((local->local == local_days{year{2026} / 9 / 1} + 8h + 15min));
  const auto full = convoke::core::parse_civil("2026-09-01T08:15:30.25-05:30");
  BOOST_REQUIRE(full.has_value());
  BOOST_TEST(full->seconds);
  BOOST_TEST(full->fraction == 2'500'000U);
  BOOST_TEST((full->offset == -330min));
  BOOST_TEST(convoke::core::parse_civil("2026-09-01T08:15Z").has_value());
  BOOST_TEST(!convoke::core::parse_civil("2026-09-01T08:15:").has_value());
}

BOOST_AUTO_TEST_SUITE_END()
