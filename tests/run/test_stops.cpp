// Stops that a caller requests, and what the library leaves alone: the process's signal handlers, and every thread but the caller's.

#include <csignal>
#include <thread>

#include <sys/stat.h>

#include <convoke/ledger.hpp>

#include "fixture.hpp"

using namespace convoke;
using namespace convoke::testing;
using namespace std::chrono_literals;

namespace {

// Requests a stop once calls are made.
struct stopper final : observer {
  explicit stopper(std::stop_source to) : source(std::move(to)) {}
  void entered(job_phase p) override { phases.push_back(p); }
  void advanced(const progress& p) override {
    if (p.calls == 0) return;
    source.request_stop();
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
      struct sigaction now{};
      default_handlers = default_handlers && ::sigaction(number, nullptr, &now) == 0 && now.sa_handler == SIG_DFL;
    }
  }

  std::stop_source source;
  std::vector<job_phase> phases;
  bool default_handlers = true;
};

// Requests a stop when a phase begins.
struct phase_stopper final : observer {
  phase_stopper(job_phase when, std::stop_source to) : phase(when), source(std::move(to)) {}
  void entered(job_phase p) override {
    if (p == phase) source.request_stop();
  }
  job_phase phase;
  std::stop_source source;
};

bool has_no_runs(const fixture& f) {
  if (!fs::exists(f.folder / "ledger.db")) return true;
  return must(must(ledger_reader::open("sqlite:" + (f.folder / "ledger.db").string())).runs()).empty();
}

}  // namespace

BOOST_FIXTURE_TEST_CASE(a_stop_drains_the_calls_and_the_same_job_resumes, fixture) {
  start();
  auto j = make_job(write_rows("in.csv", 1, 200));
  j.pace.rate = 100;
  std::stop_source stop;
  stopper stops(stop);
  const auto stopped = must(apply(j, stops, stop.get_token()));
  BOOST_TEST((stopped.end == ending::interrupted));
  BOOST_TEST(stopped.exit_code() == 130);
  BOOST_TEST(stopped.counts.created > 0U);
  BOOST_TEST(stopped.counts.owed > 0U);
  BOOST_TEST(fs::exists(j.results));
  BOOST_TEST(stops.default_handlers);
  BOOST_TEST((stops.phases == std::vector{job_phase::planning, job_phase::calling, job_phase::concluding}));
  const auto made = static_cast<std::int64_t>(stopped.counts.created);
  BOOST_TEST(count("created") == made);  // drained: every call that was made has its outcome
  BOOST_TEST(must(apply(j, watch)).exit_code() == 0);
  BOOST_TEST(count("created") == 200);
  BOOST_TEST(count("requests") == 200);
}

BOOST_FIXTURE_TEST_CASE(a_stop_at_once_gives_up_the_calls_in_flight, fixture) {
  sim::behaviour slow;
  slow.latency = {.shape = sim::latency_options::kind::fixed, .median_seconds = 60};
  start(slow);
  auto j = make_job(write_rows("in.csv", 1, 10));
  j.pace.attempt_timeout = 10min;
  std::stop_source at_once;
  stopper stops(at_once);
  const auto stopped = must(apply(j, stops, {}, at_once.get_token()));
  BOOST_TEST((stopped.end == ending::interrupted));
  BOOST_TEST(stopped.counts.owed == 10U);
  BOOST_REQUIRE(stopped.output_errors.size() == 1U);
  BOOST_TEST(stopped.output_errors.front().contains("convoke export"));
  BOOST_TEST(!fs::exists(j.results));
}

BOOST_FIXTURE_TEST_CASE(a_stop_that_was_requested_before_the_call_keeps_nothing, fixture) {
  start();
  const auto j = make_job(write_rows("in.csv", 1, 20));
  std::stop_source stop;
  stop.request_stop();
  const auto stopped = must(apply(j, watch, stop.get_token()));
  BOOST_TEST(stopped.run == 0U);
  BOOST_TEST((stopped.end == ending::interrupted));
  BOOST_TEST((must(apply(j, watch, {}, stop.get_token())).end == ending::interrupted));
  BOOST_CHECK(check(j, watch, stop.get_token()).error().code == errc::interrupted);
  BOOST_CHECK(plan(j, true, watch, stop.get_token()).error().code == errc::interrupted);
  BOOST_CHECK(dry_run(j, watch, stop.get_token()).error().code == errc::interrupted);
  BOOST_TEST(has_no_runs(*this));
  BOOST_TEST(count("requests") == 0);
}

BOOST_FIXTURE_TEST_CASE(a_stop_while_an_input_is_waited_for_comes_from_any_thread, fixture) {
  const auto pipe = (folder / "pipe").string();
  BOOST_REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  std::stop_source stop;
  const std::jthread requests([&stop] { stop.request_stop(); });
  const auto stopped = check(make_job(pipe), watch, stop.get_token());
  BOOST_REQUIRE(!stopped.has_value());
  BOOST_CHECK(stopped.error().code == errc::interrupted);
}

BOOST_FIXTURE_TEST_CASE(a_stop_after_the_last_call_loses_no_output, fixture) {
  start();
  const auto j = make_job(write_rows("in.csv", 1, 20));
  std::stop_source stop;
  phase_stopper stops(job_phase::concluding, stop);
  const auto done = must(apply(j, stops, stop.get_token()));
  BOOST_TEST((done.end == ending::finished));
  BOOST_TEST(done.exit_code() == 0);
  BOOST_TEST(fs::exists(j.results));
}

BOOST_FIXTURE_TEST_CASE(an_observer_is_called_on_the_callers_thread_only, fixture) {
  struct threads final : observer {
    std::thread::id here = std::this_thread::get_id();
    unsigned phases = 0, rows = 0, plans = 0, forecasts = 0, notes = 0, troubles = 0, steps = 0;
    bool elsewhere = false;
    void seen(unsigned& what) {
      ++what;
      elsewhere = elsewhere || std::this_thread::get_id() != here;
    }
    void entered(job_phase) override { seen(phases); }
    void wrong_row(std::uint32_t, const std::string&) override { seen(rows); }
    void planned(std::uint32_t, const plan_summary&) override { seen(plans); }
    void expected(const forecast&) override { seen(forecasts); }
    void note(const std::string&) override { seen(notes); }
    void trouble(std::uint32_t, const std::string&) override { seen(troubles); }
    void advanced(const progress&) override { seen(steps); }
  };
  sim::behaviour faulty;
  faulty.faults[sim::fault::e503_after] = 0.2;
  start(faulty);
  auto j = make_job(write_rows("in.csv", 1, 200));
  std::ofstream(j.input, std::ios::app) << "no-id,K,wrong,never,R\n";
  j.plan.skip_invalid = true;
  j.pace.rate = 400;
  j.pace.forget_cooldowns = true;  // which is a note
  threads watched;
  must(apply(j, watched));
  BOOST_TEST(!watched.elsewhere);
  for (const auto n : {watched.phases, watched.rows, watched.plans, watched.forecasts, watched.notes, watched.troubles, watched.steps})
    BOOST_TEST(n > 0U);
}
