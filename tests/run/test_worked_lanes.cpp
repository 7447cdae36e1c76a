// How the lanes of a worker ended, over several runs.

#include <boost/test/unit_test.hpp>

#include "run/worked_lanes.hpp"

using namespace convoke;
using namespace convoke::run;

namespace {

const ledger::lane_name north{"https://graph.microsoft.com", "north", "app"}, south{"https://graph.microsoft.com", "south", "app"},
    // The same tenant and application at another service.
    elsewhere{"https://graph.microsoft.us", "north", "app"};

lane_result ended(const ledger::lane_name& lane, ending how, std::uint64_t calls, std::string detail = {}) {
  lane_result out;
  out.tenant = lane.tenant;
  out.app = lane.app;
  out.end = how;
  out.calls = calls;
  out.detail = std::move(detail);
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lanes_of_a_worker)

BOOST_AUTO_TEST_CASE(the_order_of_ends_is_that_of_the_exit_codes) {
  const ending order[] = {ending::storage, ending::credentials, ending::interrupted, ending::deferred, ending::finished};
  for (std::size_t a = 0; a < std::size(order); ++a)
    for (std::size_t b = 0; b < std::size(order); ++b) BOOST_TEST(outranks(order[a], order[b]) == (a < b));
  BOOST_TEST(!outranks(ending::permission, ending::credentials));
  BOOST_TEST(!outranks(ending::credentials, ending::permission));
}

BOOST_AUTO_TEST_CASE(a_lane_that_was_refused_is_not_used_again_and_the_others_are) {
  worked_lanes lanes({north, south, elsewhere});
  BOOST_TEST(lanes.usable(south));
  const ledger::lane_name both[] = {south, north};
  lanes.add(both, {ended(south, ending::credentials, 0, "AADSTS7000215"), ended(north, ending::deferred, 3)});
  BOOST_TEST(!lanes.usable(south));
  BOOST_TEST(lanes.usable(north));
  BOOST_TEST(lanes.usable(elsewhere));
  BOOST_TEST(!lanes.usable({"https://graph.microsoft.com", "unknown", "app"}));
  lanes.add(std::span(both).subspan(1), {ended(north, ending::permission, 20)});
  BOOST_TEST(!lanes.usable(north));
}

BOOST_AUTO_TEST_CASE(the_worst_end_of_a_lane_counts_and_its_calls_are_added) {
  worked_lanes lanes({north, south, elsewhere});
  // In the order of the run, which is not that of the worker.
  const ledger::lane_name both[] = {elsewhere, north};
  lanes.add(both, {ended(elsewhere, ending::finished, 1), ended(north, ending::deferred, 2, "closed")});
  lanes.add(both, {ended(elsewhere, ending::deferred, 10, "used up"), ended(north, ending::finished, 20)});
  // A session that does not say how its lanes ended.
  lanes.add(both, {});
  const auto all = lanes.take();
  BOOST_REQUIRE(all.size() == 2U);  // the third had no session
  BOOST_TEST(all[0].tenant == "north");
  BOOST_TEST((all[0].end == ending::deferred));
  BOOST_TEST(all[0].detail == "closed");
  BOOST_TEST(all[0].calls == 22U);
  BOOST_TEST((all[1].end == ending::deferred));
  BOOST_TEST(all[1].detail == "used up");
  BOOST_TEST(all[1].calls == 11U);
}

BOOST_AUTO_TEST_CASE(a_lane_is_finished_only_where_no_open_run_owes_it_anything) {
  worked_lanes lanes({north, south, elsewhere});
  const ledger::lane_name both[] = {north, south};
  lanes.add(both, {ended(north, ending::finished, 5), ended(south, ending::credentials, 0, "refused")});
  BOOST_TEST(lanes.done(north));
  BOOST_TEST(!lanes.done(south));
  BOOST_TEST(lanes.done(elsewhere));
  for (const auto& lane : lanes.names()) lanes.owes(lane, ending::interrupted, "not reached");
  BOOST_TEST(!lanes.done(north));
  const auto all = lanes.take();
  BOOST_REQUIRE(all.size() == 2U);
  BOOST_TEST((all[0].end == ending::interrupted));
  BOOST_TEST(all[0].detail == "not reached");
  BOOST_TEST(all[0].calls == 5U);
  BOOST_TEST((all[1].end == ending::credentials));
  BOOST_TEST(all[1].detail == "refused");
}

BOOST_AUTO_TEST_SUITE_END()
