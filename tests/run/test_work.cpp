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

BOOST_AUTO_TEST_CASE(rows_that_failed_are_counted_and_are_the_exit_code_of_the_worker_that_finishes_the_run) {
  sim::behaviour refuses;
  for (int i = 0; i < 5; ++i) refuses.no_policy.insert(fmt::format("00000000-0000-0000-0000-0000000000{:02}", i));
  start(refuses);
  planned(write_rows("a.csv", 1, 3), true);
  const auto done = must(work(worker(), {}, watch));
  BOOST_REQUIRE(done.finished.size() == 1U);
  BOOST_TEST(done.finished.front().unsatisfied() == 3U);
  BOOST_TEST(done.exit_code() == 3);
  // The next worker finds no open run, and says nothing of one that is over.
  BOOST_TEST(must(work(worker(), {}, watch)).exit_code() == 0);
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

namespace {

// Two tenants with a lane each, `one` and `two`.
struct two_tenants : worker_fixture {
  static constexpr const char* other = "7f1c9a52-0c5e-4f3b-9a53-51f6d3c0a0ff";

  void start_both(const sim::behaviour& one = {}) {
    std::ofstream(folder / "secret") << "shared-secret";
    fs::permissions(folder / "secret", fs::perms::owner_read | fs::perms::owner_write);
    sim::options options;
    options.secret_file = (folder / "secret").string();
    options.earlier.emplace_back().service = one;
    options.earlier.front().secret_file = options.secret_file;
    options.tenant = other;
    start(std::move(options));
  }

  [[nodiscard]] job with_both(job j) const {
    j.results.clear();
    j.lanes.push_back(std::move(worker().lanes.front()));
    j.lanes[0].name = "one";
    j.lanes[1].name = "two";
    j.lanes[1].tenant = other;
    return j;
  }

  // Plans and opens a run with so many rows of each.
  std::uint32_t planned_for(const std::string& name, unsigned one, unsigned two) {
    const auto path = (folder / (name + ".csv")).string();
    {
      std::ofstream to(path, std::ios::binary);
      to << "organizer,external_id,subject,start,tenant\n";
      for (unsigned i = 0; i < one + two; ++i)
        to << fmt::format("00000000-0000-0000-0000-0000000000{:02},{}-{},Class,2026-10-19T08:00:00Z,{}\n", i % 5, name, i,
                          i < one ? "one" : "two");
    }
    return must(plan(with_both(make_job(path)), true, watch)).run;
  }

  [[nodiscard]] std::int64_t requests_of(const std::string& tenant) const {
    const auto stats = boost::json::parse(graph->stats_json());
    return stats.at("tenants").at(tenant).at("requests").to_number<std::int64_t>();
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(working_in_two_lanes, two_tenants)

BOOST_AUTO_TEST_CASE(a_lane_that_is_refused_does_not_keep_the_others_from_later_runs) {
  start_both();
  planned_for("both", 3, 3);
  const auto second = planned_for("one", 4, 0);
  planned_for("mixed", 5, 2);
  planned_for("two", 0, 6);
  auto j = with_both(worker());
  j.lanes[1].client_secret = secret("wrong-secret");
  const auto done = must(work(j, {}, watch));
  BOOST_TEST((done.end == ending::credentials), done.detail);
  BOOST_TEST(done.exit_code() == 4);
  BOOST_TEST(requests_of(graph->tenant()) == 3 + 4 + 5);
  BOOST_TEST(requests_of(other) == 0);
  BOOST_TEST(done.rows == 12U);
  // The last run has nothing for the lane that is left.
  BOOST_TEST(done.sessions == 3U);
  BOOST_TEST(watch.resumptions.back().second == 5U);
  BOOST_REQUIRE(done.lanes.size() == 2U);
  BOOST_TEST((done.lanes[0].end == ending::finished));
  BOOST_TEST(done.lanes[0].calls == 12U);
  BOOST_TEST((done.lanes[1].end == ending::credentials));
  BOOST_REQUIRE(done.finished.size() == 1U);
  BOOST_TEST(done.finished.front().run == second);
  BOOST_REQUIRE(done.left.size() == 3U);
  BOOST_TEST(done.left[0].counts.owed == 3U);
  BOOST_TEST(done.left[1].counts.owed == 2U);
  BOOST_TEST(done.left[2].counts.owed == 6U);
  // With the right secret, what is left is done.
  BOOST_TEST(must(work(with_both(worker()), {}, watch)).exit_code() == 0);
  BOOST_TEST(requests_of(graph->tenant()) == 12);
  BOOST_TEST(requests_of(other) == 11);
  BOOST_TEST(count("meetings") == 23);
}

BOOST_AUTO_TEST_CASE(a_lane_that_was_done_in_one_run_is_not_finished_where_a_stop_left_it_another_one) {
  start_both();
  planned_for("first", 200, 3);
  planned_for("second", 0, 2);
  auto j = with_both(worker());
  j.pace.rate = 50;
  std::stop_source stop;
  struct stopper final : observer {
    const two_tenants& from;
    std::stop_source& stop;
    stopper(const two_tenants& f, std::stop_source& s) : from(f), stop(s) {}
    void advanced(const progress& p) override {
      if (p.done > 5 && from.requests_of(other) == 3) stop.request_stop();
    }
  } stops(*this, stop);
  const auto done = must(work(j, {}, stops, stop.get_token()));
  BOOST_TEST(done.exit_code() == 130);
  BOOST_TEST(done.sessions == 1U);
  BOOST_REQUIRE(done.left.size() == 2U);
  BOOST_TEST(done.left[1].counts.owed == 2U);
  BOOST_REQUIRE(done.lanes.size() == 2U);
  BOOST_TEST((done.lanes[0].end == ending::interrupted));
  BOOST_TEST((done.lanes[1].end == ending::interrupted));
  BOOST_TEST(done.lanes[1].calls == 3U);
  BOOST_TEST(done.lanes[1].detail == "Interrupted before everything that open runs owe was reached.");
  BOOST_TEST(requests_of(other) == 3);
}

BOOST_AUTO_TEST_CASE(rows_that_failed_count_for_the_worker_that_finishes_the_run) {
  sim::behaviour refuses;
  for (int i = 0; i < 5; ++i) refuses.no_policy.insert(fmt::format("00000000-0000-0000-0000-0000000000{:02}", i));
  start_both(refuses);
  planned_for("both", 2, 1);
  auto j = with_both(worker());
  j.lanes.pop_back();
  const auto first = must(work(j, {}, watch));
  BOOST_TEST(first.exit_code() == 0);
  BOOST_TEST(first.finished.empty());
  BOOST_REQUIRE(first.left.size() == 1U);
  BOOST_TEST(first.left.front().unsatisfied() == 2U);
  BOOST_TEST(first.left.front().counts.owed == 1U);
  j = with_both(worker());
  j.lanes.erase(j.lanes.begin());
  const auto last = must(work(j, {}, watch));
  BOOST_TEST(last.exit_code() == 3);
  BOOST_REQUIRE(last.finished.size() == 1U);
  BOOST_TEST(last.finished.front().unsatisfied() == 2U);
  BOOST_TEST(last.finished.front().counts.created == 1U);
  BOOST_TEST(requests_of(other) == 1);
}

BOOST_AUTO_TEST_SUITE_END()
