// What a throttle teaches, and when that is undone.

#include <algorithm>
#include <cmath>

#include "engine/pace.hpp"
#include "engine/seconds.hpp"

namespace convoke::engine {

namespace {

using std::chrono::nanoseconds;
using namespace std::chrono_literals;

// Chosen by playing thousands of hidden limits (`./dev simulate-engine --suite pace`, `./dev bench laws`), not by theory.

constexpr double short_work = 30;  // s of work that are too few to earn a cooldown more back

// Where it goes on after a refusal, as a share of the refused rate. The start overshoots: limits by the second leave 0.54 of its last
// rate, shallow buckets 0.85, deep ones 0.3. A search overshoots by a second's growth, a climb hardly.
constexpr double after_start = 0.45, after_start_careful = 0.55;
constexpr double after_search = 0.763;
constexpr double after_climb = 0.97, after_careful_climb = 0.945;
constexpr double after_long_hold = 0.985, after_hold = 0.96, after_many_holds = 0.85;
constexpr double below_proven = 0.995, below_bad = 0.97;
constexpr double least_left = 0.4, most_left = 0.93, most_left_again = 0.75;  // where it was refused at once
constexpr double search_tells = 1.5, climb_tells = 2.5, long_hold = 8;        // s: refused sooner, the rate was far off from the beginning
constexpr unsigned many_holds = 5;

// Of a probe.
constexpr auto probe_after_change = 44s;  // what has just changed will hardly change again at once
constexpr auto rarest_probe = 120s;
constexpr double rarer = 1.25;
constexpr double shallow = 0.12;  // s of the rate: more than this above it was a deep bucket, or a higher limit

constexpr auto sustained = 3s;  // a rate that was kept for so long was taken

}  // namespace

// Calls/s in the last `span` before `until`, or since the cooldown opened where that is less.
double pace::lately(mono_time until, nanoseconds span) const noexcept {
  return tally_.per_second(std::max(until - span, reopened_), until);
}

void pace::on_throttle(mono_time sent, mono_time now, mono_time until, bool perhaps_one_organizers) noexcept {
  if (reduction_) review(now);
  // Those that were sent after the refused one say nothing about it.
  const auto after = gate_.rate() * seconds(now - sent);
  made_ = calls() - after;
  if (!fixed_) {
    const noise::opening opening{.calls = made_ - at_reopened_,
                                 .rate = lately(sent, sustained),
                                 .after = after,
                                 .refused = 0,
                                 .seconds = seconds(until - reopened_)};
    if (!perhaps_one_organizers || noise_.chance() > 0)
      reduction_ = reduction{.before = {state_, rate()}, .opening = opening, .learnt = now, .until = until};
    learn(sent, until);
  }
  state_.refused_calls = 1;
  state_.opened = reopened_ = until;
  state_.throttled_at = sent;
  state_.at_throttle = made_;
  at_reopened_ = calls();
}

void pace::on_echo() noexcept {
  ++state_.refused_calls;
  if (reduction_) ++reduction_->opening.refused;
}

void pace::learn(mono_time sent, mono_time until) noexcept {
  const auto refused = sent >= state_.step || state_.before_step <= 0 ? rate() : state_.before_step;
  switch (state_.what) {
    case phase::start:
      return search_refused(refused, sent, until);
    case phase::search:
    case phase::climb:
    case phase::hold:
      return rate_refused(refused, sent, until);
    case phase::probe:
      return probe_refused(refused, sent, until);
  }
}

// The cooldown is over, and it is known how many others it met.
void pace::review(mono_time now) noexcept {
  const auto l = *reduction_;
  reduction_.reset();
  switch (noise_.attribute(l.opening)) {
    case noise::finding::limit:
      return;
    case noise::finding::chance:
      revert(l.before, now - l.learnt, now);
      // A trial has shown that lessons before were none either: time to ask for more.
      if (before_trial_ && state_.what == phase::hold) state_.since -= state_.probe_after;
      before_trial_.reset();
      return;
    case noise::finding::try_faster:
      before_trial_ = position{state_, rate()};
      return hold(noise_.to_try(), now);
    case noise::finding::failed:
      revert(*before_trial_, 0ns, now);
      before_trial_.reset();
      return;
  }
}

// As it was then; the time for which it was `closed` did not happen.
void pace::revert(const position& to, nanoseconds closed, mono_time now) noexcept {
  state_ = to.was;
  state_.since += closed;
  state_.opened += closed;
  if (state_.throttled_at) *state_.throttled_at += closed;
  state_.step = now;
  state_.at_step = tally_.calls();
  state_.allowed = 0;
  set_rate(to.rate, now);
}

void pace::search_refused(double rate, mono_time sent, mono_time until) noexcept {
  const auto took = lately(sent, 1s);
  if (static_cast<double>(work_) < short_work * took) {
    // A cooldown more would not be earned back: slowly up from what was taken.
    climb(std::min(after_start_careful * rate, took), until);
    state_.careful = true;
  } else {
    search(std::min(after_start * rate, took), rate, until);
  }
  state_.probe_after = first_probe;
}

void pace::rate_refused(double rate, mono_time sent, mono_time until) noexcept {
  const auto open = seconds(sent - state_.opened);
  state_.refused = rate;
  if (open >= climb_tells) state_.at_once = state_.proven > 0.99 * rate ? 1 : 0;
  if (state_.what == phase::hold) return hold_refused(rate, sent, until);
  if (state_.what == phase::search && open > search_tells) return climb(after_search * rate, until);
  if (state_.what == phase::climb && state_.proven > 0.9 * rate) return hold(below_proven * state_.proven, until);
  if (state_.what == phase::climb && open > climb_tells) {
    state_.falls = 0;
    state_.guessed = static_cast<double>(work_) < short_work * rate;
    const auto left = state_.guessed ? after_careful_climb : after_climb;
    return hold(std::min(left * rate, rate < 1.2 * state_.bad ? below_bad * state_.bad : rate), until);
  }
  ++state_.at_once;
  refused_at_once(rate, sent, until);
}

void pace::hold_refused(double rate, mono_time sent, mono_time until) noexcept {
  const auto open = seconds(sent - state_.opened);
  if (state_.proven > 0.99 * rate) state_.proven = 0;
  state_.bad = state_.bad > 0 ? std::min(state_.bad, rate) : rate;
  if (open >= climb_tells) {
    state_.falls = open > long_hold ? 0 : state_.falls + 1;
    return hold((state_.falls == 0 ? after_long_hold : state_.falls < many_holds ? after_hold : after_many_holds) * rate, until);
  }
  if (++state_.at_once == 1) return hold(state_.proven > 0.9 * rate ? below_proven * state_.proven : after_hold * rate, until);
  state_.probe_after = probe_after_change;
  refused_at_once(rate, sent, until);
}

// What was taken since the last throttle bounds the limit from below where the cooldown left credit, and from above where it did not.
void pace::refused_at_once(double rate, mono_time sent, mono_time until) noexcept {
  const auto open = seconds(sent - state_.opened);
  const auto span = state_.throttled_at ? seconds(sent - *state_.throttled_at) : open + 1;
  const auto taken = std::max(0.0, made_ - state_.at_throttle);
  const auto most = taken / std::max(open, 1.0), least = taken / std::max(span, 1.0);
  climb(std::clamp(std::cbrt(most * most * least), least_left * rate, (state_.at_once > 1 ? most_left_again : most_left) * rate), until);
}

void pace::probe_refused(double rate, mono_time sent, mono_time until) noexcept {
  const auto span = std::max(seconds(sent - state_.since), 0.05);
  const auto extra = std::max(0.0, made_ - static_cast<double>(state_.at_phase) - state_.held * span);
  if (extra <= std::max({1.5 * state_.credit, shallow * state_.held, 3.0})) {
    state_.probe_after = std::min<nanoseconds>(rarest_probe, from_seconds(seconds(state_.probe_after) * rarer));
    state_.refused = state_.refused > 0 ? std::min(state_.refused, rate) : rate;
    hold(state_.excess > 0.05 && state_.held * 1.01 < 0.98 * state_.refused ? state_.held * 1.01 : state_.held, until);
    return;
  }
  state_.deep_rate = state_.held;
  state_.deep_credit = extra;
  state_.bad = 0;
  const auto passed = std::max(state_.held, 0.9 * std::min(rate, lately(sent, 1s)));
  state_.probe_after = probe_after_change;
  climb(passed, until);
  state_.refused = rate;
}

void pace::restore(const pace& before, mono_time now) noexcept {
  state_ = before.state_;
  noise_ = before.noise_;
  before_trial_ = before.before_trial_;
  reduction_.reset();
  state_.opened = reopened_ = now;
  state_.at_throttle = at_reopened_ = calls();
  if (state_.what == phase::probe) state_.what = phase::hold;
  enter(state_.what, now);
  set_rate(state_.what == phase::hold ? state_.held : before.rate(), now);
}

std::optional<learnt_pace> pace::learnt() const noexcept {
  if (fixed_) return std::nullopt;
  if (state_.what == phase::start) {
    // Nothing was refused at the ceiling: that too is worth knowing.
    if (rate() < ceiling_ || calls() < 10 * ceiling_) return std::nullopt;
    return learnt_pace{ceiling_, 0, 0};
  }
  // A rate that was held until it was questioned is worth more than one that is being tried.
  if (state_.proven > 0 && (state_.what != phase::hold || state_.held > state_.proven))
    return learnt_pace{std::min(state_.proven, ceiling_), state_.refused, state_.credit};
  const auto last = state_.proven <= 0 && state_.guessed ? after_climb * state_.held : state_.held;
  return learnt_pace{std::min(last, ceiling_), state_.refused, state_.credit};
}

}  // namespace convoke::engine
