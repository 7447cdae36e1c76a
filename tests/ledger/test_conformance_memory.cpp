// What every store remembers from run to run beside its rows.

#include <algorithm>
#include <limits>

#include "ledger/fixture.hpp"

using namespace convoke;
using namespace convoke::ledger;
using namespace convoke::ledger::testing;

namespace {

utc_time now() {
  return std::chrono::time_point_cast<ticks>(std::chrono::system_clock::now());
}

struct fixture : at_work {
  utc_time when = now();

  run_id one_row(const std::string& identity, const std::string& app = "app-1") {
    auto h = header(identity);
    h.lanes[0].app = app;
    return plan(*s, h, {row(2, 1, identity)}).id;
  }
};

const lane_pace known{.rate = 48.5, .refused = 50.25, .credit = 7};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(memories, fixture)

BOOST_AUTO_TEST_CASE(a_new_lane_has_no_learnt_pace) {
  const auto opened = must(s->resume(one_row("one")));
  BOOST_REQUIRE(opened.learnt.size() == 1u);
  BOOST_TEST(!opened.learnt[0].has_value());
  const auto stranger = must(r->memory({"https://elsewhere", "t", "a"}));
  BOOST_TEST(!stranger.learnt.has_value());
  BOOST_TEST(stranger.cooldowns.empty());
}

BOOST_AUTO_TEST_CASE(a_pace_survives_the_process_and_belongs_to_the_lane) {
  s->save_pace(one_row("one"), 0, known, when);
  restart();
  const auto same_lane = must(s->resume(one_row("two"))), other_app = must(s->resume(one_row("three", "app-2")));
  BOOST_REQUIRE(same_lane.learnt.at(0).has_value());
  BOOST_TEST((same_lane.learnt[0]->pace == known));
  BOOST_TEST((same_lane.learnt[0]->saved_at == when));
  BOOST_TEST(!other_app.learnt.at(0).has_value());
  const auto read = must(r->memory(header().lanes[0]));
  BOOST_REQUIRE(read.learnt.has_value());
  BOOST_TEST((read.learnt->pace == known));
}

BOOST_AUTO_TEST_CASE(a_pace_is_written_with_the_next_commit) {
  const auto run = one_row("one");
  const auto opened = resume(run);
  const auto id = opened.organizers.at(0).id;
  s->save_pace(run, 0, {.rate = 1}, when);
  s->save_pace(run, 0, known, when);  // the latest counts
  finish(*s, {ended(claim(*s, opened, id).rows.at(0))});
  const auto written = must(r->status(run)).lanes.at(0).learnt;
  BOOST_REQUIRE(written.has_value());
  BOOST_TEST((written->pace == known));
  s->save_pace(run, 0, {.rate = 52}, when);
  BOOST_TEST((must(s->finish_run(run)) == run_state::finished));
  BOOST_TEST(must(r->memory(header().lanes[0])).learnt->pace.rate == 52.0);
}

BOOST_AUTO_TEST_CASE(a_pace_that_is_no_positive_finite_rate_is_dropped) {
  const auto run = one_row("one");
  constexpr auto nan = std::numeric_limits<double>::quiet_NaN(), inf = std::numeric_limits<double>::infinity();
  for (const auto bad : {0.0, -1.0, nan, inf}) s->save_pace(run, 0, {.rate = bad}, when);
  s->save_pace(run, 0, {.rate = 1, .refused = nan}, when);
  restart();
  BOOST_TEST(!must(s->resume(run)).learnt.at(0).has_value());
}

BOOST_AUTO_TEST_CASE(a_status_names_cooldowns_and_the_calls_that_are_left) {
  const auto run = plan(*s, header(), {row(2, 1, "a"), row(3, 1, "a"), row(4, 2, "b")}).id;
  const auto opened = resume(run);
  const auto id = opened.organizers.at(0).id;
  s->save_cooldown(run, 0, std::nullopt, when + std::chrono::hours(2));
  s->save_cooldown(run, 0, id, when + std::chrono::hours(1));
  s->save_cooldown(run, 0, id + 1, when - std::chrono::hours(1));
  restart();
  const auto status = must(r->status(run));
  BOOST_TEST(status.calls_left == 2u);
  BOOST_REQUIRE(status.lanes.size() == 1u);
  const auto& cooldowns = status.lanes[0].cooldowns;
  BOOST_REQUIRE(cooldowns.size() == 2u);
  BOOST_TEST(cooldowns[0].organizer == "");
  BOOST_TEST(about(cooldowns[0].until, when + std::chrono::hours(2)));
  BOOST_TEST(cooldowns[1].organizer == organizer_name(1));
}

BOOST_AUTO_TEST_CASE(a_status_counts_the_calls_that_are_left_in_each_lane) {
  auto h = header();
  for (const auto* const app : {"app-2", "app-3"}) h.lanes.push_back({"https://graph.example/v1.0", "tenant-2", app});
  std::vector<planned_row> rows = {row(2, 1, "a"), row(3, 1, "a"), row(4, 2, "b"), row(5, 3, "c")};
  rows[3].lane = 2;
  const auto run = plan(*s, h, std::move(rows)).id;
  BOOST_TEST(must(r->status(run)).calls_left_of_lanes == (std::vector<std::uint64_t>{2, 0, 1}), boost::test_tools::per_element());
  const auto opened = resume(run);
  const auto last = std::ranges::find(opened.organizers, lane_id{2}, &organizer_rows::lane)->id;
  finish(*s, {ended(claim(*s, opened, last).rows.at(0))});
  BOOST_TEST(must(r->status(run)).calls_left_of_lanes == (std::vector<std::uint64_t>{2, 0, 0}), boost::test_tools::per_element());
  BOOST_TEST(must(r->status(run)).calls_left == 2u);
  must(s->discard(run));
  BOOST_TEST(must(r->status(run)).calls_left_of_lanes == (std::vector<std::uint64_t>{0, 0, 0}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(cooldowns_are_forgotten_one_by_one_or_all_of_a_lane) {
  const auto run = plan(*s, header(), {row(2, 1, "a"), row(3, 2, "b")}).id;
  const auto other = one_row("two", "app-2");
  const auto opened = resume(run);
  const auto id = opened.organizers.at(0).id;
  for (const auto who : {std::optional<organizer_id>(), std::optional(id), std::optional(id + 1)})
    s->save_cooldown(run, 0, who, when + std::chrono::hours(2));
  s->save_cooldown(other, 0, std::nullopt, when + std::chrono::hours(2));
  s->forget_cooldown(run, 0, id);
  restart();
  const auto left = must(s->resume(run)).cooldowns;
  BOOST_REQUIRE(left.size() == 2u);
  BOOST_TEST(!left[0].organizer.has_value());
  BOOST_TEST((left[0].saved_at >= when - std::chrono::minutes(1)));
  BOOST_TEST((left[0].saved_at <= now()));
  BOOST_TEST(must(s->forget_cooldowns(header().lanes[0])) == 2u);
  BOOST_TEST(must(s->forget_cooldowns(header().lanes[0])) == 0u);
  BOOST_TEST(must(s->forget_cooldowns({"https://elsewhere", "t", "a"})) == 0u);
  BOOST_TEST(must(s->resume(run)).cooldowns.empty());
  BOOST_TEST(must(s->resume(other)).cooldowns.size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_cooldown_of_an_application_is_saved_for_its_lanes_of_all_runs) {
  const auto of = [&](const std::string& identity, const lane_name& lane) {
    auto h = header(identity);
    h.lanes[0] = lane;
    return plan(*s, h, {row(2, 1, identity)}).id;
  };
  const auto [root, tenant, app] = header().lanes[0];
  const auto run = one_row("one", app), same = of("two", {root, "other-tenant", app}), person = of("three", {root, tenant, app + "/user"});
  const auto longer = of("four", {root, tenant, app + "2"}), elsewhere = of("five", {"https://elsewhere/v1.0", tenant, app});
  s->save_cooldown(same, 0, std::nullopt, when + std::chrono::hours(3));
  s->save_app_cooldown(run, 0, when + std::chrono::hours(2));
  restart();
  const auto ends = [&](run_id of_run) {
    std::vector<utc_time> out;
    for (const auto& one : must(s->resume(of_run)).cooldowns) {
      BOOST_TEST(!one.organizer.has_value());
      out.push_back(one.until);
    }
    return out;
  };
  for (const auto closed : {run, person}) {
    BOOST_TEST_REQUIRE(ends(closed).size() == 1u);
    BOOST_TEST(about(ends(closed)[0], when + std::chrono::hours(2)));
  }
  BOOST_TEST_REQUIRE(ends(same).size() == 1u);
  BOOST_TEST(about(ends(same)[0], when + std::chrono::hours(3)));  // the latest end counts
  BOOST_TEST(ends(longer).empty());
  BOOST_TEST(ends(elsewhere).empty());
  s->save_app_cooldown(person, 0, when + std::chrono::hours(4));
  restart();
  for (const auto closed : {run, same, person}) BOOST_TEST(about(ends(closed).at(0), when + std::chrono::hours(4)));
}

// The client id of a ready token is not known.
BOOST_AUTO_TEST_CASE(a_cooldown_of_an_application_that_is_not_known_is_that_of_the_lane) {
  const auto run = one_row("one", "");
  auto h = header("two");
  h.lanes[0].app.clear();
  h.lanes[0].tenant = "other-tenant";
  const auto other = plan(*s, h, {row(2, 1, "two")}).id;
  s->save_app_cooldown(run, 0, when + std::chrono::hours(2));
  restart();
  BOOST_TEST(must(s->resume(run)).cooldowns.size() == 1u);
  BOOST_TEST(must(s->resume(other)).cooldowns.empty());
}

// Of the first one less may be obeyed than was announced, which is over when the second comes.
BOOST_AUTO_TEST_CASE(the_end_of_an_earlier_cooldown_counts_from_the_later_one_on) {
  const auto run = one_row("one");
  auto h = header("two");
  h.lanes[0].tenant = "other-tenant";
  const auto other = plan(*s, h, {row(2, 1, "two")}).id;
  const auto saved = [&] { return must(s->resume(other)).cooldowns.at(0); };
  s->save_app_cooldown(run, 0, when + std::chrono::hours(27));
  s->forget_cooldown(run, 0, std::nullopt);
  restart();
  const auto first = saved();
  s->save_app_cooldown(run, 0, when + std::chrono::hours(1));
  restart();
  BOOST_TEST((saved().saved_at > first.saved_at));
  BOOST_TEST(about(saved().until, when + std::chrono::hours(27)));
  BOOST_TEST(about(must(s->resume(run)).cooldowns.at(0).until, when + std::chrono::hours(1)));
}

BOOST_AUTO_TEST_CASE(what_a_session_of_some_lanes_learns_belongs_to_its_own_lane) {
  auto h = header();
  h.lanes.push_back({"https://graph.example/v1.0", "tenant-2", "app-2"});
  auto of_second = row(3, 2, "b");
  of_second.lane = 1;
  const auto run = plan(*s, h, {row(2, 1, "a"), of_second}).id;
  const auto opened = must(s->join({.run = run, .lanes = {h.lanes[1]}}));
  const auto who = opened.organizers.at(0).id;
  s->save_pace(run, 0, known, when);
  for (const auto one : {std::optional<organizer_id>(), std::optional(who)}) s->save_cooldown(run, 0, one, when + std::chrono::hours(2));
  s->forget_cooldown(run, 0, who);
  finish(*s, {ended(claim(*s, opened, who).rows.at(0))});
  BOOST_TEST(!must(r->memory(h.lanes[0])).learnt.has_value());
  BOOST_TEST(must(r->memory(h.lanes[0])).cooldowns.empty());
  BOOST_REQUIRE(must(r->memory(h.lanes[1])).learnt.has_value());
  BOOST_TEST((must(r->memory(h.lanes[1])).learnt->pace == known));
  BOOST_TEST(must(r->memory(h.lanes[1])).cooldowns.size() == 1u);
  // Each session finds it under its own number of the lane.
  const auto again = must(s->join({.run = run, .lanes = {h.lanes[1]}}));
  BOOST_REQUIRE(again.learnt.size() == 1u);
  BOOST_TEST(again.learnt[0].has_value());
  BOOST_REQUIRE(again.cooldowns.size() == 1u);
  BOOST_TEST(again.cooldowns[0].lane == 0u);
  const auto all = resume(run);
  BOOST_REQUIRE(all.learnt.size() == 2u);
  BOOST_TEST(!all.learnt[0].has_value());
  BOOST_TEST(all.learnt[1].has_value());
  BOOST_REQUIRE(all.cooldowns.size() == 1u);
  BOOST_TEST(all.cooldowns[0].lane == 1u);
  BOOST_TEST(must(s->join({.run = run, .lanes = {h.lanes[0]}})).cooldowns.empty());
}

BOOST_AUTO_TEST_CASE(meetings_of_the_month_are_counted_for_each_organizer) {
  const auto run = plan(*s, header(), {row(2, 1, "a"), row(3, 1, "b"), row(4, 1, "c"), row(5, 2, "d")}).id;
  const auto opened = must(s->resume(run));
  const auto page = claim(*s, opened, opened.organizers.at(0).id);
  auto made = ended(page.rows[0]), long_ago = ended(page.rows[1]), existing = ended(page.rows[2], outcome::existing);
  made.finished_at = existing.finished_at = when;
  long_ago.finished_at = when - std::chrono::days(63);
  finish(*s, {made, long_ago, existing});
  restart();
  must(s->prune(1));
  const auto next = plan(*s, header("two"), {row(2, 1, "new"), row(3, 2, "d"), row(4, 3, "e")}).summary;
  BOOST_REQUIRE(next.organizers.size() == 3u);
  BOOST_TEST(next.organizers[0].made_this_month == 1u);
  BOOST_TEST(next.organizers[1].made_this_month == 0u);
  BOOST_TEST(next.organizers[2].made_this_month == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
