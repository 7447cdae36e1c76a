// Several lanes in one run: what they share, and what each has for itself.

#include "engine/several_lanes.hpp"

namespace convoke::engine::test {

BOOST_AUTO_TEST_SUITE(lanes)

BOOST_AUTO_TEST_CASE(an_applications_cooldown_closes_the_lanes_of_that_application_only) {
  auto t = script::lanes({of_app(7), of_app(8), of_app(7)}, {3, 3, 3});
  const auto first = t.all<send_call>();
  BOOST_TEST(lanes_of(first) == (std::vector<lane_id>{0, 1, 2}), boost::test_tools::per_element());
  t.finish(first[0], throttling(30s, "Application/ReadWrite/app"));
  std::vector<lane_id> closed;
  std::vector<bool> all_of_app;
  for (const auto& saved : t.all<save_cooldown>()) {
    closed.push_back(saved.lane);
    all_of_app.push_back(saved.app);
  }
  BOOST_TEST(closed == (std::vector<lane_id>{0, 2}), boost::test_tools::per_element());
  BOOST_TEST((all_of_app == std::vector<bool>{true, false}));  // once is enough for the lanes of other runs
  t.finish(first[1], ok());
  t.finish(first[2], ok());
  BOOST_TEST(lanes_of(t.all<send_call>()) == (std::vector<lane_id>{1}), boost::test_tools::per_element());
  t.pass(33s);
  BOOST_TEST(lanes_of(t.all<send_call>()) == (std::vector<lane_id>{0, 2}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_lanes_cooldown_closes_no_other_lane_of_its_application) {
  auto t = script::lanes({of_app(7), of_app(7)}, {3, 3});
  const auto first = t.all<send_call>();
  t.finish(first[0], throttling(30s, "Tenant_Application/ReadWrite/app/tenant"));
  BOOST_TEST(!t.next<save_cooldown>().app);
  t.finish(first[1], ok());
  BOOST_TEST(t.all<send_call>().size() == 1U);
}

BOOST_AUTO_TEST_CASE(rows_of_a_lane_that_stopped_are_released_once_their_calls_are_over_while_others_go_on) {
  auto t = script::lanes({of_app(7), of_app(8)}, {3, 3});
  const auto first = t.all<send_call>();
  BOOST_TEST_REQUIRE(first.size() == 2U);
  t.token_failed(true, {}, 0);
  auto back = t.all<release_row>();
  BOOST_TEST(back.size() == 2U);  // those that were not sent
  t.commit({back[0].row, back[1].row});
  t.finish(first[0], broken(attempt_error::timeout));
  BOOST_TEST(t.all<release_row>().empty());
  t.pass(5s - 1ns);
  BOOST_TEST(t.all<release_row>().empty());
  t.pass(1ns);
  back = t.all<release_row>();
  BOOST_TEST_REQUIRE(back.size() == 1U);
  BOOST_TEST(back[0].row == first[0].row);
  t.commit({back[0].row});
  t.finish(first[1], ok());
  carry_out(t, [](const send_call&) { return ok(); });
  const auto end = t.next<finished>();
  BOOST_TEST((reasons(end) == std::vector{stop_reason::credentials, stop_reason::finished}));
}

BOOST_AUTO_TEST_CASE(a_run_does_not_wait_for_the_calls_of_lanes_that_stopped) {
  auto t = script::lanes({of_app(7), of_app(8)}, {1, 1});
  const auto first = t.all<send_call>();
  BOOST_TEST_REQUIRE(first.size() == 2U);
  t.token_failed(true, {}, 0);
  t.finish(first[0], broken(attempt_error::timeout));
  t.finish(first[1], ok());
  carry_out(t, [](const send_call&) { return ok(); });
  BOOST_TEST(t.next<finished>().lanes.size() == 2U);  // the row stays claimed: the next process sends it last
}

BOOST_AUTO_TEST_CASE(a_lane_may_have_settings_of_its_own) {
  lane_settings own = script::quick();
  own.max_attempts = 1;
  own.rate = 2;  // calls/s, fixed
  auto t = script::lanes({{}, with(own)}, {3, 3});
  const auto first = t.all<send_call>();
  BOOST_TEST_REQUIRE(first.size() == 2U);
  t.finish(first[0], http(500));
  t.finish(first[1], http(500));
  BOOST_TEST(t.next<send_call>().lane == 0U);  // its rate is not limited, and its row has attempts left
  const auto back = t.released(true);
  BOOST_TEST(back.lane == 1U);
  t.quiet();
  t.pass(500ms);
  BOOST_TEST(t.next<send_call>().lane == 1U);
}

BOOST_AUTO_TEST_CASE(each_lane_has_its_own_bounds_of_an_organizer_of_a_cooldown_and_of_a_row) {
  lane_settings own = script::quick();
  own.organizer_concurrency = 1;
  own.max_cooldown = 5s;
  own.row_deadline = 3s;
  auto t = script::lanes({{}, with(own)}, {3, 3});
  t.connect(1, false, 0);
  t.connect(1, false, 1);
  const auto first = t.all<send_call>();
  BOOST_TEST(lanes_of(first) == (std::vector<lane_id>{0, 1, 0}), boost::test_tools::per_element());
  t.finish(first[0], throttling(60s));
  BOOST_TEST(t.all<cooldown_cut>().empty());
  t.finish(first[1], throttling(60s));
  BOOST_TEST(t.next<save_cooldown>().lane == 0U);
  BOOST_TEST(t.next<cooldown_cut>().lane == 1U);
  t.next<save_cooldown>();
  t.pass(4s);
  BOOST_TEST(t.released(false).lane == 1U);  // past its deadline of 3 s
}

BOOST_AUTO_TEST_CASE(each_lane_has_its_own_number_of_connections) {
  lane_settings own = script::quick();
  own.connections = 2;
  auto t = script::lanes({{}, with(own)}, {9, 9});
  t.all<send_call>();
  t.connect_failed(1, attempt_error::local_resources, 0);
  BOOST_TEST(t.next<set_connections>().count == 4U);  // half of eight
  t.connect_failed(1, attempt_error::local_resources, 1);
  BOOST_TEST(t.next<set_connections>().count == 1U);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(descriptors)

BOOST_AUTO_TEST_CASE(a_token_request_that_lacks_a_descriptor_gets_those_of_the_idle_connections) {
  auto t = script::started({9}, 0);
  t.token_lacks_descriptor();
  t.connect(0);  // was on its way
  BOOST_TEST(t.next<set_connections>().count == 4U);
  BOOST_TEST(t.next<drop_connection>().connection == 0U);
  BOOST_TEST((t.may_connect_at() == mono_time::max()));
  t.token_lacks_descriptor();
  t.quiet();  // counted once
  t.token(2);
  BOOST_TEST((t.may_connect_at() <= t.now()));
  t.connect(0);
  t.one_success();
}

BOOST_AUTO_TEST_CASE(idle_connections_are_closed_for_a_token_request_that_lacks_a_descriptor) {
  script t({{0, 5, 0}});
  t.next<refresh_token>();
  t.connect(0);
  t.connect(1, true);
  t.token_lacks_descriptor();
  std::vector<connection_id> closed;
  for (const auto& d : t.all<drop_connection>()) closed.push_back(d.connection);
  std::ranges::sort(closed);
  BOOST_TEST(closed == (std::vector<connection_id>{0, 1}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace convoke::engine::test
