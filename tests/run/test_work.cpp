// `work` on a SQLite ledger: it carries out what other commands planned, one run after the other.

#include <convoke/ledger.hpp>

#include "fixture.hpp"

using namespace convoke;
using namespace convoke::testing;
using namespace std::chrono_literals;

namespace {

struct worker_fixture : fixture {
  std::uint32_t planned(const std::string& input, bool open) { return must(plan(make_job(input), open, watch)).run; }
  [[nodiscard]] job worker() const {
    auto j = make_job({});
    j.results.clear();
    return j;
  }
  [[nodiscard]] run_state state_of(std::uint32_t run) const {
    auto reader = must(ledger_reader::open("sqlite:" + (folder / "ledger.db").string()));
    return must(reader.run(run))->state;
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(working, worker_fixture)

BOOST_AUTO_TEST_CASE(open_runs_are_carried_out_and_planned_ones_are_not) {
  start();
  const auto first = planned(write_rows("a.csv", 1, 20), true);
  const auto second = planned(write_rows("b.csv", 21, 30), true);
  const auto closed = planned(write_rows("c.csv", 31, 40), false);
  const auto done = must(work(worker(), {}, watch));
  BOOST_TEST((done.end == ending::finished));
  BOOST_TEST(done.exit_code() == 0);
  BOOST_TEST(done.rows == 30U);
  BOOST_TEST(done.calls == 30U);
  BOOST_TEST(done.sessions == 2U);
  BOOST_REQUIRE(done.finished.size() == 2U);
  BOOST_TEST(done.finished[0].run == first);
  BOOST_TEST(done.finished[1].counts.created == 10U);
  BOOST_TEST(done.left.empty());
  BOOST_TEST((state_of(second) == run_state::finished));
  BOOST_TEST((state_of(closed) == run_state::planned));
  BOOST_TEST(count("meetings") == 30);
  // The same again finds nothing.
  const auto again = must(work(worker(), {}, watch));
  BOOST_TEST(again.exit_code() == 0);
  BOOST_TEST(again.rows == 0U);
  BOOST_TEST(again.sessions == 0U);
  // The results are there for whoever wants them.
  auto j = make_job((folder / "a.csv").string());
  BOOST_TEST(must(apply(j, watch)).counts.created == 20U);
  BOOST_TEST(count("meetings") == 30);
}

BOOST_AUTO_TEST_CASE(rows_that_failed_do_not_change_the_exit_code_and_are_counted) {
  sim::behaviour refuses;
  for (int i = 0; i < 5; ++i) refuses.no_policy.insert(fmt::format("00000000-0000-0000-0000-0000000000{:02}", i));
  start(refuses);
  planned(write_rows("a.csv", 1, 3), true);
  const auto done = must(work(worker(), {}, watch));
  BOOST_REQUIRE(done.finished.size() == 1U);
  BOOST_TEST(done.finished.front().unsatisfied() == 3U);
  BOOST_TEST(done.exit_code() == 0);
}

BOOST_AUTO_TEST_CASE(a_stop_leaves_rows_to_the_next_worker) {
  start();
  planned(write_rows("a.csv", 1, 200), true);
  auto j = worker();
  j.pace.rate = 50;
  std::stop_source stop;
  struct stopper final : observer {
    std::stop_source& stop;
    explicit stopper(std::stop_source& s) : stop(s) {}
    void advanced(const progress& p) override {
      if (p.done > 5) stop.request_stop();
    }
  } stops(stop);
  const auto done = must(work(j, {}, stops, stop.get_token()));
  BOOST_TEST((done.end == ending::interrupted));
  BOOST_TEST(done.exit_code() == 130);
  BOOST_REQUIRE(done.left.size() == 1U);
  BOOST_TEST(done.left.front().counts.owed == 200 - done.rows);
  BOOST_TEST(must(work(worker(), {}, watch)).rows == 200 - done.rows);
  BOOST_TEST(count("meetings") == 200);
}

BOOST_AUTO_TEST_CASE(all_runs_share_one_time_limit) {
  start();
  planned(write_rows("a.csv", 1, 200), true);
  planned(write_rows("b.csv", 201, 400), true);
  auto j = worker();
  j.pace.rate = j.pace.start_rate = 20;
  j.pace.fixed_rate = true;
  // Long enough for a token and a connection on a busy machine, and far too short for the first run.
  j.pace.max_duration = 1500ms;
  const auto done = must(work(j, {}, watch));
  BOOST_TEST(done.exit_code() == 5);
  BOOST_REQUIRE(done.left.size() == 2U);
  BOOST_TEST(done.left[0].counts.created > 0U);
  // Nothing is left of the time for the second run.
  BOOST_TEST(done.left[1].counts.created == 0U);
  BOOST_TEST(done.left[1].counts.owed == 200U);
}

BOOST_AUTO_TEST_CASE(a_run_of_another_lane_is_left_alone) {
  start();
  planned(write_rows("a.csv", 1, 3), true);
  auto j = worker();
  j.lanes.front().client_id = "another-app";
  const auto done = must(work(j, {}, watch));
  BOOST_TEST(done.exit_code() == 0);
  BOOST_TEST(done.calls == 0U);
  BOOST_REQUIRE(done.left.size() == 1U);
  BOOST_TEST(done.left.front().counts.owed == 3U);
}

BOOST_AUTO_TEST_CASE(what_a_worker_cannot_use_is_refused) {
  auto j = worker();
  const auto refused = [&](const work_options& how) {
    const auto done = work(j, how, watch);
    BOOST_REQUIRE(!done.has_value());
    return done.error();
  };
  BOOST_TEST((refused({}).code == errc::storage), "there is no ledger");
  BOOST_TEST(refused({.follow = true}).message.starts_with("--follow needs a PostgreSQL ledger"));
  j.lanes.front().client_secret = {};
  BOOST_TEST((refused({}).code == errc::usage));
  j = worker();
  j.lanes.emplace_back();
  j.lanes.back().tenant = j.lanes.front().tenant;
  j.lanes.back().graph_url = j.lanes.front().graph_url;
  j.lanes.back().client_id = "APP";
  BOOST_TEST(refused({}).message.starts_with("Two lanes are the same one"));
  j.pace.rate = 0;
  BOOST_TEST(refused({}).message.starts_with("--rate"));
}

BOOST_AUTO_TEST_SUITE_END()
