#include <benchmark/benchmark.h>

#include <array>
#include <chrono>
#include <string_view>

#include "pacing/pacing.hpp"

namespace {

using convoke::mono_time;
using convoke::pacing::gcra;

// What the engine does for each call that it grants: next(), then take().
void pacing_gcra_ask_and_take(benchmark::State& state) {
  gcra pace(static_cast<double>(state.range(0)));
  mono_time now{std::chrono::hours(1)};
  for (auto _ : state) {
    now = pace.next(now);
    pace.take(now);
    benchmark::DoNotOptimize(now);
  }
}
BENCHMARK(pacing_gcra_ask_and_take)->Arg(500)->Arg(100'000);

void pacing_retry_after(benchmark::State& state, std::string_view value) {
  const std::array lines{value};
  const convoke::utc_time now{};
  for (auto _ : state) {
    benchmark::DoNotOptimize(convoke::pacing::parse_retry_after(lines, "Tue, 01 Sep 2026 08:00:00 GMT", now));
  }
}
BENCHMARK_CAPTURE(pacing_retry_after, seconds, "120");
BENCHMARK_CAPTURE(pacing_retry_after, date, "Tue, 01 Sep 2026 08:05:00 GMT");

}  // namespace
