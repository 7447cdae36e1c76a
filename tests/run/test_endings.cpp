// Exceptions of an observer, the order of wrong rows, and what progress counts.

#include <fstream>
#include <stdexcept>
#include <thread>

#include "fixture.hpp"

using namespace convoke;
using namespace convoke::testing;

namespace {

struct broken : std::runtime_error {
  broken() : std::runtime_error("an observer's own error") {}
};

// Throws at its `at`th call of one kind.
struct thrower final : observer {
  enum class where : std::uint8_t { wrong_row, planned, expected, note, trouble, advanced };
  where kind;
  int at;
  int seen = 0;

  thrower(where k, int n) : kind(k), at(n) {}
  void wrong_row(std::uint32_t, const std::string&) override { step(where::wrong_row); }
  void planned(std::uint32_t, const plan_summary&) override { step(where::planned); }
  void expected(const forecast&) override { step(where::expected); }
  void note(const std::string&) override { step(where::note); }
  void trouble(std::uint32_t, const std::string&) override { step(where::trouble); }
  void advanced(const progress&) override { step(where::advanced); }

 private:
  void step(where here) {
    if (here == kind && ++seen == at) throw broken();
  }
};

struct recorder final : observer {
  void advanced(const progress& p) override { seen.push_back(p); }
  std::vector<progress> seen;
};

}  // namespace

BOOST_FIXTURE_TEST_CASE(an_observer_that_throws_ends_the_job_and_loses_nothing, fixture) {
  sim::behaviour slow;
  slow.latency = {.shape = sim::latency_options::kind::fixed, .median_seconds = 0.02};
  slow.faults[sim::fault::e503_after] = 0.1;
  slow.faults[sim::fault::reset] = 0.1;
  start(slow);
  auto j = make_job(write_rows("in.csv", 1, 300));
  j.pace.rate = 400;
  j.pace.attempt_timeout = std::chrono::seconds(1);
  using enum thrower::where;
  for (const auto& [kind, at] : {std::pair{planned, 1}, {expected, 1}, {trouble, 1}, {trouble, 9}, {advanced, 1}, {advanced, 2}}) {
    thrower throws(kind, at);
    BOOST_CHECK_THROW(static_cast<void>(apply(j, throws)), broken);
  }
  const auto done = must(apply(j, watch));
  BOOST_TEST(done.exit_code() == 0);
  BOOST_TEST(count("created") == 300);
  BOOST_TEST(count("duplicates") == 0);
}

BOOST_FIXTURE_TEST_CASE(an_observer_that_throws_while_the_token_fails_ends_the_job, fixture) {
  start();
  auto j = make_job(write_rows("in.csv", 1, 20));
  j.lanes.front().client_secret = secret("wrong");
  thrower throws(thrower::where::note, 1);
  BOOST_CHECK_THROW(static_cast<void>(apply(j, throws)), broken);
}

BOOST_FIXTURE_TEST_CASE(wrong_rows_are_reported_on_the_callers_thread_and_in_order, fixture) {
  const auto path = (folder / "wrong.csv").string();
  {
    std::ofstream to(path);
    to << "organizer,external_id,start\n";
    for (int i = 0; i < 3000; ++i) to << "no-id,K,never\n";
  }
  struct asker final : observer {
    std::thread::id here = std::this_thread::get_id();
    std::uint32_t last = 1;
    bool as_documented = true;
    void wrong_row(std::uint32_t line, const std::string&) override {
      as_documented = as_documented && line == last + 1 && std::this_thread::get_id() == here;
      last = line;
    }
  } asks;
  const auto j = make_job(path);
  BOOST_TEST(!check(j, asks));
  BOOST_TEST(asks.as_documented);
  BOOST_TEST(asks.last == 3001U);
  thrower throws(thrower::where::wrong_row, 2000);
  BOOST_CHECK_THROW(static_cast<void>(plan(j, false, throws)), broken);
}

BOOST_FIXTURE_TEST_CASE(progress_counts_rows_and_not_calls_where_rows_share_a_key, fixture) {
  start();
  const auto path = (folder / "shared.csv").string();
  {
    std::ofstream to(path);
    to << "organizer,external_id,start\n";
    for (int i = 0; i < 1000; ++i) to << fmt::format("00000000-0000-0000-0000-0000000000{:02},K-{},2026-10-19T08:00:00Z\n", i % 20, i % 20);
  }
  auto j = make_job(path);
  j.pace.rate = 25;
  recorder progress;
  const auto done = must(apply(j, progress));
  BOOST_TEST(done.counts.created == 1000U);
  BOOST_TEST(count("created") == 20);
  bool under_way = false;
  for (const auto& p : progress.seen) {
    BOOST_TEST(p.rows == 1000U);
    BOOST_TEST(p.done == 50 * (20 - p.calls_left));
    under_way = under_way || (p.done > 0 && p.done < 1000);
  }
  BOOST_TEST(under_way);
}
