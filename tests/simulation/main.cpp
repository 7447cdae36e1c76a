// Simulates jobs: `simulate_engine --help`.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "simulation/fleet/fleet.hpp"
#include "simulation/pace.hpp"
#include "simulation/rules.hpp"
#include "simulation/safety.hpp"

namespace {

using namespace convoke::simulation;

constexpr std::string_view usage = R"(usage: simulate_engine [options]

Simulates whole jobs in virtual time: the real engine, the simulated service, a ledger that loses what was not committed. Exit code 1
where an invariant was broken or the pace misses a threshold.

  --suite safety|pace|all   small jobs in which many things fail; long jobs against hidden limits; both (default)
  --seeds N                 number of seeds (default 1000), and half as many of the pace suite where both are simulated
  --first N                 the first seed (default 1)
  --seed N                  one seed alone; with --verbose every event is printed
  --jobs N                  threads (default: the number of cores)
  --lenient                 print the thresholds of the pace, and do not fail on them
  --fleet                   several workers that share a database and a quota, instead of one process: the safety suite only
  --table rules             switch one safety rule off after the other: the number of seeds until that is noticed; with --fleet, those
                            of several workers
  --scenario NAME           simulate one named scenario: {}
  --trace FILE              write `t,event,value` lines of it: sent, accepted, throttled, cooldown, limit, rate
)";

struct arguments {
  std::uint64_t seeds = 1000, first = 1;
  std::optional<std::uint64_t> one;
  std::string suite = "all", scenario, trace, table;
  unsigned jobs = std::thread::hardware_concurrency();
  bool verbose = false;
  bool lenient = false;
  bool fleet = false;
};

arguments read(int argc, char** argv) {
  arguments w;
  for (int i = 1; i < argc; ++i) {
    const std::string_view flag = argv[i];
    if (flag == "--verbose" || flag == "--lenient" || flag == "--fleet") {
      (flag == "--verbose" ? w.verbose : flag == "--fleet" ? w.fleet : w.lenient) = true;
      continue;
    }
    if (i + 1 >= argc) throw std::invalid_argument(fmt::format("{} needs a value", flag));
    const std::string value = argv[++i];
    const auto number = [&value] { return std::strtoull(value.c_str(), nullptr, 10); };
    if (flag == "--seeds") {
      w.seeds = number();
    } else if (flag == "--first") {
      w.first = number();
    } else if (flag == "--seed") {
      w.one = number();
    } else if (flag == "--jobs") {
      w.jobs = static_cast<unsigned>(number());
    } else if (flag == "--suite") {
      w.suite = value;
    } else if (flag == "--scenario") {
      w.scenario = value;
    } else if (flag == "--trace") {
      w.trace = value;
    } else if (flag == "--table") {
      w.table = value;
    } else {
      throw std::invalid_argument(fmt::format("unknown flag {}", flag));
    }
  }
  return w;
}

int simulate_scenario(const arguments& w) {
  auto s = find_scenario(w.scenario, w.one.value_or(1));
  if (s.second_run) {
    const auto first = world(s.s).run();
    if (first.learnt) s.s.learnt = convoke::engine::remembered_pace{*first.learnt, std::chrono::hours(23)};
  }
  std::ofstream file;
  tracer trace;
  if (!w.trace.empty()) {
    file.open(w.trace);
    file << "t,event,value\n";
    trace = [&file](double t, std::string_view event, double value) { file << fmt::format("{:.6f},{},{:.6g}\n", t, event, value); };
  }
  const auto done = world(s.s, trace).run();
  if (!w.trace.empty() && !file.flush()) throw std::runtime_error("cannot write " + w.trace);
  for (const auto& what : done.violations) fmt::print("VIOLATED: {}\n", what);
  const auto end = done.seconds;
  fmt::print("{}: {} calls in {:.1f} s of virtual time; in the second half {:.2f} accepted/s, {} throttled\n", w.scenario, done.sends, end,
             static_cast<double>(done.seen.accepted(end / 2, end)) / (end / 2), done.seen.throttled(end / 2, end));
  return done.violations.empty() ? 0 : 1;
}

// Simulates every seed on `jobs` threads; the results are in the order of the seeds.
template <class Result>
std::vector<Result> simulate_all(const arguments& w, std::uint64_t first, std::uint64_t seeds,
                                 Result (*simulate)(std::uint64_t, const event_log&)) {
  std::vector<Result> results(seeds);
  if (w.verbose) {
    results.front() = simulate(first, [](double t, const std::string& what) { fmt::print("{:12.6f} {}\n", t, what); });
    return results;
  }
  std::atomic<std::uint64_t> next{0};
  std::vector<std::jthread> threads;
  for (unsigned t = 0; t < std::max(1U, w.jobs); ++t)
    threads.emplace_back([&] {
      for (auto i = next++; i < seeds; i = next++) results[i] = simulate(first + i, {});
    });
  threads.clear();
  return results;
}

template <class Result>
std::size_t print_violations(std::string_view suite, const std::vector<Result>& results) {
  std::size_t bad = 0;
  for (const auto& r : results) {
    if (r.violations.empty()) continue;
    if (++bad > 20) continue;
    fmt::print("FAILED: simulate_engine {} --seed {}\n", suite == "fleet" ? "--fleet" : fmt::format("--suite {}", suite), r.seed);
    for (const auto& what : r.violations) fmt::print("  {}\n", what);
  }
  return bad;
}

template <class Result>
void print_speed(std::string_view suite, const std::vector<Result>& results, double seconds, std::size_t bad) {
  std::uint64_t calls = 0;
  for (const auto& r : results) calls += r.calls;
  fmt::print("{}: {} seeds, {} broke an invariant; {} calls in {:.1f} s: {:.0f} calls/s\n", suite, results.size(), bad, calls, seconds,
             static_cast<double>(calls) / seconds);
}

template <class Result>
std::vector<Result> simulate_suite(const arguments& w, std::string_view suite, std::uint64_t seeds,
                                   Result (*simulate)(std::uint64_t, const event_log&), bool& good) {
  const auto begin = std::chrono::steady_clock::now();
  auto results = simulate_all<Result>(w, w.one.value_or(w.first), seeds, simulate);
  const auto bad = print_violations(suite, results);
  print_speed(suite, results, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count(), bad);
  good = good && bad == 0;
  return results;
}

bool simulate_suites(const arguments& w) {
  bool good = true;
  const auto seeds = w.one ? 1 : w.seeds;
  if (w.fleet) {
    (void)simulate_suite<safety_result>(w, "fleet", seeds, fleet::simulate_fleet, good);
    return good;
  }
  if (w.suite == "safety" || w.suite == "all") (void)simulate_suite<safety_result>(w, "safety", seeds, simulate_safety, good);
  if (w.suite == "pace" || w.suite == "all") {
    const auto results = simulate_suite<pace_result>(w, "pace", w.suite == "all" && !w.one ? (seeds + 1) / 2 : seeds, simulate_pace, good);
    const bool met = report_pace(results);
    good = good && (w.one || w.lenient || met);
  }
  return good;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (argc == 2 && std::string_view(argv[1]) == "--help") {
      fmt::print(usage, fmt::join(scenario_names(), ", "));
      return 0;
    }
    const auto w = read(argc, argv);
    if (!w.scenario.empty()) return simulate_scenario(w);
    if (w.table == "rules" && w.fleet) return fleet::check_fleet_rules(static_cast<unsigned>(w.seeds), std::max(1U, w.jobs)) ? 0 : 1;
    if (w.table == "rules") return check_rules(static_cast<unsigned>(w.seeds), std::max(1U, w.jobs)) ? 0 : 1;
    if (!w.table.empty()) throw std::invalid_argument("the only table is: rules");
    return simulate_suites(w) ? 0 : 1;
  } catch (const std::exception& e) {
    fmt::print(stderr, "simulate_engine: {}\n", e.what());
    return 2;
  }
}
