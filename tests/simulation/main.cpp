// Plays simulated jobs: `simulate_engine --help`.

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "simulation/pace.hpp"

namespace {

using namespace convoke::simulation;

struct wishes {
  std::uint64_t seeds = 1000, first = 1;
  std::optional<std::uint64_t> one;
  std::string suite = "all", scenario, trace, table;
  unsigned jobs = 1;
};

wishes read(int argc, char** argv) {
  wishes w;
  for (int i = 1; i < argc; ++i) {
    const std::string_view flag = argv[i];
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

}  // namespace

int main(int argc, char** argv) {
  try {
    const auto w = read(argc, argv);
    if (!w.scenario.empty()) return play_scenario(w);
    return 0;
  } catch (const std::exception& e) {
    fmt::print(stderr, "simulate_engine: {}\n", e.what());
    return 2;
  }
}
