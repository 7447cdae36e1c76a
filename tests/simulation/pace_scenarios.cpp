#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>

#include "simulation/pace.hpp"

namespace convoke::simulation {

using namespace std::chrono_literals;

namespace {

constexpr std::array<std::string_view, 8> case_names = {"steady",     "two-runs",      "halves",     "doubles",
                                                        "disappears", "one-organizer", "grows-slow", "random-throttles"};

// Enough connections, organizers and rows, so that only the limit counts.
void make_room(scenario& p, double limit, double seconds) {
  const double latency = p.service.latency.median_seconds * std::exp(p.service.latency.sigma * p.service.latency.sigma / 2) + 0.03;
  p.engine.connections = static_cast<unsigned>(2 * limit * latency + 16);
  p.organizers = std::max(p.organizers, static_cast<unsigned>(limit * latency) + 8);
  p.rows = static_cast<unsigned>(1.3 * limit * seconds) + 200;
}

void end_after(scenario& p, double limit, nanoseconds t) {
  p.ends = t;
  make_room(p, limit, in_seconds(t));
}

sim::retry_after_form some_form(random_source& d) {
  using form = sim::retry_after_form;
  static constexpr std::array forms = {form::integer, form::integer, form::decimal, form::date, form::joined, form::absent, form::mix};
  return forms[d.below(forms.size())];
}

scenario basic(std::uint64_t seed, sim::window_kind window, double limit, double window_seconds) {
  scenario p;
  p.seed = seed;
  p.engine.rate = 1000;
  p.engine.row_deadline = 30min;
  p.service.small_answers = true;
  p.service.throttle.window = window;
  p.service.throttle.window_seconds = window_seconds;
  p.service.throttle.lane.rate = limit;
  p.service.latency.shape = sim::latency_options::kind::lognormal;
  p.service.latency.median_seconds = 0.05;
  p.service.latency.sigma = 0.4;
  return p;
}

// One of a hundred organizers is limited to half of its share.
void limit_one_organizer(scenario& p, std::uint64_t seed) {
  auto& throttle = p.service.throttle;
  throttle.lane.rate = std::round(std::clamp(throttle.lane.rate, 20.0, 200.0) * throttle.window_seconds) / throttle.window_seconds;
  throttle.window_seconds = std::min(throttle.window_seconds, 1.0);
  end_after(p, throttle.lane.rate, 150s);
  p.organizers = 100;
  throttle.by_organizer[organizer_guid(seed, 0)] = {throttle.lane.rate / 200, 1};
}

}  // namespace

std::string_view to_string(pace_case c) noexcept {
  return case_names[static_cast<std::size_t>(c)];
}

scenario steady_scenario(std::uint64_t seed) {
  random_source d(seed, 3);
  const auto window = static_cast<sim::window_kind>(d.below(3));
  double seconds = d.chance(0.85) ? (d.chance(0.5) ? 1 : 0.5) : (d.chance(0.5) ? 5 : 10);
  double limit = d.log_between(2, 500);
  // A window holds a whole number of calls.
  limit = std::max(1.0, std::round(limit * seconds)) / seconds;
  limit = std::max(limit, 2.0);
  auto p = basic(seed, window, limit, seconds);
  auto& throttle = p.service.throttle;
  if (window == sim::window_kind::bucket) throttle.lane.burst = std::max(1.0, std::round(d.log_between(1, std::max(1.0, limit))));
  throttle.throttled_count = d.chance(0.7);
  throttle.scope_header = d.chance(0.5);
  throttle.form = some_form(d);
  p.service.latency.median_seconds = d.log_between(0.01, 0.15);
  p.service.latency.sigma = d.between(0.2, 0.6);
  p.net.one_way = seconds_of(d.log_between(0.001, 0.02));
  p.organizers = static_cast<unsigned>(d.log_between(3, 200));
  const double seconds_long = std::clamp(60000 / limit, 180.0, 600.0);
  end_after(p, limit, seconds_of(seconds_long));
  return p;
}

pace_case case_of(std::uint64_t seed) noexcept {
  static constexpr std::array cases = {
      pace_case::steady,   pace_case::two_runs, pace_case::steady,     pace_case::halves,        pace_case::steady,
      pace_case::two_runs, pace_case::steady,   pace_case::doubles,    pace_case::one_organizer, pace_case::steady,
      pace_case::two_runs, pace_case::steady,   pace_case::disappears, pace_case::grows_slow,    pace_case::steady,
      pace_case::halves,   pace_case::steady,   pace_case::doubles,    pace_case::one_organizer, pace_case::random_throttles};
  return cases[seed % cases.size()];
}

scenario pace_scenario(std::uint64_t seed, pace_case c) {
  auto p = steady_scenario(seed);
  random_source d(seed, 4);
  auto& throttle = p.service.throttle;
  const double limit = throttle.lane.rate;
  const auto change = [&](double to) {
    auto lane = throttle.lane;
    lane.rate = to;
    lane.burst = lane.burst > 0 ? std::max(1.0, std::min(lane.burst, to)) : 0;
    p.changes.push_back({90s, lane, throttle.organizer});
  };
  switch (c) {
    case pace_case::steady:
      break;
    case pace_case::two_runs: {
      throttle.window_seconds = d.chance(0.5) ? 1 : 0.5;
      throttle.lane.rate = std::round(d.log_between(10, 400) * throttle.window_seconds) / throttle.window_seconds;
      throttle.lane.burst = std::min(throttle.lane.burst, throttle.lane.rate);
      make_room(p, throttle.lane.rate, 60);
      p.rows = static_cast<unsigned>(60 * throttle.lane.rate);
      p.ends = 1h;
      break;
    }
    case pace_case::halves:
      throttle.lane.rate = std::max(4.0, 2 * std::round(limit * throttle.window_seconds / 2) / throttle.window_seconds);
      change(throttle.lane.rate / 2);
      end_after(p, throttle.lane.rate, 160s);
      break;
    case pace_case::doubles:
      throttle.lane.rate = std::min(limit, 250.0);
      change(2 * throttle.lane.rate);
      end_after(p, 2 * throttle.lane.rate, 180s);
      break;
    case pace_case::disappears:
      throttle.lane.rate = std::min(limit, 100.0);
      p.engine.rate = std::min(1000.0, 8 * throttle.lane.rate);
      change(0);
      end_after(p, p.engine.rate, 180s);
      break;
    case pace_case::one_organizer:
      limit_one_organizer(p, seed);
      break;
    case pace_case::grows_slow:
      throttle.lane.rate = 0;
      p.service.capacity = std::min(limit, 100.0);
      end_after(p, p.service.capacity, 150s);
      p.engine.connections = 64;
      break;
    case pace_case::random_throttles:
      p.service.faults[sim::fault::throttle] = d.log_between(0.0005, 0.01);
      throttle.random_wait = d.log_between(0.05, 1);
      break;
  }
  return p;
}

std::vector<std::string_view> scenario_names() {
  return {"steady-bucket", "steady-fixed", "steady-sliding", "halves", "doubles", "disappears", "one-organizer", "second-run"};
}

named_scenario find_scenario(std::string_view name, std::uint64_t seed) {
  named_scenario out{basic(seed, sim::window_kind::bucket, 50, 1)};
  auto& p = out.s;
  auto& throttle = p.service.throttle;
  throttle.lane.burst = 5;
  p.organizers = 100;
  const auto change = [&p](double to) { p.changes.push_back({60s, {to, 5}, {}}); };
  auto length = 120s;
  double most = 50;
  if (name == "steady-fixed") {
    throttle.window = sim::window_kind::fixed;
  } else if (name == "steady-sliding") {
    throttle.window = sim::window_kind::sliding;
  } else if (name == "halves") {
    change(25);
  } else if (name == "doubles") {
    change(100);
    most = 100;
  } else if (name == "disappears") {
    change(0);
    p.engine.rate = most = 500;
  } else if (name == "one-organizer") {
    throttle.by_organizer[organizer_guid(seed, 0)] = {0.2, 1};
  } else if (name == "second-run") {
    out.second_run = true;
    length = 60s;
  } else if (name != "steady-bucket") {
    throw std::invalid_argument("no such scenario");
  }
  end_after(p, most, length);
  return out;
}

}  // namespace convoke::simulation
