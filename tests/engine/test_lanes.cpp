// Several lanes in one run: what they share, what each has for itself, and how each ends.

#include "engine/script.hpp"

namespace convoke::engine::test {

namespace {

lane_setup of_app(std::uint32_t app) {
  lane_setup l;
  l.app = app;
  return l;
}
lane_setup with(const lane_settings& own) {
  lane_setup l;
  l.own = own;
  return l;
}
std::vector<lane_id> lanes_of(const std::vector<send_call>& calls) {
  std::vector<lane_id> out;
  for (const auto& c : calls) out.push_back(c.lane);
  return out;
}
std::vector<stop_reason> reasons(const finished& f) {
  std::vector<stop_reason> out;
  for (const auto& l : f.lanes) out.push_back(l.reason);
  return out;
}
// Sends what is granted and answers it like this until nothing is granted; commits whatever is handed over.
template <class Answer>
void carry_out(script& t, Answer reply) {
  for (;;) {
    std::vector<row_id> done;
    for (const auto& r : t.all<record_outcome>()) done.push_back(r.row);
    for (const auto& r : t.all<release_row>()) done.push_back(r.row);
    if (!done.empty()) t.commit(done);
    for (const auto& c : t.all<close_organizer>()) t.closed(c.organizer, 0);
    const auto calls = t.all<send_call>();
    if (calls.empty() && done.empty()) return;
    for (const auto& c : calls) t.finish(c, reply(c));
  }
}

}  // namespace

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
  auto t = script::lanes({{}, {}}, {1, 1});
  const auto first = t.all<send_call>();
  t.stop(stop_reason::interrupted);
  for (const auto& c : first) t.finish(c, ok());
  carry_out(t, [](const send_call&) { return ok(); });
  BOOST_TEST((reasons(t.over(stop_reason::interrupted)) == std::vector{stop_reason::interrupted, stop_reason::interrupted}));
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
