#include <algorithm>
#include <cmath>
#include <utility>

#include "simulation/pace.hpp"

namespace convoke::simulation {

namespace {

constexpr double settled_from = 60, settled_calls = 120;  // whichever is later
constexpr double changed_at = 90;

// The next border of the service's windows, so that no half window is counted.
double aligned(const measurements& seen, double window, double t) {
  return std::ceil((t + seen.began) / window) * window - seen.began;
}

struct rates {
  double accepted, throttled;  // accepted calls/s; share of the calls
};

rates between(const measurements& seen, double window, double from, double to) {
  const auto a = aligned(seen, window, from), b = aligned(seen, window, to - window);
  const auto calls = seen.all(a, b);
  return {static_cast<double>(seen.accepted(a, b)) / (b - a),
          calls == 0 ? 0 : static_cast<double>(seen.throttled(a, b)) / static_cast<double>(calls)};
}

double settled_at(const measurements& seen) {
  std::size_t n = 0;
  for (const auto& c : seen.calls)
    if (c.what == call_seen::result::accepted && static_cast<double>(++n) >= settled_calls)
      return std::max<double>(settled_from, c.arrived);
  return settled_from;
}

// Seconds after the change until ten seconds begin that reach 0.95 of the new limit.
double recovery(const measurements& seen, double window, double limit, double end) {
  const double length = std::max(10.0, 2 * window);
  for (double t = 0; changed_at + t + length + window <= end; t += 0.5) {
    const auto a = aligned(seen, window, changed_at + t), b = aligned(seen, window, changed_at + t + length - window * 0.5);
    if (static_cast<double>(seen.accepted(a, b)) / (b - a) >= 0.95 * limit) return t;
  }
  return end - changed_at;
}

// When calls for other organizers were first sent during a cooldown of the limited one.
double singled_out(const measurements& seen) {
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

// What is left of the limit for a caller at exactly its rate, where each random throttle closes the lane for as long as it announces.
double left_by_random_throttles(const measurements& seen, double limit, double chance) {
  double closed = 0;
  for (const auto& f : seen.cooldowns) closed += static_cast<double>(f.to - f.from);
  const auto mean = seen.cooldowns.empty() ? 0 : closed / static_cast<double>(seen.cooldowns.size());
  return limit / (1 + chance * limit * mean);
}

void evaluate(pace_result& r, const scenario& p, const job_result& done) {
  const auto& seen = done.seen;
  const double end = std::min(done.seconds, in_seconds(*p.ends));
  const auto share = [&](double from, double to, double of) {
    const auto got = between(seen, r.window_seconds, from, to);
    r.goodput = got.accepted / of;
    r.throttled = got.throttled;
  };
  switch (r.what) {
    case pace_case::steady:
      return share(settled_at(seen), end, r.limit);
    case pace_case::halves:
      r.recovered_after = recovery(seen, r.window_seconds, r.limit / 2, end);
      return share(changed_at + 10, end, r.limit / 2);
    case pace_case::doubles:
      r.recovered_after = recovery(seen, r.window_seconds, r.limit * 2, end);
      return share(changed_at + 30, end, r.limit * 2);
    case pace_case::disappears:
      r.recovered_after = recovery(seen, r.window_seconds, p.engine.rate, end);
      return share(changed_at + 30, end, p.engine.rate);
    case pace_case::one_organizer:
      r.singled_out_after = singled_out(seen);
      return share(std::max(settled_from, r.singled_out_after + 20), end, r.limit);
    case pace_case::grows_slow:
      r.slowest_answer = seen.slowest_answer;
      return share(settled_from, end, r.limit);
    case pace_case::random_throttles:
      return share(settled_at(seen), end, left_by_random_throttles(seen, r.limit, p.service.faults[sim::fault::throttle]));
    case pace_case::two_runs:
      return;
  }
}

double length_of(const job_result& done) {
  return done.seen.last_commit - done.seen.first_send;
}

void simulate_two_runs(pace_result& r, scenario p) {
  const double ideal = p.rows / r.limit;
  const auto first = world(p).run();
  r.violations = first.violations;
  r.calls = first.sends;
  r.first_run = length_of(first) / ideal;
  if (!first.done) r.violations.emplace_back("the first run did not come to its end");
  if (!first.learnt) return;
  p.learnt = engine::remembered_pace{*first.learnt, std::chrono::hours(23)};
  const auto second = world(p).run();
  r.violations.insert(r.violations.end(), second.violations.begin(), second.violations.end());
  r.calls += second.sends;
  r.second_run = length_of(second) / ideal;
}

}  // namespace

pace_result simulate_pace(std::uint64_t seed, const event_log& log) {
  const auto what = case_of(seed);
  const auto p = pace_scenario(seed, what);
  pace_result r;
  r.seed = seed;
  r.what = what;
  r.window = p.service.throttle.window;
  r.window_seconds = p.service.throttle.window_seconds;
  r.limit = what == pace_case::grows_slow ? p.service.capacity : p.service.throttle.lane.rate;
  r.labelled = p.service.throttle.scope_header;
  if (what == pace_case::two_runs) {
    simulate_two_runs(r, p);
    return r;
  }
  auto done = world(p, {}, log).run();
  r.calls = done.sends;
  r.early_by_inference = done.early_by_inference;
  r.violations = std::move(done.violations);
  if (done.seen.early > done.early_by_inference)
    r.violations.emplace_back(std::to_string(done.seen.early) + " calls were found inside a cooldown");
  if (r.violations.empty()) evaluate(r, p, done);
  return r;
}

}  // namespace convoke::simulation
