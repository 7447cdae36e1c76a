#include "spec/duration.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <tuple>

namespace bdata = boost::unit_test::data;

BOOST_AUTO_TEST_SUITE(spec_duration)

BOOST_DATA_TEST_CASE(durations_are_read,
                     bdata::make({"90", "0", "1h", "1h30m", "1H 30M", "45m", "45min", "1h30min", "PT1H30M", "pt90m", "PT5400S", "P1D",
                                  "P1DT2H", "P2W", "PT0S", "P1WT1H", "999999999"}) ^
                         bdata::make<std::int64_t>({5400, 0, 3600, 5400, 5400, 2700, 2700, 5400, 5400, 5400, 5400, 86400, 93600, 1209600, 0,
                                                    608400, 59999999940}),
                     text, seconds) {
  const auto read = convoke::spec::parse_duration(text);
  BOOST_REQUIRE(read.has_value());
  BOOST_TEST(read->count() == seconds);
}

BOOST_DATA_TEST_CASE(texts_that_are_not_durations_are_refused,
                     bdata::make({"",      "-5",     "+5",         "1:30",          "1.5", "1,5h",  "h",
                                  "30m1h", "1h1h",   "1d",         "90 minutes",    "P",   "PT",    "P1DT",
                                  "P1M",   "P1Y",    "PT1H30",     "PT30M1H",       "P1H", "T1H",   "PT1.5H",
                                  "PT1H ", "1h30",   "1234567890", "PT1234567890S", "1 h", "PT-1H", "in",
                                  "1in",   "1hin5m", "1hin"}),
                     text) {
  BOOST_TEST(!convoke::spec::parse_duration(text).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
