// Looks for the rows of other workers, and the stale rows that they find.

#include <boost/test/unit_test.hpp>

#include "script.hpp"

namespace convoke::engine::test {

namespace {

settings shared() {
  auto s = script::quick();
  s.shared = true;
  return s;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(looks)

BOOST_AUTO_TEST_CASE(stale_rows_wait_again_where_a_later_look_finds_no_more_than_before) {
  script t({{0, 0, 0}}, shared());
  t.lease(t.now() + 1h);
  t.next<look_for_rows>();
  t.available({{0, 0, 2}}, 0);
  t.next<refresh_token>();
  t.token(1);
  t.connect(0);
  t.pass(15s);
  t.quiet();
  // Two of another session, it may be.
  t.available({{0, 0, 2}}, 0);
  t.pass(19s);
  t.quiet();
  t.pass(2s);
  BOOST_TEST(t.next<fetch_rows>().stale);
}

BOOST_AUTO_TEST_CASE(no_lane_looks_while_another_one_waits_for_stale_rows_or_claims_them) {
  script t({lane_setup{.lane = 0, .organizers = {{0, 0, 2}}, .cooldowns = {}}, lane_setup{.lane = 1, .organizers = {}, .cooldowns = {}}},
           shared());
  t.lease(t.now() + 1h);
  t.next<refresh_token>();
  // Without a token the first lane claims nothing, and does not keep the other one from looking.
  BOOST_TEST(t.next<look_for_rows>().lane == 1);
  t.token(1);
  t.connect(0);
  t.available({{0, 0, 2}}, 0);
  t.available({}, 2, 1);
  t.pass(19s);
  t.quiet();
  t.pass(2s);
  t.page(2, true);
  const auto first = t.next<send_call>();
  BOOST_TEST(t.all<look_for_rows>().size() == 1);
  BOOST_TEST(first.lane == 0);
}

BOOST_AUTO_TEST_CASE(stale_rows_are_not_claimed_while_a_look_is_under_way) {
  script t({lane_setup{.lane = 0, .organizers = {{0, 0, 2}}, .cooldowns = {}}, lane_setup{.lane = 1, .organizers = {}, .cooldowns = {}}},
           shared());
  t.lease(t.now() + 1h);
  t.next<refresh_token>();
  BOOST_TEST(t.next<look_for_rows>().lane == 1);
  t.token(1);
  t.connect(0);
  t.pass(30s);
  t.quiet();
  t.available({{0, 0, 3}}, 0);
  t.available({}, 3, 1);
  t.pass(19s);
  t.quiet();
  t.pass(2s);
  BOOST_TEST(t.next<fetch_rows>().pages.front().count == 3);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace convoke::engine::test
