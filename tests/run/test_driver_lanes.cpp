// Several lanes in one run.

#include <boost/test/unit_test.hpp>

#include "run/driver_world.hpp"

using namespace convoke;
using namespace convoke::testing;
using kind = fake_link::operation_kind;

BOOST_AUTO_TEST_SUITE(driver_lanes)

BOOST_AUTO_TEST_CASE(each_lane_has_its_own_connections_and_token) {
  for (unsigned seed = 1; seed <= 100; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      driver_world world({.seed = seed, .lanes = 3, .rows = 10, .connections = 2, .stale = 0.1, .token_fails = 0.3, .token_expires = 0.01});
      world.run();
      BOOST_TEST((world.result->reason == engine::stop_reason::finished), world.result->detail);
      BOOST_TEST(world.result->lanes.size() == 3U);
      BOOST_TEST(world.connects >= 6U);
      for (const auto& row : world.ledger.rows()) BOOST_TEST((row.state == fake_ledger::row_state::recorded));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_lane_with_wrong_credentials_stops_and_the_other_goes_on) {
  for (unsigned seed = 1; seed <= 100; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      driver_world world({.seed = seed, .lanes = 2, .rows = 20, .connections = 2, .wrong_credentials = {0}});
      world.run();
      BOOST_TEST((world.result->reason == engine::stop_reason::credentials));
      BOOST_REQUIRE(world.result->lanes.size() == 2U);
      BOOST_TEST((world.result->lanes[0].reason == engine::stop_reason::credentials));
      BOOST_TEST((world.result->lanes[1].reason == engine::stop_reason::finished));
      BOOST_TEST(world.calls == 20U);
      for (const auto& row : world.ledger.rows()) BOOST_TEST((row.state == fake_ledger::row_state::recorded) == (row.lane == 1));
      // The note says which lane it is.
      BOOST_REQUIRE(!world.watch.notes.empty());
      BOOST_TEST(world.watch.notes.front() == "Tenant tenant-0, application app-0: AADSTS7000215: wrong secret");
    }
  }
}

BOOST_AUTO_TEST_CASE(a_lane_whose_credentials_are_wrong_keeps_no_connection) {
  driver_world world({.lanes = 2, .rows = 40, .connections = 2, .wrong_credentials = {0}});
  world.settings.pace.rate = 0.2;  // the other lane takes longer
  bool seen_closed = false;
  world.run([&] {
    if (world.watch.notes.empty() || world.clock.now() < mono_time(1000h) + 60s) return;
    BOOST_TEST(world.open(0) == 0U);
    seen_closed = true;
  });
  BOOST_TEST(seen_closed);
}

BOOST_AUTO_TEST_CASE(a_lane_that_owes_nothing_requests_no_token_and_opens_no_connection) {
  driver_world world({.lanes = 2, .rows = 6, .connections = 2});
  world.ledger.empty_lane(0);
  world.run();
  BOOST_TEST((world.result->reason == engine::stop_reason::finished));
  BOOST_TEST(!world.tokens[0]->started);
  BOOST_TEST(world.connects <= 2U);
  BOOST_TEST(world.calls == 6U);
}

BOOST_AUTO_TEST_CASE(lanes_of_one_root_with_the_same_client_id_are_one_application) {
  const std::string root = "https://graph.microsoft.com", other = "https://graph.microsoft.us";
  const std::vector<ledger::lane_name> lanes{{root, "t1", "a"}, {root, "t2", "a"}, {other, "t1", "a"}, {root, "t3", "b"},
                                             {root, "t4", ""},  {root, "t5", ""},  {root, "t6", "b"}};
  const std::vector<std::uint32_t> expected{0, 0, 2, 3, 4, 5, 3};
  BOOST_TEST(run::app_numbers(lanes) == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_lanes_of_a_run_are_found_among_those_of_the_job_by_what_they_are) {
  const std::string tenant = "7f1c9a52-0c5e-4f3b-9a53-51f6d3c0a00";
  job j;
  j.lanes.resize(3);
  for (std::size_t i = 0; i < 3; ++i) {
    j.lanes[i].tenant = tenant + std::to_string(i);
    j.lanes[i].client_id = "App";
  }
  ledger::run_header run;
  run.lanes = {{"https://graph.microsoft.com", tenant + "2", "app"}, {"https://graph.microsoft.com", tenant + "0", "app"}};
  const auto found = convoke::run::options_of_lanes(run, j);
  BOOST_REQUIRE(found.has_value());
  BOOST_TEST((*found == std::vector<const lane_options*>{&j.lanes[2], &j.lanes[0]}));
  run.lanes.front().app = "another";
  const auto missing = convoke::run::options_of_lanes(run, j);
  BOOST_REQUIRE(!missing.has_value());
  BOOST_TEST((missing.error().code == errc::usage));
}

BOOST_AUTO_TEST_SUITE_END()
