#include "engine/forecast.hpp"

#include <algorithm>
#include <cmath>

namespace convoke::engine {
namespace {

using namespace std::chrono_literals;

constexpr double slowest = 0.5;       // calls/s: the floor of every pace
constexpr double doubling = 0.5;      // s: how often the pace doubles while nothing was refused
constexpr double furthest = 1e10;     // s: a longer forecast means nothing
constexpr double margin = 1.25;       // what was seen may grow by so much before the pace is the limit
constexpr double nothing_seen = .01;  // rows/s

std::chrono::milliseconds from_seconds(double s) noexcept {
  return std::chrono::milliseconds(std::llround(std::min(s, furthest) * 1000));
}

// Seconds that `calls` take at a pace which doubles from `start` up to `ceiling`.
double doubling_time(double calls, double start, double ceiling) noexcept {
  double time = 0;
  for (auto rate = start; rate < ceiling; rate *= 2) {
    const auto made = rate * doubling;
    if (made >= calls) return time + calls / rate;
    calls -= made;
    time += doubling;
  }
  return time + calls / ceiling;
}

}  // namespace

forecast foresee(const lane_settings& s, const work_ahead& work, const std::optional<remembered_pace>& learnt,
                 std::chrono::nanoseconds closed_for) {
  using basis = forecast::basis;
  forecast out;
  out.ceiling = s.rate;
  out.calls = work.calls;
  if (work.calls == 0) return out;
  const auto calls = static_cast<double>(work.calls);
  const auto at = [&](double rate) { return calls / rate; };
  double least = 0, most = 0;
  if (s.fixed_rate) {
    out.from = basis::fixed;
    out.rate = s.rate;
    least = most = at(out.rate);
  } else if (learnt) {
    const auto full = std::min(std::max(learnt->pace.rate, slowest), s.rate);
    const bool old = learnt->age > pace_counts_in_full;
    out.from = old ? basis::learnt_long_ago : basis::learnt;
    out.learnt_ago = std::chrono::floor<std::chrono::seconds>(std::max(learnt->age, 0ns));
    out.rate = old ? std::min(std::max(learnt->pace.rate / 2, slowest), s.rate) : full;
    least = at(full);
    most = at(out.rate);
  } else {
    out.from = basis::unknown;
    out.rate = std::min(s.start_rate, s.rate);
    least = doubling_time(calls, out.rate, s.rate);
    most = at(out.rate);
  }
  if (s.organizer_rate) {
    const auto busiest = static_cast<double>(work.busiest) / *s.organizer_rate;
    least = std::max(least, busiest);
    most = std::max(most, busiest);
  }
  out.closed_for = std::chrono::ceil<std::chrono::milliseconds>(std::max(closed_for, 0ns));
  out.least = from_seconds(least) + out.closed_for;
  out.most = from_seconds(most) + out.closed_for;
  return out;
}

std::optional<std::chrono::milliseconds> time_left(std::uint64_t calls, double pace, double seen,
                                                   std::chrono::nanoseconds closed_for) noexcept {
  const auto rate = seen > nothing_seen ? std::min(pace, seen * margin) : pace;
  if (!(rate > nothing_seen)) return std::nullopt;
  return from_seconds(static_cast<double>(calls) / rate) + std::chrono::ceil<std::chrono::milliseconds>(std::max(closed_for, 0ns));
}

forecast together(std::span<const forecast> lanes) {
  forecast out = *std::ranges::max_element(lanes, {}, &forecast::most);
  out.calls = 0;
  out.rate = out.ceiling = 0;
  for (const auto& one : lanes) {
    out.calls += one.calls;
    if (one.calls == 0) continue;
    out.rate += one.rate;
    out.ceiling += one.ceiling;
    out.least = std::max(out.least, one.least);
  }
  return out;
}

}  // namespace convoke::engine
