// Plays simulated jobs: `simulate_engine --help`.

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

#include "simulation/pace.hpp"
#include "simulation/rules.hpp"
#include "simulation/safety.hpp"

namespace {

using namespace convoke::simulation;

constexpr std::string_view usage = R"(usage: simulate_engine [options]

Plays whole jobs in virtual time: the real engine, the simulated service, a ledger that forgets what was not committed. Exit code 1
where an invariant was broken or the pace misses a threshold.

  --suite safety|pace|all   small jobs in which everything goes wrong; long jobs against hidden limits; both (default)
  --seeds N                 play so many seeds (default 1000), and half as many of the pace suite where both are played
  --first N                 the first seed (default 1)
  --seed N                  one seed alone; with --verbose it tells all that happens
  --jobs N                  threads (default: as many as there are cores)
  --lenient                 print the pace's thresholds, and do not fail on them
  --table rules             switch one safety rule off after the other: how many seeds until it is noticed?
  --scenario NAME           play one drawn scenario: {}
  --trace FILE              and write `t,event,value` lines of it: sent, accepted, throttled, cooldown, limit, rate
)";

struct wishes {
  std::uint64_t seeds = 1000, first = 1;
  std::optional<std::uint64_t> one;
  std::string suite = "all", scenario, trace, table;
  unsigned jobs = std::thread::hardware_concurrency();
  bool verbose = false;
  bool lenient = false;
};

wishes read(int argc, char** argv) {
  wishes w;
  for (int i = 1; i < argc; ++i) {
    const std::string_view flag = argv[i];
    if (flag == "--verbose" || flag == "--lenient") {
      (flag == "--verbose" ? w.verbose : w.lenient) = true;
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

int play_scenario(const wishes& w) {
  auto s = scenario(w.scenario, w.one.value_or(1));
  if (s.second_night) {
    const auto first = world(s.p).run();
    if (first.learnt) s.p.learnt = convoke::engine::remembered_pace{*first.learnt, std::chrono::hours(23)};
  }
  std::ofstream file;
  tracer trace;
  if (!w.trace.empty()) {
    file.open(w.trace);
    file << "t,event,value\n";
    trace = [&file](double t, std::string_view event, double value) { file << fmt::format("{:.6f},{},{:.6g}\n", t, event, value); };
  }
  const auto told = world(s.p, trace).run();
  if (!w.trace.empty() && !file.flush()) throw std::runtime_error("cannot write " + w.trace);
  for (const auto& what : told.wrong) fmt::print("WRONG: {}\n", what);
  const auto end = told.seconds;
  fmt::print("{}: {} calls in {:.1f} s of virtual time; in the second half {:.2f} accepted/s, {} throttled\n", w.scenario, told.sends, end,
             static_cast<double>(told.seen.accepted(end / 2, end)) / (end / 2), told.seen.throttled(end / 2, end));
  return told.wrong.empty() ? 0 : 1;
}

// Plays every seed on `jobs` threads; the results are in the order of the seeds.
template <class Result>
std::vector<Result> play_all(const wishes& w, std::uint64_t first, std::uint64_t seeds, Result (*play)(std::uint64_t, const narrator&)) {
  std::vector<Result> results(seeds);
  if (w.verbose) {
    results.front() = play(first, [](double t, const std::string& what) { fmt::print("{:12.6f} {}\n", t, what); });
    return results;
  }
  std::atomic<std::uint64_t> next{0};
  std::vector<std::jthread> threads;
  for (unsigned t = 0; t < std::max(1U, w.jobs); ++t)
    threads.emplace_back([&] {
      for (auto i = next++; i < seeds; i = next++) results[i] = play(first + i, {});
    });
  threads.clear();
  return results;
}

template <class Result>
std::size_t print_wrong(std::string_view suite, const std::vector<Result>& results) {
  std::size_t bad = 0;
  for (const auto& r : results) {
    if (r.wrong.empty()) continue;
    if (++bad > 20) continue;
    fmt::print("FAILED: simulate_engine --suite {} --seed {}\n", suite, r.seed);
    for (const auto& what : r.wrong) fmt::print("  {}\n", what);
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
std::vector<Result> play_suite(const wishes& w, std::string_view suite, std::uint64_t seeds, Result (*play)(std::uint64_t, const narrator&),
                               bool& good) {
  const auto begin = std::chrono::steady_clock::now();
  auto results = play_all<Result>(w, w.one.value_or(w.first), seeds, play);
  const auto bad = print_wrong(suite, results);
  print_speed(suite, results, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count(), bad);
  good = good && bad == 0;
  return results;
}

bool play_suites(const wishes& w) {
  bool good = true;
  const auto seeds = w.one ? 1 : w.seeds;
  if (w.suite == "safety" || w.suite == "all") (void)play_suite<safety_result>(w, "safety", seeds, play_safety, good);
  if (w.suite == "pace" || w.suite == "all") {
    const auto results = play_suite<pace_result>(w, "pace", w.suite == "all" && !w.one ? (seeds + 1) / 2 : seeds, play_pace, good);
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
    if (!w.scenario.empty()) return play_scenario(w);
    if (w.table == "rules") return play_rules(static_cast<unsigned>(w.seeds), std::max(1U, w.jobs)) ? 0 : 1;
    if (!w.table.empty()) throw std::invalid_argument("the only table is: rules");
    return play_suites(w) ? 0 : 1;
  } catch (const std::exception& e) {
    fmt::print(stderr, "simulate_engine: {}\n", e.what());
    return 2;
  }
}
