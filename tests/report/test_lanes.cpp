// What a run over several tenants reports of each.

#include <string>
#include <vector>

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include "report/lanes.hpp"

using namespace convoke;
using namespace convoke::report;

namespace {

std::vector<lane_result> two_lanes() {
  std::vector<lane_result> out(2);
  out[0].name = "north";
  out[0].tenant = "n-id";
  out[0].app = "n-app";
  out[0].detail = "Everything that was owed is done.";
  out[0].calls = 1200;
  out[0].counts.created = 1190;
  out[0].counts.failed = 10;
  out[1].tenant = "s-\x1bid";
  out[1].end = ending::credentials;
  out[1].detail = "AADSTS7000215: wrong secret";
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lanes)

BOOST_AUTO_TEST_CASE(each_lane_has_a_line_with_its_counts_and_why_it_stopped) {
  BOOST_TEST(lanes_text(two_lanes()) ==
             "Tenant north (n-id): 1,190 created, 10 failed, 1,200 calls; finished\n"
             "Tenant s-\\x1bid: 0 calls; credentials: AADSTS7000215: wrong secret\n");
}

BOOST_AUTO_TEST_CASE(one_lane_needs_no_line) {
  BOOST_TEST(lanes_text(std::vector{two_lanes().front()}) == "");
  BOOST_TEST(lanes_text({}) == "");
}

BOOST_AUTO_TEST_CASE(the_object_of_a_lane) {
  const auto all = lanes_json(two_lanes());
  BOOST_REQUIRE(all.size() == 2U);
  const auto& north = all[0].as_object();
  BOOST_TEST(north.at("name") == "north");
  BOOST_TEST(north.at("tenant") == "n-id");
  BOOST_TEST(north.at("app") == "n-app");
  BOOST_TEST(north.at("end") == "finished");
  BOOST_TEST(north.at("calls") == 1200);
  BOOST_TEST(north.at("outcomes").at("created") == 1190);
  const auto& south = all[1].as_object();
  BOOST_TEST(south.at("name").is_null());
  BOOST_TEST(south.at("end") == "credentials");
  BOOST_TEST(south.at("detail") == "AADSTS7000215: wrong secret");
}

BOOST_AUTO_TEST_SUITE_END()
