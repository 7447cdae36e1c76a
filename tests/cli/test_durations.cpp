#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "cli/job_builder.hpp"

using namespace std::chrono_literals;
using convoke::cli::parse_duration;

namespace {

struct sample {
  const char* text;
  std::chrono::milliseconds means;
};
std::ostream& operator<<(std::ostream& to, const sample& s) {
  return to << s.text;
}

constexpr sample good[] = {{"10", 10s},      {"10s", 10s}, {"250ms", 250ms}, {"1h30m", 90min}, {"2d", 48h},
                           {"1.5s", 1500ms}, {"0", 0ms},   {"1m30s", 90s},   {"5min", 5min}};
const char* const bad[] = {"", "s", "-1s", "10 s", "1x", "1h-2m", "abc", "99999999d", "1e3s", "NaN"};

}  // namespace

BOOST_DATA_TEST_CASE(durations_that_people_write, boost::unit_test::data::make(good), one) {
  const auto parsed = parse_duration(one.text);
  BOOST_REQUIRE(parsed.has_value());
  BOOST_TEST(parsed->count() == one.means.count());
}

BOOST_DATA_TEST_CASE(what_is_no_duration, boost::unit_test::data::make(bad), text) {
  BOOST_TEST(!parse_duration(text).has_value());
}
