#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include "report/summary.hpp"
#include "zone.hpp"

using namespace convoke;
using namespace convoke::report;
using namespace std::chrono_literals;

namespace {

const utc_time now{std::chrono::sys_days(2026y / 11 / 22) + 2h + 10min};

run_status half_done() {
  run_status s;
  s.run = {.id = 1, .state = run_state::open, .input = "in.csv", .rows = 1000};
  s.calls_left = 480;
  s.lanes = {{.lane = {.graph_root = "https://graph.example", .tenant = "t", .app = "app"},
              .learnt = learnt_rate{.rate = 48, .refused = 50, .saved_at = now - 3min},
              .closed = {}}};
  s.expected =
      forecast{.from = forecast::basis::learnt, .calls = 480, .rate = 48, .ceiling = 500, .learnt_ago = 3min, .least = 10s, .most = 10s};
  return s;
}

bool says(const run_status& s, const std::string& what) {
  return status_text({}, &s, now).find(what) != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_status_says_what_is_left_and_how_long_it_takes) {
  const zone here("Europe/Berlin");
  auto s = half_done();
  BOOST_TEST(says(s, "Forecast: 480 calls at about 48/s (learnt 3 min ago): 10 s, until about 03:10 +01:00.\n"));
  s.expected.reset();
  BOOST_TEST(says(s, "480 calls are left; the rate that the service takes is not known yet."));
  s.calls_left = 0;
  BOOST_TEST(!says(s, "Forecast"));
}

BOOST_AUTO_TEST_CASE(a_status_names_what_is_closed) {
  const zone here("Europe/Berlin");
  auto s = half_done();
  s.lanes[0].closed = {{"", now + 5min}, {"organizer-1", now + 1h}};
  BOOST_TEST(says(s, "The lane is closed by the service until 03:15 +01:00, for another 5 min 00 s.\n"));
  BOOST_TEST(says(s, "Organizer organizer-1 is closed by the service until 04:10 +01:00, for another 60 min 00 s.\n"));
  for (int i = 0; i < 30; ++i) s.lanes[0].closed.push_back({"another", now + 1h});
  BOOST_TEST(says(s, "12 more organizers are closed.\n"));
}

BOOST_AUTO_TEST_CASE(a_status_for_programs) {
  auto s = half_done();
  s.lanes[0].closed = {{"", now + 5min}, {"organizer-1", now + 1h}};
  const auto run = boost::json::parse(status_json({}, &s, now)).at("run").as_object();
  BOOST_TEST(run.at("calls_left") == 480);
  BOOST_TEST(run.at("forecast").at("least_s") == 10.0);
  const auto& lane = run.at("lanes").at(0);
  BOOST_TEST(lane.at("learnt").at("rate_per_s") == 48.0);
  BOOST_TEST(lane.at("learnt").at("ago_s") == 180);
  BOOST_TEST(lane.at("closed_until") == "2026-11-22T02:15:00Z");
  BOOST_TEST(lane.at("closed_organizers").at(0).at("organizer") == "organizer-1");
  s.lanes[0] = {};
  s.calls_left = 0;
  s.expected.reset();
  s.run.input = "caf\xe9.csv";
  const auto quiet = boost::json::parse(status_json({}, &s, now)).at("run").as_object();
  BOOST_TEST(quiet.at("input") == "caf\\xe9.csv");
  BOOST_TEST(quiet.at("forecast").is_null());
  BOOST_TEST(quiet.at("lanes").at(0).at("learnt").is_null());
  BOOST_TEST(boost::json::parse(status_json({}, nullptr, now)).at("run").is_null());
}
