#include "engine/pace.hpp"

#include <algorithm>
#include <cmath>

#include "engine/forecast.hpp"
#include "engine/rules.hpp"
#include "engine/seconds.hpp"

namespace convoke::engine {

namespace {

using std::chrono::nanoseconds;
using namespace std::chrono_literals;

// Chosen by simulating thousands of hidden limits (`./dev simulate-engine --suite pace`, `./dev bench laws`).

constexpr double slowest = 0.5;  // calls/s

// How the rate grows.
constexpr auto start_step = 500ms;          // to double in
constexpr double search_growth = 1.2;       // per second
constexpr double slow_climb = 0.015;        // per second, near what was refused
constexpr double fast_climb = 0.17;         // more per second, times the distance from it
constexpr auto careful_beginning = 1200ms;  // of a climb with little work left: per second ...
constexpr double careful_first = 0.06, careful_then = 0.02;

constexpr double shared_search = 0.4, shared_climb = 0.7;  // of that where a rate takes effect only after an exchange between workers

// Probes.
constexpr auto probe_step = 750ms;
constexpr double first_excess = 0.02;
constexpr double payback = 60;           // s of work that must be left for a probe
constexpr double most_throttled = 0.01;  // of the calls
constexpr double same = 1.08;            // of the old rate: the same limit as before

}  // namespace

pace::pace(const lane_settings& s, const std::optional<remembered_pace>& learnt, mono_time now)
    : fixed_(s.fixed_rate),
      ceiling_(s.rate),
      rate_(s.fixed_rate ? s.rate : std::min(s.rate, std::max(s.start_rate, slowest))),
      gate_(rate_),
      reopened_(now) {
  state_.since = state_.step = state_.updated = state_.opened = now;
  state_.probe_after = first_probe;
  if (fixed_ || !learnt || !(learnt->pace.rate > 0)) return;
  state_.credit = learnt->pace.credit > 0 ? std::min(learnt->pace.credit, 60 * ceiling_) : 0;
  const auto known = std::clamp(learnt->pace.rate, std::min(slowest, ceiling_), ceiling_);
  if (learnt->age <= pace_counts_in_full) {
    state_.refused = learnt->pace.refused > known ? std::min(learnt->pace.refused, 2 * known) : known;
    hold(known, now);
  } else {
    climb(known / 2, now);
    state_.refused = known;
  }
}

double pace::expected() const noexcept {
  if (!leads_) return own_rate();
  return part() * (state_.what == phase::start ? rate() : std::min(ceiling_, std::max(state_.held, rate())));
}

void pace::set_rate(double rate, mono_time now) noexcept {
  rate_ = std::clamp(rate, std::min(slowest, ceiling_), ceiling_);
  gate_.set_rate(own_rate(), now);
  state_.updated = now;
}

void pace::enter(phase p, mono_time at) noexcept {
  state_.what = p;
  state_.since = state_.step = state_.updated = at;
  state_.at_step = state_.at_phase = tally_.calls();
  state_.own_at_step = own_calls_;
  state_.allowed = state_.before_step = 0;
  state_.wanted = true;
  state_.careful = false;
}

nanoseconds pace::step_time() const noexcept {
  return std::max<nanoseconds>(state_.what == phase::start ? start_step : probe_step,
                               from_seconds(std::max(1.2 * (tally_.round_trip() + seconds(lag())), 3 / rate())));
}

// True where the rate was used up. Where rows or connections are the limit, a faster rate would show nothing about the service.
bool pace::used_up(mono_time now) const noexcept {
  if (!alone_) return used_by_all(now);
  return static_cast<double>(tally_.calls() - state_.at_step) >= 0.7 * (state_.allowed + rate() * seconds(now - state_.updated)) - 1;
}

bool pace::probe_is_due(mono_time now, std::uint64_t work) const noexcept {
  if (now - state_.since < state_.probe_after || rate() >= ceiling_ || !used_in_full()) return false;
  if (static_cast<double>(work) < payback * rate()) return false;
  return (calls() - state_.at_throttle) * most_throttled >= static_cast<double>(state_.refused_calls);
}

// Growth per second of a climb: fast far below what was refused, slow near it.
double pace::climbing(mono_time now) const noexcept {
  if (state_.careful) return now - state_.since < careful_beginning ? careful_first : careful_then;
  return slow_climb + fast_climb * std::max(0.0, 1 - rate() / state_.refused);
}

void pace::grow(double factor, mono_time now) noexcept {
  state_.allowed += rate() * seconds(now - state_.updated);
  const bool wanted = used_up(now);
  if (wanted && state_.wanted) {
    set_rate(rate() * factor, now);
  } else {
    state_.updated = now;
  }
  if (now - state_.step < step_time()) return;
  state_.wanted = wanted;
  state_.step = now;
  state_.at_step = tally_.calls();
  state_.own_at_step = own_calls_;
  state_.allowed = 0;
}

void pace::advance(mono_time now, std::uint64_t work) noexcept {
  work_ = work;
  tally_.count_others(now);
  if (now >= part_until_ && !expired_ && holds(rule::safe_parts_respected)) {
    expired_ = true;
    gate_.set_rate(own_rate(), now);
  }
  if (!leads_) return follow(now);
  if (reduction_ && now >= reduction_->until) review(now);
  noise_.unthrottled_for(calls() - at_reopened_);
  if (fixed_ || now <= state_.updated) return;
  const auto dt = std::min(seconds(now - state_.updated), 1.0);
  switch (state_.what) {
    case phase::start:
      if (now - state_.updated >= 20ms) grow(std::exp2(dt / seconds(step_time())), now);
      return;
    case phase::search:
      if (now - state_.updated >= 20ms) grow(std::pow(search_growth, alone_ ? dt : dt * shared_search), now);
      return;
    case phase::climb:
      if (now - state_.updated >= 20ms) grow(1 + (alone_ ? dt : dt * shared_climb) * climbing(now), now);
      return;
    case phase::hold:
      if (probe_is_due(now, work)) begin_probe(now);
      return;
    case phase::probe:
      if (now - state_.step >= step_time()) next_probe_step(now);
      return;
  }
}

void pace::begin_probe(mono_time now) noexcept {
  state_.confirmed = state_.held = rate();
  // Where a climb after a probe ends at the same rate again, the probe had met a deep bucket and no higher limit.
  if (state_.held < same * state_.deep_rate) state_.credit = std::max(state_.credit, state_.deep_credit);
  state_.deep_rate = 0;
  enter(phase::probe, now);
  state_.excess = first_excess;
  state_.before_step = state_.held;
  set_rate(state_.held * (1 + state_.excess), now);
}

void pace::next_probe_step(mono_time now) noexcept {
  state_.before_step = rate();
  state_.allowed = rate() * seconds(state_.updated - state_.step);
  if (rate() >= ceiling_) return hold(ceiling_, now);
  if (used_up(now)) {
    state_.excess *= 2;
    set_rate(state_.held * (1 + state_.excess), now);
  }
  state_.step = now;
  state_.at_step = tally_.calls();
  state_.own_at_step = own_calls_;
  state_.allowed = 0;
}

void pace::take(mono_time now, mono_time since) noexcept {
  gate_.take(now, since);
  tally_.call(now);
  ++own_calls_;
}

void pace::search(double from, double refused, mono_time at) noexcept {
  state_.refused = std::max(refused, slowest);
  state_.held = std::min(from, state_.refused);
  enter(phase::search, at);
  set_rate(state_.held, at);
}

void pace::climb(double from, mono_time at) noexcept {
  state_.held = std::max(from, slowest);
  enter(phase::climb, at);
  set_rate(from, at);
}

void pace::hold(double rate, mono_time at) noexcept {
  state_.held = rate;
  enter(phase::hold, at);
  set_rate(rate, at);
}

void pace::on_brake(mono_time now) noexcept {
  if (fixed_) return;
  if (!leads_) return fall_back(now, now);
  const auto fast = rate();
  if (state_.what == phase::start || state_.what == phase::search) {
    search(0.7 * fast, std::max(state_.refused, fast), now);
  } else {
    climb(0.7 * fast, now);
    state_.refused = std::max(state_.refused, fast);
  }
}

}  // namespace convoke::engine
