// Cooldowns that a ledger remembers, and what --max-cooldown and --forget-cooldowns make of them.

#include "run/cooldowns.hpp"

#include "fixture.hpp"
#include "ledger/ledger.hpp"
#include "run/driver_state.hpp"

using namespace convoke;
using namespace convoke::testing;
using namespace std::chrono_literals;

namespace {

constexpr auto until_2286 = std::chrono::sys_days(std::chrono::year(2286) / 11 / 20);

utc_time now() {
  return std::chrono::floor<ticks>(std::chrono::system_clock::now());
}

void close_lane(const fixture& f, std::uint32_t run, utc_time until) {
  must(ledger::open_sqlite({.path = (f.folder / "ledger.db").string(), .program_version = "test"}))
      ->save_cooldown(run, 0, std::nullopt, until);
}

ledger::lane_memory memory_of(const fixture& f, std::uint32_t run) {
  return must(must(ledger::read_sqlite((f.folder / "ledger.db").string()))->status(run)).lanes.at(0);
}

bool noted(const fixture& f, std::string_view words) {
  return std::ranges::any_of(f.watch.notes, [words](const std::string& n) { return n.contains(words); });
}

}  // namespace

BOOST_FIXTURE_TEST_CASE(an_old_ledgers_cooldown_until_2286_is_cut_and_says_so, fixture) {
  start();
  auto j = make_job(write_rows("in.csv", 1, 20));
  close_lane(*this, must(plan(j, true, watch)).run, until_2286);
  BOOST_TEST((must(dry_run(j, watch)).expected->closed_for <= 24h));
  const auto closed = must(apply(j, watch));
  BOOST_TEST(closed.exit_code() == 5);
  BOOST_TEST((closed.come_back.value() > 23h));
  BOOST_TEST((closed.come_back.value() <= 24h));
  BOOST_TEST(noted(*this, "--max-cooldown"));
  BOOST_TEST(noted(*this, "the lane"));
  BOOST_TEST(count("requests") == 0);
  // When it is over one call is made, and the ledger forgets it with that.
  j.pace.max_cooldown = 50ms;
  BOOST_TEST(must(apply(j, watch)).exit_code() == 0);
  BOOST_TEST(count("created") == 20);
  BOOST_TEST(memory_of(*this, closed.run).cooldowns.empty());
}

BOOST_FIXTURE_TEST_CASE(forget_cooldowns_starts_without_them_and_deletes_them, fixture) {
  start();
  auto j = make_job(write_rows("in.csv", 1, 20));
  const auto run = must(plan(j, true, watch)).run;
  close_lane(*this, run, now() + 20h);
  BOOST_TEST(must(apply(j, watch)).exit_code() == 5);
  BOOST_TEST(memory_of(*this, run).cooldowns.size() == 1u);
  j.pace.forget_cooldowns = true;
  BOOST_TEST(must(dry_run(j, watch)).expected->closed_for.count() == 0);
  BOOST_TEST(memory_of(*this, run).cooldowns.size() == 1u);  // a rehearsal writes nothing
  BOOST_TEST(must(apply(j, watch)).exit_code() == 0);
  BOOST_TEST(noted(*this, "1 saved cooldown is deleted"));
  BOOST_TEST(memory_of(*this, run).cooldowns.empty());
  BOOST_TEST(count("created") == 20);
  must(apply(j, watch));
  BOOST_TEST(noted(*this, "no cooldown was saved"));
}

BOOST_AUTO_TEST_CASE(what_is_read_of_a_lane_is_cut_as_it_is_obeyed) {
  const auto wall = now();
  std::vector<ledger::lane_memory> lanes(1);
  lanes[0].cooldowns = {{.organizer = "", .until = until_2286, .saved_at = wall - 1h},
                        {.organizer = "a", .until = until_2286, .saved_at = wall - 25h},
                        {.organizer = "b", .until = wall + 2h, .saved_at = wall - 1h}};
  run::obey_limit(lanes, 24h, wall);
  BOOST_REQUIRE(lanes[0].cooldowns.size() == 2u);
  BOOST_TEST((lanes[0].cooldowns[0].until == wall + 23h));
  BOOST_TEST((lanes[0].cooldowns[1].until == wall + 2h));
}

BOOST_AUTO_TEST_CASE(a_lane_is_set_up_with_cut_cooldowns_and_no_time_overflows) {
  const utc_time wall = now();
  const mono_time mono{5h};
  ledger::opened_run opened;
  opened.info.header.lanes.resize(1);
  opened.cooldowns = {{.lane = 0, .organizer = std::nullopt, .until = utc_time::max(), .saved_at = wall - 1h},
                      {.lane = 0, .organizer = 7, .until = until_2286, .saved_at = wall - 25h}};
  const auto lanes = run::lane_setups(opened, job{}, mono, wall);
  BOOST_REQUIRE(lanes[0].cooldowns.size() == 2u);
  BOOST_TEST((lanes[0].cooldowns[0].until == mono + 23h));
  BOOST_TEST(lanes[0].cooldowns[0].cut);
  BOOST_TEST((lanes[0].cooldowns[1].until == mono));  // over, and its probe is owed
  BOOST_TEST(lanes[0].cooldowns[1].cut);
}
