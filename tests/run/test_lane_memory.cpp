// What one run leaves for the next: the pace of the lane, closed scopes, and when to come back.

#include "fixture.hpp"
#include "ledger/ledger.hpp"
#include "run/driver_state.hpp"
#include "run/foresight.hpp"

using namespace convoke;
using namespace convoke::testing;
using namespace std::chrono_literals;
using basis = forecast::basis;

namespace {

utc_time now() {
  return std::chrono::floor<ticks>(std::chrono::system_clock::now());
}

// Puts a memory into the ledger of this fixture, as an earlier run would have.
void remember(const fixture& f, std::uint32_t run, double rate, utc_time when, std::optional<utc_time> closed_until = std::nullopt) {
  const auto store = must(ledger::open_sqlite({.path = (f.folder / "ledger.db").string(), .program_version = "test"}));
  store->save_pace(run, 0, {.rate = rate}, when);
  if (closed_until) store->save_cooldown(run, 0, std::nullopt, *closed_until);
}

}  // namespace

BOOST_FIXTURE_TEST_CASE(a_plan_has_a_forecast_from_what_is_known_of_the_lane, fixture) {
  start();
  auto j = make_job(write_rows("in.csv", 1, 100));
  j.pace.rate = 500;
  j.pace.fixed_rate = false;
  const auto first = must(plan(j, false, watch));
  BOOST_REQUIRE(first.summary.expected.has_value());
  BOOST_TEST((first.summary.expected->from == basis::unknown));
  BOOST_TEST(first.summary.expected->calls == 100u);
  remember(*this, first.run, 50, now() - 1h, now() + 10min);
  const auto known = must(dry_run(j, watch)).expected;
  BOOST_REQUIRE(known.has_value());
  BOOST_TEST((known->from == basis::learnt));
  BOOST_TEST(known->rate == 50.0);
  BOOST_TEST((*known->learnt_ago >= 1h));
  BOOST_TEST((known->most > 10min - 5s));
  BOOST_TEST((known->most < 10min + 5s));
  // Another app has learnt nothing.
  j.lanes.front().client_id = "another";
  BOOST_TEST((must(dry_run(j, watch)).expected->from == basis::unknown));
}

BOOST_FIXTURE_TEST_CASE(a_run_says_what_it_expects_before_its_first_call, fixture) {
  start();
  auto j = make_job(write_rows("in.csv", 1, 60));
  j.pace.rate = 20;
  j.pace.max_duration = 1s;
  const auto stopped = must(apply(j, watch));
  BOOST_TEST(stopped.exit_code() == 5);
  BOOST_REQUIRE(watch.forecasts.size() == 1u);
  BOOST_TEST((watch.forecasts[0].most == 3s));
  BOOST_REQUIRE(stopped.plan.has_value());
  BOOST_TEST(stopped.plan->expected.has_value());
  // The run's own time limit: the next run need not wait.
  BOOST_REQUIRE(stopped.come_back.has_value());
  BOOST_TEST((*stopped.come_back == 0s));
  BOOST_TEST(stopped.come_back_at.has_value());
  j.pace.rate = 100'000;
  j.pace.max_duration.reset();
  const auto done = must(apply(j, watch));
  BOOST_TEST(done.exit_code() == 0);
  BOOST_REQUIRE(watch.forecasts.size() == 2u);
  BOOST_TEST(watch.forecasts[1].calls == stopped.counts.owed);  // exactly what is owed
  BOOST_TEST(count("requests") == 60);
  BOOST_TEST(must(apply(j, watch)).calls == 0u);
  BOOST_TEST(watch.forecasts.size() == 2u);
}

BOOST_FIXTURE_TEST_CASE(a_long_cooldown_ends_the_run_and_the_next_one_obeys_it, fixture) {
  sim::behaviour busy;
  busy.throttle.lane = {.rate = 1, .burst = 5};
  busy.throttle.form = sim::retry_after_form::constant;
  busy.throttle.constant_seconds = 3600;
  start(busy);
  const auto j = make_job(write_rows("in.csv", 1, 30));
  const auto closed = must(apply(j, watch));
  BOOST_TEST(closed.exit_code() == 5);
  BOOST_REQUIRE(closed.come_back.has_value());
  BOOST_TEST((*closed.come_back >= 3590s));
  BOOST_TEST((*closed.come_back <= 3970s));
  const auto requests = count("requests");
  const auto again = must(apply(j, watch));
  BOOST_TEST(again.exit_code() == 5);
  BOOST_TEST(again.calls == 0u);
  BOOST_TEST((again.come_back.value() > 3500s));
  BOOST_TEST((watch.forecasts.back().closed_for > 3500s));
  BOOST_TEST(count("requests") == requests);
  BOOST_TEST(count("early") == 0);
}

namespace {

// Of all lanes together.
std::optional<forecast> foreseen(const ledger::run_status& status, utc_time wall) {
  return run::foresee(status, run::foresee_lanes(status, wall));
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_status_expects_the_learnt_rate_and_counts_a_cooldown_in) {
  const utc_time wall = now();
  ledger::run_status status;
  status.calls_left_of_lanes = {480};
  status.lanes = {{.learnt = ledger::saved_pace{{.rate = 48, .refused = 50}, wall - 3min}, .cooldowns = {{"", wall + 5min}}}};
  const auto expected = foreseen(status, wall);
  BOOST_REQUIRE(expected.has_value());
  BOOST_TEST((expected->from == basis::learnt));
  BOOST_TEST((expected->most == 5min + 10s));
  BOOST_TEST((expected->closed_for == 5min));
  status.lanes[0].learnt->pace.rate = 5000;  // above the default of --rate, which the other process need not have
  BOOST_TEST(foreseen(status, wall)->rate == 5000.0);
  status.lanes[0].learnt.reset();
  BOOST_TEST(!foreseen(status, wall).has_value());
  status.lanes[0].learnt = ledger::saved_pace{{.rate = 48}, wall};
  status.calls_left_of_lanes = {0};
  BOOST_TEST(!foreseen(status, wall).has_value());
}

BOOST_AUTO_TEST_CASE(a_status_expects_each_lane_by_what_it_owes_and_has_learnt) {
  const utc_time wall = now();
  ledger::run_status status;
  status.calls_left_of_lanes = {480, 90, 0};
  status.lanes = {{.learnt = ledger::saved_pace{{.rate = 48}, wall}, .cooldowns = {}},
                  {.learnt = ledger::saved_pace{{.rate = 3}, wall}, .cooldowns = {{"", wall + 1min}}},
                  {.learnt = ledger::saved_pace{{.rate = 100}, wall}, .cooldowns = {}}};
  auto lanes = run::foresee_lanes(status, wall);
  BOOST_REQUIRE(lanes.size() == 3U);
  BOOST_REQUIRE((lanes[0] && lanes[1]));
  BOOST_TEST(lanes[0]->calls == 480U);
  BOOST_TEST((lanes[0]->most == 10s));
  BOOST_TEST(lanes[1]->calls == 90U);
  BOOST_TEST((lanes[1]->most == 1min + 30s));
  BOOST_TEST(!lanes[2].has_value(), "it owes nothing");
  const auto all = run::foresee(status, lanes);
  BOOST_REQUIRE(all.has_value());
  BOOST_TEST(all->calls == 570U);
  BOOST_TEST((all->most == 1min + 30s));
  // What is known of one lane does not depend on the others; the time of all does.
  status.lanes[0].learnt.reset();
  lanes = run::foresee_lanes(status, wall);
  BOOST_TEST(!lanes[0].has_value());
  BOOST_TEST(lanes[1].has_value());
  BOOST_TEST(!run::foresee(status, lanes).has_value());
}

BOOST_AUTO_TEST_CASE(a_lane_is_set_up_with_its_memory) {
  const utc_time wall = now();
  const mono_time mono{5h};
  ledger::opened_run opened;
  opened.info.header.lanes.resize(3);
  opened.organizers = {{.id = 7, .lane = 1, .organizer = "o", .fresh = 3, .stale = 2}};
  opened.cooldowns = {{.lane = 0, .organizer = std::nullopt, .until = wall - 1s, .saved_at = wall - 1h},
                      {.lane = 1, .organizer = 7, .until = wall + 2h, .saved_at = wall - 1h},
                      {.lane = 2, .organizer = std::nullopt, .until = wall + 1min, .saved_at = wall - 1h}};
  opened.learnt = {ledger::saved_pace{{.rate = 48, .refused = 50, .credit = 6}, wall - 30h}, std::nullopt,
                   ledger::saved_pace{{.rate = 9}, wall + 1h}};  // by a clock that was ahead
  const auto lanes = run::lane_setups(opened, job{}, mono, wall);
  BOOST_REQUIRE(lanes.size() == 3u);
  BOOST_REQUIRE(lanes[0].learnt.has_value());
  BOOST_TEST((lanes[0].learnt->pace == engine::learnt_pace{.rate = 48, .refused = 50, .credit = 6}));
  BOOST_TEST((lanes[0].learnt->age == 30h));
  BOOST_TEST(lanes[0].cooldowns.empty());
  BOOST_TEST(!lanes[1].learnt.has_value());
  BOOST_REQUIRE(lanes[1].cooldowns.size() == 1u);
  BOOST_TEST((lanes[1].cooldowns[0].organizer == 7u));
  BOOST_TEST((lanes[1].cooldowns[0].until == mono + 2h));
  BOOST_TEST((lanes[2].learnt->age == 0ns));
  BOOST_TEST(run::calls_owed(opened) == 5u);
}

BOOST_AUTO_TEST_CASE(the_flags_of_the_pace_reach_the_engine) {
  job j;
  j.pace.rate = 77;
  j.pace.start_rate = 5;
  j.pace.fixed_rate = true;
  j.pace.organizer_rate = 2;
  const auto s = run::engine_settings(j, 9);
  BOOST_TEST(s.rate == 77.0);
  BOOST_TEST(s.start_rate == 5.0);
  BOOST_TEST(s.fixed_rate);
  BOOST_TEST(s.organizer_rate.value() == 2.0);
  BOOST_TEST(s.seed == 9u);
}
