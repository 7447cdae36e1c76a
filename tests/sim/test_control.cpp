// The control endpoints and scenarios of a service that runs.

#include "fixture.hpp"
#include "sim/service/world.hpp"

namespace {

using namespace sim_test;

struct controlled {
  explicit controlled(behaviour how = {}) {
    std::vector<std::unique_ptr<service>> one;
    one.push_back(std::make_unique<service>(
        std::move(how), identity{std::string(tenant), std::string(app), convoke::secret("hush"), {std::string(root)}}, 42, now));
    graph = std::make_unique<convoke::sim::world>(std::move(one));
    const auto answered = ask("POST", "/" + std::string(tenant) + "/oauth2/v2.0/token",
                              "client_id=" + std::string(app) +
                                  "&scope=https%3A%2F%2Flocalhost%3A8443%2F.default&client_secret=hush&grant_type=client_credentials",
                              "application/x-www-form-urlencoded");
    token = std::string(parsed(answered).at("access_token").as_string());
  }

  reply ask(std::string_view method, const std::string& target, const std::string& body = {}, std::string_view type = "application/json",
            bool hold = false) {
    const auto bearer = "Bearer " + token;
    request q;
    q.method = method;
    q.target = target;
    q.authorization = bearer;
    q.content_type = type;
    q.body = body;
    q.arrived = now.mono;
    reply r;
    graph->handle(q, now, r);
    if (hold) return r;
    graph->announce(r, now.mono);
    graph->finish(r);
    return r;
  }
  reply call(std::string_view user, std::string_view id) { return ask("POST", path_of(user), body_of(id)); }
  void pass(std::chrono::nanoseconds d) {
    now.mono += d;
    now.wall += std::chrono::duration_cast<convoke::ticks>(d);
  }
  std::size_t lines(const std::string& target) {
    const auto r = ask("GET", target);
    BOOST_TEST(r.status == 200);
    return static_cast<std::size_t>(std::ranges::count(r.body, '\n'));
  }

  moment now{mono_time(1000s), utc_time(std::chrono::sys_days(std::chrono::year(2026) / 8 / 31)) + 12h};
  std::unique_ptr<convoke::sim::world> graph;
  std::string token;
};

BOOST_AUTO_TEST_SUITE(controls)

BOOST_AUTO_TEST_CASE(patch_of_behaviour_changes_all_or_nothing) {
  controlled w;
  const auto before = w.ask("GET", "/_sim/behaviour").body;
  const auto wrong = w.ask("PATCH", "/_sim/behaviour", R"({"upn_answer":"forbidden","lane_rat":1})");
  BOOST_TEST(wrong.status == 400);
  BOOST_TEST(wrong.body.contains("lane_rat"), wrong.body);
  BOOST_TEST(w.ask("GET", "/_sim/behaviour").body == before);
  BOOST_TEST(w.call("a@b.example", "k").status == 404);
  const auto right = w.ask("PATCH", "/_sim/behaviour", R"({"upn_answer":"forbidden"})");
  BOOST_TEST(right.status == 200);
  BOOST_TEST(parsed(right).at("upn_answer").as_string() == "forbidden");
  BOOST_TEST(w.call("a@b.example", "k").status == 403);
  BOOST_TEST(w.ask("PATCH", "/_sim/behaviour", R"({"tenant":"none","seed":2})").status == 400);
}

BOOST_AUTO_TEST_CASE(reset_brings_back_the_beginning_and_keeps_what_is_named) {
  controlled w;
  BOOST_TEST(w.call(alice, "k").status == 201);
  w.ask("PATCH", "/_sim/behaviour", R"({"monthly_quota":1})");
  BOOST_TEST(w.ask("POST", "/_sim/reset", R"({"keep":["meetings","calls"]})").status == 200);
  BOOST_TEST(w.lines("/_sim/meetings") == 1U);
  BOOST_TEST(w.lines("/_sim/calls") == 1U);
  BOOST_TEST(parsed(w.ask("GET", "/_sim/behaviour")).at("monthly_quota").as_int64() == 0);
  BOOST_TEST(w.ask("POST", "/_sim/reset").status == 200);
  BOOST_TEST(w.lines("/_sim/meetings") == 0U);
  BOOST_TEST(w.lines("/_sim/calls") == 0U);
  BOOST_TEST(parsed(w.ask("GET", "/_sim/stats")).at("requests").to_number<int>() == 0);
  BOOST_TEST(w.call(alice, "k").status == 201);
  for (const auto* body : {"{", "[]", R"({"keep":"meetings"})", R"({"keep":["tokens"]})", R"({"forget":[]})"})
    BOOST_TEST(w.ask("POST", "/_sim/reset", body).status == 400, body);
}

BOOST_AUTO_TEST_CASE(a_call_that_is_in_flight_survives_a_reset) {
  controlled w;
  auto held = w.ask("POST", path_of(alice), body_of("k"), "application/json", true);
  for (int i = 0; i < 2; ++i) {
    BOOST_TEST(w.ask("POST", "/_sim/reset").status == 200);
    BOOST_TEST(w.call(alice, "k").status == 201);
  }
  w.graph->announce(held, w.now.mono);
  w.graph->finish(held);
  BOOST_TEST(w.ask("POST", "/_sim/reset").status == 200);
  BOOST_TEST(w.lines("/_sim/meetings") == 0U);
}

BOOST_AUTO_TEST_CASE(the_call_log_is_filtered) {
  controlled w;
  w.call(alice, "a");
  w.call(bob, "b");
  w.call("a@b.example", "c");
  w.ask("GET", "/v1.0/users/" + std::string(alice));
  BOOST_TEST(w.lines("/_sim/calls") == 4U);
  BOOST_TEST(w.lines("/_sim/calls?method=POST") == 3U);
  BOOST_TEST(w.lines("/_sim/calls?status=404") == 1U);
  BOOST_TEST(w.lines("/_sim/calls?organizer=" + std::string(bob)) == 1U);
  BOOST_TEST(w.lines("/_sim/calls?external_id=a&method=POST") == 1U);
  BOOST_TEST(w.lines("/_sim/calls?since=2") == 2U);
  BOOST_TEST(w.lines("/_sim/calls?method=POST&limit=2") == 2U);
  BOOST_TEST(w.ask("GET", "/_sim/calls?limit=1").body.contains(R"("call":4,)"));
  BOOST_TEST(w.lines("/_sim/calls?limit=0") == 0U);
  BOOST_TEST(w.ask("GET", "/_sim/calls?color=red").status == 400);
  BOOST_TEST(w.ask("GET", "/_sim/calls?since=x").status == 400);
}

BOOST_AUTO_TEST_CASE(fewer_calls_can_be_kept_while_it_runs) {
  controlled w;
  for (const auto* id : {"a", "b", "c", "d"}) w.call(alice, id);
  w.ask("PATCH", "/_sim/behaviour", R"({"calls":2})");
  const auto r = w.ask("GET", "/_sim/calls");
  BOOST_TEST(!r.body.contains(R"("call":2,)"));
  BOOST_TEST(r.body.contains(R"("call":3,)"));
  w.call(alice, "e");
  BOOST_TEST(w.lines("/_sim/calls") == 2U);
}

scenario_step step(double at, std::vector<setting_change> changes) {
  return {.at = at, .changes = std::move(changes)};
}

BOOST_AUTO_TEST_CASE(a_scenario_changes_settings_and_policies_at_their_times) {
  controlled w;
  auto revoke = step(60, {{"policy_delay", "0"}});
  revoke.revoke = {std::string(alice)};
  auto again = step(10, {{"seed", "7"}});
  again.every = 20;
  again.until = 50;
  w.graph->play({step(30, {{"upn_answer", "forbidden"}}), revoke, again}, w.now.mono);
  BOOST_TEST(w.call("a@b.example", "k").status == 404);
  w.pass(29s);
  BOOST_TEST(w.call("a@b.example", "k").status == 404);
  w.pass(1s);
  BOOST_TEST(w.call("a@b.example", "k").status == 403);
  BOOST_TEST(w.call(alice, "k").status == 201);
  w.pass(31s);
  BOOST_TEST(w.call(alice, "k").status == 403);
  const auto shown = parsed(w.ask("GET", "/_sim/scenario"));
  BOOST_TEST(shown.at("left").to_number<int>() == 0);
  BOOST_TEST(shown.at("applied").as_array().size() == 5U);  // at 10, 30, 30, 50 and 60 s
  BOOST_TEST(shown.at("applied").as_array().back().at("at").to_number<double>() == 60);
  // It begins again.
  BOOST_TEST(w.ask("POST", "/_sim/reset").status == 200);
  BOOST_TEST(w.call(alice, "k").status == 201);
  BOOST_TEST(w.call("a@b.example", "k").status == 404);
  w.pass(30s);
  BOOST_TEST(w.call("a@b.example", "k").status == 403);
}

BOOST_AUTO_TEST_CASE(a_scenario_is_checked_in_the_order_of_time) {
  BOOST_TEST(!check_scenario({step(1, {{"lane_rate", "5"}})}, {}).has_value());
  const auto wrong = check_scenario({step(2, {{"seed", "1"}, {"window", "round"}})}, {});
  BOOST_REQUIRE(wrong.has_value());
  BOOST_TEST(wrong->setting == "window");
  // Each alone is right; the later one makes the total exceed 1.
  const auto together = check_scenario({step(9, {{"reset", "0.6"}}), step(3, {{"lost_reply", "0.6"}})}, {});
  BOOST_REQUIRE(together.has_value());
  BOOST_TEST(together->step == 0U);
  BOOST_TEST(together->setting.empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
