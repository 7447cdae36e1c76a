// How the rate of a lane is divided.

#include "engine/sharing.hpp"

#include <rapidcheck.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

namespace convoke::engine {

namespace {

double sum_of_parts(const std::vector<granted_part>& grants) {
  return std::accumulate(grants.begin(), grants.end(), 0.0, [](double sum, const granted_part& g) { return sum + g.part; });
}
double sum_of_safe_parts(const std::vector<granted_part>& grants) {
  return std::accumulate(grants.begin(), grants.end(), 0.0, [](double sum, const granted_part& g) { return sum + g.safe_part; });
}

// Divides until nothing changes: each worker calls at the part that it was granted before.
std::vector<granted_part> settled(double rate, std::vector<sharer> among) {
  std::vector<granted_part> grants;
  for (int round = 0; round < 3; ++round) {
    grants = divide(rate, among);
    for (std::size_t i = 0; i < among.size(); ++i) among[i].part = grants[i].part;
  }
  return grants;
}

std::vector<sharer> some_workers() {
  const auto count = *rc::gen::inRange(1, 12);
  std::vector<sharer> among;
  for (int i = 0; i < count; ++i) {
    sharer s;
    s.session = static_cast<std::uint64_t>(i) + 10;
    s.wants = *rc::gen::inRange(0, 1000) / 10.0;
    s.weight = *rc::gen::inRange(1, 50) / 10.0;
    s.settled = *rc::gen::inRange(0, 4) > 0;
    s.leads = i == 0;
    among.push_back(s);
  }
  return among;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(sharing)

BOOST_AUTO_TEST_CASE(one_worker_has_all_of_it) {
  for (const double wants : {0.0, 3.0, 1e9}) {
    for (const bool is_settled : {false, true}) {
      const sharer only{.session = 7, .wants = wants, .settled = is_settled, .leads = true};
      const auto grants = divide(50, {&only, 1});
      BOOST_REQUIRE(grants.size() == 1);
      BOOST_TEST(grants[0].session == 7U);
      BOOST_TEST(grants[0].part == 1.0);
    }
  }
}

BOOST_AUTO_TEST_CASE(no_worker_gets_more_than_it_wants_while_another_wants_more) {
  const auto grants =
      settled(100, {{.session = 1, .wants = 10, .leads = true}, {.session = 2, .wants = 500}, {.session = 3, .wants = 500}});
  BOOST_TEST(grants[0].part == 0.10, boost::test_tools::tolerance(1e-9));
  BOOST_TEST(grants[1].part == 0.45, boost::test_tools::tolerance(1e-9));
  BOOST_TEST(grants[2].part == 0.45, boost::test_tools::tolerance(1e-9));
}

BOOST_AUTO_TEST_CASE(the_weight_decides_where_all_want_more) {
  const auto grants = settled(100, {{.session = 1, .wants = 500, .weight = 3, .leads = true}, {.session = 2, .wants = 500, .weight = 1}});
  BOOST_TEST(grants[0].part == 0.75, boost::test_tools::tolerance(1e-9));
  BOOST_TEST(grants[1].part == 0.25, boost::test_tools::tolerance(1e-9));
}

BOOST_AUTO_TEST_CASE(a_worker_that_has_joined_gets_what_the_others_have_given_up) {
  std::vector<sharer> among{{.session = 1, .wants = 500, .part = 1, .leads = true}, {.session = 2, .wants = 500}};
  auto grants = divide(50, among);
  BOOST_TEST(grants[0].part == 0.5);
  BOOST_TEST(grants[1].part == 0.0);
  for (std::size_t i = 0; i < 2; ++i) among[i].part = grants[i].part;
  grants = divide(50, among);
  BOOST_TEST(grants[1].part == 0.5);
}

// Parts of 1/7 add up to less than 1 by rounding. A worker that was granted the difference would claim rows and send none.
BOOST_AUTO_TEST_CASE(what_rounding_leaves_is_not_granted) {
  for (std::size_t count = 2; count <= 16; ++count) {
    std::vector<sharer> among(count, {.wants = 1000, .weight = 1, .part = 1.0 / static_cast<double>(count), .settled = true});
    for (std::size_t i = 0; i < count; ++i) among[i].session = i, among[i].leads = i == 0;
    among.push_back({.session = count, .wants = 1000, .weight = 1, .part = 0, .settled = true});
    BOOST_TEST(divide(50, among).back().part == 0.0, count);
    among = std::vector<sharer>(among.begin(), among.end() - 1);
    for (const auto& granted : settled(50, among)) among[granted.session].part = granted.part;
    among.push_back({.session = count, .wants = 1000, .weight = 1, .part = 0, .settled = true});
    BOOST_TEST(divide(50, among).back().part == 0.0, count);
  }
}

BOOST_AUTO_TEST_CASE(while_the_lane_learns_the_others_get_safe_parts) {
  const auto grants =
      settled(50, {{.session = 1, .wants = 500, .settled = false, .leads = true}, {.session = 2, .wants = 500, .settled = false}});
  BOOST_TEST(grants[0].part == 0.75);
  BOOST_TEST(grants[1].part == 0.25);
}

BOOST_AUTO_TEST_CASE(values_from_the_ledger_that_make_no_sense_are_harmless) {
  const auto nan = std::numeric_limits<double>::quiet_NaN();
  std::vector<sharer> among{{.session = 1, .wants = nan, .weight = -1, .part = nan, .leads = true},
                            {.session = 2, .wants = -5, .weight = nan, .part = 7}};
  for (const double rate : {nan, 0.0, -1.0, 50.0}) {
    const auto grants = divide(rate, among);
    for (const auto& g : grants) BOOST_TEST((g.part >= 0 && g.part <= 1));
    BOOST_TEST(sum_of_parts(grants) <= 1 + 1e-9);
  }
  BOOST_TEST(divide(50, {}).empty());
}

BOOST_AUTO_TEST_CASE(the_parts_never_add_up_to_more_than_all) {
  BOOST_TEST(rc::check("at most 1, the safe ones half of it, also while parts change", [] {
    auto among = some_workers();
    auto left = 1.0;
    for (auto& s : among) {
      s.part = *rc::gen::inRange(0, 100) / 100.0 * left;
      left -= s.part;
    }
    const auto grants = divide(*rc::gen::inRange(1, 2000) / 10.0, among);
    RC_ASSERT(grants.size() == among.size());
    RC_ASSERT(sum_of_safe_parts(grants) <= 0.5 + 1e-9);
    // Also where those whose part shrinks have not read that yet.
    double in_use = 0;
    for (std::size_t i = 0; i < grants.size(); ++i) {
      RC_ASSERT(grants[i].session == among[i].session);
      RC_ASSERT(grants[i].part >= 0);
      RC_ASSERT(grants[i].safe_part <= grants[i].part);
      in_use += std::max(grants[i].part, among[i].part);
    }
    RC_ASSERT(in_use <= 1 + 1e-9);
  }));
}

BOOST_AUTO_TEST_CASE(all_of_it_is_divided_fairly) {
  BOOST_TEST(rc::check("max-min by weight", [] {
    const auto among = some_workers();
    const auto rate = *rc::gen::inRange(1, 2000) / 10.0;
    const auto grants = settled(rate, among);
    RC_ASSERT(std::abs(sum_of_parts(grants) - 1) < 1e-9);
    RC_ASSERT(grants[0].part > 0);  // the one that leads
    const auto weights = std::accumulate(among.begin(), among.end(), 0.0, [](double sum, const sharer& s) { return sum + s.weight; });
    for (std::size_t i = 0; i < among.size(); ++i) {
      const bool capped = !among[i].settled && !among[i].leads && among.size() > 1;
      if (capped) {
        RC_ASSERT(grants[i].part <= 0.5 * among[i].weight / weights + 1e-9);
        continue;
      }
      if (grants[i].part * rate >= among[i].wants - 1e-6) continue;
      // It wants more: no other one has more for its weight, unless that is what it wants, too.
      for (std::size_t j = 1; j < among.size(); ++j) {
        RC_ASSERT(grants[j].part / among[j].weight <= grants[i].part / among[i].weight + 1e-9);
      }
    }
  }));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace convoke::engine
