#include <algorithm>
#include <cmath>
#include <utility>

#include "simulation/pace.hpp"

namespace convoke::simulation {

namespace {

constexpr double settled_from = 60, settled_calls = 120;  // whichever is later
constexpr double changed_at = 90;

// The next border of the service's windows, so that no half window is counted.
double aligned(const measured& seen, double window, double t) {
  return std::ceil((t + seen.began) / window) * window - seen.began;
}

struct rates {
  double accepted, throttled;  // accepted calls/s; share of the calls
};

rates between(const measured& seen, double window, double from, double to) {
  const auto a = aligned(seen, window, from), b = aligned(seen, window, to - window);
  const auto calls = seen.all(a, b);
  return {static_cast<double>(seen.accepted(a, b)) / (b - a),
          calls == 0 ? 0 : static_cast<double>(seen.throttled(a, b)) / static_cast<double>(calls)};
}

double settled_at(const measured& seen) {
  std::size_t n = 0;
  for (const auto& c : seen.calls)
    if (c.what == call_seen::fate::accepted && static_cast<double>(++n) >= settled_calls) return std::max<double>(settled_from, c.arrived);
  return settled_from;
}

// Seconds after the change until ten seconds begin that reach 0.95 of the new limit.
double recovery(const measured& seen, double window, double limit, double end) {
  const double length = std::max(10.0, 2 * window);
  for (double t = 0; changed_at + t + length + window <= end; t += 0.5) {
    const auto a = aligned(seen, window, changed_at + t), b = aligned(seen, window, changed_at + t + length - window * 0.5);
    if (static_cast<double>(seen.accepted(a, b)) / (b - a) >= 0.95 * limit) return t;
  }
  return end - changed_at;
}

// When the others were first called on while the limited organizer was told to stay away.
double singled_out(const measured& seen) {
  double first = -1;
  for (const auto& f : seen.cooldowns) {
    if (!f.organizer_scope || f.to <= f.from) continue;
    if (first < 0) first = f.from;
    const bool others = std::ranges::any_of(
        seen.calls, [&f](const call_seen& c) { return c.sent > f.from && c.sent < f.to && c.organizer != f.organizer; });
    if (others) return f.from - first;
  }
  return -1;
}

// What the limit leaves to one who calls just at it, while each throttle by chance closes the lane for as long as it says.
double left_by_chance(const measured& seen, double limit, double chance) {
  double closed = 0;
  for (const auto& f : seen.cooldowns) closed += static_cast<double>(f.to - f.from);
  const auto mean = seen.cooldowns.empty() ? 0 : closed / static_cast<double>(seen.cooldowns.size());
  return limit / (1 + chance * limit * mean);
}

void judge(pace_result& r, const plot& p, const story& told) {
  const auto& seen = told.seen;
  const double end = std::min(told.seconds, in_seconds(*p.ends));
  const auto share = [&](double from, double to, double of) {
    const auto got = between(seen, r.window_seconds, from, to);
    r.goodput = got.accepted / of;
    r.throttled = got.throttled;
  };
  switch (r.what) {
    case scene::steady:
      return share(settled_at(seen), end, r.limit);
    case scene::halves:
      r.recovered_after = recovery(seen, r.window_seconds, r.limit / 2, end);
      return share(changed_at + 10, end, r.limit / 2);
    case scene::doubles:
      r.recovered_after = recovery(seen, r.window_seconds, r.limit * 2, end);
      return share(changed_at + 30, end, r.limit * 2);
    case scene::disappears:
      r.recovered_after = recovery(seen, r.window_seconds, p.engine.rate, end);
      return share(changed_at + 30, end, p.engine.rate);
    case scene::one_organizer:
      r.singled_out_after = singled_out(seen);
      return share(std::max(settled_from, r.singled_out_after + 20), end, r.limit);
    case scene::grows_slow:
      r.slowest_answer = seen.slowest_answer;
      return share(settled_from, end, r.limit);
    case scene::by_chance:
      return share(settled_at(seen), end, left_by_chance(seen, r.limit, p.service.faults[sim::fault::throttle]));
    case scene::nights:
      return;
  }
}

double length_of(const story& told) {
  return told.seen.last_commit - told.seen.first_send;
}

void play_nights(pace_result& r, plot p) {
  const double ideal = p.rows / r.limit;
  const auto first = world(p).run();
  r.wrong = first.wrong;
  r.calls = first.sends;
  r.first_night = length_of(first) / ideal;
  if (!first.done) r.wrong.emplace_back("the first night did not come to its end");
  if (!first.learnt) return;
  p.learnt = engine::remembered_pace{*first.learnt, std::chrono::hours(23)};
  const auto second = world(p).run();
  r.wrong.insert(r.wrong.end(), second.wrong.begin(), second.wrong.end());
  r.calls += second.sends;
  r.second_night = length_of(second) / ideal;
}

}  // namespace

pace_result play_pace(std::uint64_t seed, const narrator& tell) {
  const auto what = scene_of(seed);
  const auto p = pace_plot(seed, what);
  pace_result r;
  r.seed = seed;
  r.what = what;
  r.window = p.service.throttle.window;
  r.window_seconds = p.service.throttle.window_seconds;
  r.limit = what == scene::grows_slow ? p.service.capacity : p.service.throttle.lane.rate;
  r.labelled = p.service.throttle.scope_header;
  if (what == scene::nights) {
    play_nights(r, p);
    return r;
  }
  auto told = world(p, {}, tell).run();
  r.calls = told.sends;
  r.early_by_inference = told.early_by_inference;
  r.wrong = std::move(told.wrong);
  if (told.seen.early > told.early_by_inference)
    r.wrong.emplace_back(std::to_string(told.seen.early) + " calls were found inside a cooldown");
  if (r.wrong.empty()) judge(r, p, told);
  return r;
}

}  // namespace convoke::simulation
