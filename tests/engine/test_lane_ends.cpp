// How each lane of a run ends, and how the run ends with them.

#include "engine/several_lanes.hpp"

namespace convoke::engine::test {

BOOST_AUTO_TEST_SUITE(ends_of_lanes)

BOOST_AUTO_TEST_CASE(a_wrong_credential_stops_its_lane_only) {
  auto t = script::lanes({{}, {}}, {2, 2});
  const auto first = t.all<send_call>();
  t.token_failed(true, {}, 0);
  carry_out(t, [](const send_call&) { return ok(); });
  for (const auto& c : first) t.finish(c, ok());
  carry_out(t, [](const send_call& c) {
    BOOST_TEST(c.lane == 1U);
    return ok();
  });
  const auto f = t.over(stop_reason::credentials);
  BOOST_TEST(f.detail.contains("AADSTS7000215"));
  BOOST_TEST((reasons(f) == std::vector{stop_reason::credentials, stop_reason::finished}));
}

BOOST_AUTO_TEST_CASE(refused_tokens_stop_their_lane_only) {
  auto t = script::lanes({{}, {}}, {1, 2});
  auto calls = t.all<send_call>();
  for (std::uint32_t token = 1; token <= 3; ++token) {
    auto refused = http(401, "InvalidAuthenticationToken");
    refused.token = token;
    t.finish(calls[0], refused);
    if (token == 3) break;
    t.next<refresh_token>();
    t.token(token + 1, 0);
    t.pass(2s);
    calls[0] = t.next<send_call>();
    BOOST_TEST(calls[0].lane == 0U);
  }
  t.released(false);
  t.finish(calls[1], ok());
  carry_out(t, [](const send_call&) { return ok(); });
  const auto f = t.over(stop_reason::credentials);
  BOOST_TEST((reasons(f) == std::vector{stop_reason::credentials, stop_reason::finished}));
}

BOOST_AUTO_TEST_CASE(twenty_permanent_answers_stop_their_lane_only) {
  auto t = script::lanes({{}, {}}, {30, 30});
  carry_out(t, [](const send_call& c) { return c.lane == 0 ? http(400, "BadRequest", "no") : ok(); });
  const auto f = t.over(stop_reason::permission);
  BOOST_TEST(f.detail.contains("BadRequest"));
  BOOST_TEST_REQUIRE(f.lanes.size() == 2U);
  BOOST_TEST((reasons(f) == std::vector{stop_reason::permission, stop_reason::finished}));
  BOOST_TEST(f.lanes[0].detail == f.detail);
  BOOST_TEST(t.numbers().calls == 50U);  // 20 and 30
}

BOOST_AUTO_TEST_CASE(permanent_answers_of_two_lanes_are_no_streak) {
  auto t = script::lanes({{}, {}}, {15, 15});
  carry_out(t, [](const send_call&) { return http(400, "BadRequest", "no"); });
  t.over(stop_reason::finished);
}

BOOST_AUTO_TEST_CASE(an_outage_ends_its_lane_only) {
  lane_settings own = script::quick();
  own.max_outage = 1min;
  auto t = script::lanes({with(own), {}}, {4, 500});
  const auto start = t.now();
  bool released = false;
  while (t.now() - start < 2min) {
    std::vector<row_id> done;
    for (const auto& r : t.all<release_row>()) {
      BOOST_TEST(r.lane == 0U);
      done.push_back(r.row);
      released = true;
    }
    for (const auto& r : t.all<record_outcome>()) done.push_back(r.row);
    t.commit(done);
    const auto calls = t.all<send_call>();
    t.pass(1s);
    for (const auto& c : calls) t.finish(c, c.lane == 0 ? http(500) : ok());
  }
  BOOST_TEST(released);
  BOOST_TEST(t.all<finished>().empty());
  BOOST_TEST(!t.all<send_call>().empty());  // the other lane continues
}

BOOST_AUTO_TEST_CASE(a_lane_that_is_closed_for_long_waits_for_the_other_and_is_deferred_then) {
  auto t = script::lanes({{}, {}}, {2, 2});
  const auto first = t.all<send_call>();
  t.finish(first[0], throttling(1h, "Tenant_Application/ReadWrite/app/tenant"));
  t.all<save_cooldown>();
  t.quiet();
  t.finish(first[1], ok());
  carry_out(t, [](const send_call&) { return ok(); });
  const auto f = t.over(stop_reason::deferred);
  BOOST_TEST((reasons(f) == std::vector{stop_reason::deferred, stop_reason::finished}));
  BOOST_TEST_REQUIRE(f.come_back.has_value());
  BOOST_TEST((*f.come_back >= 1h));
  BOOST_TEST((*f.come_back <= 67min));
}

BOOST_AUTO_TEST_CASE(a_lane_whose_rows_used_up_their_attempts_is_deferred) {
  auto s = script::quick();
  s.max_attempts = 1;
  auto t = script::lanes({{}, {}}, {1, 1}, s);
  carry_out(t, [](const send_call& c) { return c.lane == 1 ? http(500) : ok(); });
  const auto f = t.over(stop_reason::deferred);
  BOOST_TEST((reasons(f) == std::vector{stop_reason::finished, stop_reason::deferred}));
  BOOST_TEST(f.lanes[1].detail.contains("1 row used"));
  BOOST_TEST((f.come_back == 10min));
}

BOOST_AUTO_TEST_CASE(a_lane_that_owes_nothing_is_in_no_outage) {
  auto t = script::lanes({{}, {}}, {1, 1});
  const auto calls = t.all<send_call>();
  BOOST_TEST_REQUIRE(calls.size() == 2U);
  const auto& first = calls[0].lane == 0 ? calls[0] : calls[1];
  const auto& second = calls[0].lane == 0 ? calls[1] : calls[0];
  t.finish(first, ok());
  t.commit({t.next<record_outcome>().row});
  for (int i = 0; i < 40; ++i) {  // its idle connection is closed and cannot be made again, for longer than --max-outage
    t.connect_failed(0, attempt_error::connect, 0);
    t.pass(1min);
  }
  t.finish(second, ok());
  carry_out(t, [](const send_call&) { return ok(); });
  BOOST_TEST((reasons(t.over(stop_reason::finished)) == std::vector{stop_reason::finished, stop_reason::finished}));
}

BOOST_AUTO_TEST_CASE(an_interruption_stops_every_lane) {
  auto t = script::lanes({{}, {}}, {2, 2});
  const auto first = t.all<send_call>();
  t.stop(stop_reason::interrupted);
  for (const auto& c : first) t.finish(c, ok());
  carry_out(t, [](const send_call&) { return ok(); });
  BOOST_TEST((reasons(t.over(stop_reason::interrupted)) == std::vector{stop_reason::interrupted, stop_reason::interrupted}));
}

BOOST_AUTO_TEST_CASE(a_lane_that_had_done_everything_is_finished_where_the_run_is_interrupted) {
  auto t = script::lanes({{}, {}}, {1, 3});
  const auto first = t.all<send_call>();
  t.finish(first[0], ok());
  t.commit({t.next<record_outcome>().row});
  t.stop(stop_reason::interrupted);
  t.finish(first[1], ok());
  carry_out(t, [](const send_call&) { return ok(); });
  const auto f = t.over(stop_reason::interrupted);
  BOOST_TEST((reasons(f) == std::vector{stop_reason::finished, stop_reason::interrupted}));
  BOOST_TEST(f.detail.starts_with("Interrupted"));
  BOOST_TEST(!f.lanes[0].detail.contains("Interrupted"));
}

BOOST_AUTO_TEST_CASE(lanes_whose_last_calls_end_in_the_drain_are_finished_and_the_run_is_interrupted_all_the_same) {
  auto t = script::lanes({{}, {}}, {1, 1});
  const auto first = t.all<send_call>();
  t.stop(stop_reason::interrupted);
  for (const auto& c : first) t.finish(c, ok());
  carry_out(t, [](const send_call&) { return ok(); });
  const auto f = t.over(stop_reason::interrupted);
  BOOST_TEST((reasons(f) == std::vector{stop_reason::finished, stop_reason::finished}));
  BOOST_TEST(f.detail.starts_with("Interrupted"));
}

BOOST_AUTO_TEST_CASE(a_lane_whose_rows_stay_claimed_is_interrupted) {
  auto t = script::lanes({{}, {}}, {1, 1});
  const auto first = t.all<send_call>();
  t.stop(stop_reason::interrupted);
  t.finish(first[0], ok());
  t.commit({t.next<record_outcome>().row});
  t.pass(25s);  // the call of the other lane is not waited for any longer
  BOOST_TEST((reasons(t.over(stop_reason::interrupted)) == std::vector{stop_reason::finished, stop_reason::interrupted}));
}

BOOST_AUTO_TEST_CASE(a_lane_whose_last_commit_is_not_acknowledged_is_interrupted) {
  auto t = script::lanes({{}, {}}, {1, 1});
  const auto first = t.all<send_call>();
  t.stop(stop_reason::interrupted);
  for (const auto& c : first) t.finish(c, ok());
  BOOST_TEST(t.all<record_outcome>().size() == 2U);
  t.pass(25s);
  BOOST_TEST((reasons(t.over(stop_reason::interrupted)) == std::vector{stop_reason::interrupted, stop_reason::interrupted}));
}

BOOST_AUTO_TEST_CASE(a_time_limit_defers_only_the_lanes_that_owe_something) {
  auto s = script::quick();
  s.max_duration = 10s;
  auto t = script::lanes({{}, {}}, {1, 3}, s);
  const auto first = t.all<send_call>();
  t.finish(first[0], ok());
  t.commit({t.next<record_outcome>().row});
  t.finish(first[1], throttling(60s, "Tenant_Application/ReadWrite/app/tenant"));
  t.next<save_cooldown>();
  t.pass(10s);
  carry_out(t, [](const send_call&) { return ok(); });
  const auto f = t.over(stop_reason::deferred);
  BOOST_TEST((reasons(f) == std::vector{stop_reason::finished, stop_reason::deferred}));
  BOOST_TEST_REQUIRE(f.come_back.has_value());
  BOOST_TEST((*f.come_back >= 50s), "the lane that is finished says nothing of when to come back");
}

BOOST_AUTO_TEST_CASE(a_time_limit_in_which_the_last_call_ends_leaves_nothing) {
  auto s = script::quick();
  s.max_duration = 10s;
  auto t = script::started({1}, 1, s);
  const auto c = t.next<send_call>();
  t.pass(10s);
  t.finish(c, ok());
  t.recorded(outcome::created);
  t.over(stop_reason::finished);
}

BOOST_AUTO_TEST_CASE(the_run_ends_like_the_lane_that_ended_worst) {
  auto t = script::lanes({{}, {}, {}}, {1, 30, 1});
  const auto first = t.all<send_call>();
  t.finish(first[0], ok());
  t.token_failed(true, {}, 2);
  t.finish(first[2], ok());
  t.finish(first[1], http(422, "Bad"));
  carry_out(t, [](const send_call&) { return http(422, "Bad"); });
  const auto f = t.over(stop_reason::permission);  // as bad as the third lane's, and before it
  BOOST_TEST((reasons(f) == std::vector{stop_reason::finished, stop_reason::permission, stop_reason::credentials}));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace convoke::engine::test
