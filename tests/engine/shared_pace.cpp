// What several workers get out of one hidden limit: prints the figures of docs/pace.md.  usage: shared_pace [SEEDS] [WORKERS]

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "engine/fleet.hpp"

namespace {

using namespace std::chrono_literals;
using namespace convoke::engine;
using convoke::engine::test::fleet;
using convoke::engine::test::hidden_limit;

struct figures {
  double goodput, throttled;
};

figures between(fleet& f, double rate, std::chrono::seconds from, std::chrono::seconds to) {
  f.run_until(from);
  const auto a = f.seen();
  f.run_until(to);
  const auto b = f.seen();
  const auto accepted = static_cast<double>(b.accepted - a.accepted), throttled = static_cast<double>(b.throttled - a.throttled);
  return {accepted / (rate * static_cast<double>((to - from).count())), throttled / (accepted + throttled)};
}

double at(std::vector<double> v, double q) {
  std::ranges::sort(v);
  return v[static_cast<std::size_t>(q * static_cast<double>(v.size() - 1))];
}

void report(const char* name, const hidden_limit& limit, std::size_t workers, unsigned seeds) {
  std::vector<double> first, goodput, throttled, died, joined;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    settings s;
    fleet f(limit, s, seed);
    for (std::size_t w = 0; w < workers; ++w) {
      f.run_until(w * 300ms);
      f.join();
    }
    first.push_back(between(f, limit.rate, 20s, 60s).goodput);
    const auto settled = between(f, limit.rate, 120s, 600s);
    goodput.push_back(settled.goodput);
    throttled.push_back(settled.throttled);
    if (workers > 1) f.kill(workers / 2);
    f.run_until(600s + 62s);
    died.push_back(between(f, limit.rate, 662s, 722s).goodput);
    f.join();
    const auto j = between(f, limit.rate, 730s, 790s);
    joined.push_back(j.goodput);
  }
  std::printf(
      "%-28s n=%zu  20-60s %.3f  goodput median %.3f p5 %.3f min %.3f  throttled median %.2f %% p95 %.2f %% max %.2f %%  died %.3f/%.3f "
      "joined %.3f/%.3f\n",
      name, workers, at(first, 0.5), at(goodput, 0.5), at(goodput, 0.05), at(goodput, 0), 100 * at(throttled, 0.5),
      100 * at(throttled, 0.95), 100 * at(throttled, 1), at(died, 0.5), at(died, 0), at(joined, 0.5), at(joined, 0));
}

}  // namespace

int main(int argc, char** argv) {
  const auto seeds = argc > 1 ? static_cast<unsigned>(std::stoul(argv[1])) : 20U;
  const auto workers = argc > 2 ? std::stoul(argv[2]) : 8UL;
  for (const double depth : {5.0, 10.0, 50.0}) {
    const auto name = "50/s, depth " + std::to_string(static_cast<int>(depth));
    report(name.c_str(), {.rate = 50, .depth = depth}, workers, seeds);
    report((name + ", strict").c_str(), {.rate = 50, .depth = depth, .strict = true}, workers, seeds);
    report((name + ", prolonged").c_str(), {.rate = 50, .depth = depth, .strict = true, .prolonged = true}, workers, seeds);
  }
}
