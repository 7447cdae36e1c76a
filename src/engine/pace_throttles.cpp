// How a throttle reduces the pace, and when that is reverted.

#include <algorithm>
#include <cmath>

#include "engine/pace.hpp"
#include "engine/seconds.hpp"

namespace convoke::engine {

namespace {

using std::chrono::nanoseconds;
using namespace std::chrono_literals;

// Chosen by simulating thousands of hidden limits (`./dev simulate-engine --suite pace`, `./dev bench laws`).

constexpr double short_work = 30;  // s of work: too little to gain from another cooldown

// Where the pace continues after a throttle, as a share of the refused rate. The start overshoots: limits per second leave 0.54 of its last
// rate, shallow buckets 0.85, deep ones 0.3. A search overshoots by the growth of a second, a climb hardly.
constexpr double after_start = 0.45, after_start_careful = 0.55;
constexpr double after_search = 0.763;
constexpr double after_climb = 0.97, after_careful_climb = 0.945;
constexpr double after_long_hold = 0.985, after_hold = 0.96, after_many_holds = 0.85;
constexpr double below_confirmed = 0.995, below_bad = 0.97;
constexpr double least_left = 0.4, most_left = 0.93, most_left_again = 0.75;  // where the throttle came right after a cooldown
constexpr double search_measures = 1.5, climb_measures = 2.5,
                 long_hold = 8;  // s: where the throttle comes sooner, the rate was too high from the beginning
constexpr unsigned many_holds = 5;

// Of a probe.
constexpr auto probe_after_change = 44s;  // a limit that has just changed seldom changes again soon
constexpr auto rarest_probe = 120s;
constexpr double rarer = 1.25;
constexpr double shallow = 0.12;               // s of the rate: more calls above it mean a deep bucket or a higher limit
constexpr double shallow_among_several = 0.4;  // the calls of others are not known so exactly

constexpr auto sustained = 3s;  // a rate that was kept for this time was taken

}  // namespace

// Calls/s in the last `span` before `until`, or since the cooldown opened where that is less.
double pace::lately(mono_time until, nanoseconds span) const noexcept {
  return tally_.per_second(std::max(until - span, reopened_), until);
}

void pace::on_throttle(mono_time sent, mono_time now, mono_time until, bool perhaps_one_organizers) noexcept {
  if (!leads_) return fall_back(until, now);
  if (!alone_ && sent < settled_at_) return on_echo(until);
  if (reduction_) review(now);
  // Calls that were sent after the refused one do not count.
  const auto after = calls_since(sent, now);
  made_ = calls() - after;
  if (!fixed_) {
    const noise::opening opening{.calls = made_ - at_reopened_,
                                 .rate = lately(sent, sustained),
                                 .after = after,
                                 .refused = 0,
                                 .seconds = seconds(until - reopened_)};
    if (!perhaps_one_organizers || noise_.chance() > 0)
      reduction_ = reduction{.before = {state_, rate()}, .opening = opening, .since = now, .until = until};
    reduce(sent, until);
  }
  state_.refused_calls = 1;
  state_.opened = reopened_ = until;
  state_.throttled_at = sent;
  state_.at_throttle = made_;
  at_reopened_ = calls();
  if (!alone_) settled_at_ = std::max(until, now + exchange_lag);
}

void pace::on_echo() noexcept {
  ++state_.refused_calls;
  if (reduction_) ++reduction_->opening.refused;
}

void pace::reduce(mono_time sent, mono_time until) noexcept {
  const auto refused = !alone_ ? in_effect(sent) : sent >= state_.step || state_.before_step <= 0 ? rate() : state_.before_step;
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

// The cooldown is over, so it is known how many other calls were refused with the first.
void pace::review(mono_time now) noexcept {
  const auto last = *reduction_;
  reduction_.reset();
  switch (noise_.attribute(last.opening)) {
    case noise::finding::limit:
      return;
    case noise::finding::chance:
      revert(last.before, now - last.since, now);
      // The trial has shown that earlier reductions were due to chance as well, so a probe is due.
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

// The pace is as it was then; the time for which it was `closed` is left out.
void pace::revert(const position& to, nanoseconds closed, mono_time now) noexcept {
  state_ = to.was;
  state_.since += closed;
  state_.opened += closed;
  if (state_.throttled_at) *state_.throttled_at += closed;
  state_.step = now;
  state_.at_step = tally_.calls();
  state_.own_at_step = own_calls_;
  state_.allowed = 0;
  set_rate(to.rate, now);
}

void pace::search_refused(double rate, mono_time sent, mono_time until) noexcept {
  const auto took = lately(sent, 1s);
  if (static_cast<double>(work_) < short_work * took) {
    // Little work is left, and another cooldown would cost more than it gains: climb slowly from the rate that was taken.
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
  if (open >= climb_measures + seconds(lag())) state_.at_once = state_.confirmed > 0.99 * rate ? 1 : 0;
  if (state_.what == phase::hold) return hold_refused(rate, sent, until);
  if (state_.what == phase::search && open > search_measures + seconds(lag())) return climb(after_search * rate, until);
  if (state_.what == phase::climb && state_.confirmed > 0.9 * rate) return hold(below_confirmed * state_.confirmed, until);
  if (state_.what == phase::climb && open > climb_measures + seconds(lag())) {
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
  if (state_.confirmed > 0.99 * rate) state_.confirmed = 0;
  state_.bad = state_.bad > 0 ? std::min(state_.bad, rate) : rate;
  if (open >= climb_measures + seconds(lag())) {
    state_.falls = open > long_hold + seconds(lag()) ? 0 : state_.falls + 1;
    return hold((state_.falls == 0 ? after_long_hold : state_.falls < many_holds ? after_hold : after_many_holds) * rate, until);
  }
  if (++state_.at_once == 1) return hold(state_.confirmed > 0.9 * rate ? below_confirmed * state_.confirmed : after_hold * rate, until);
  state_.probe_after = probe_after_change;
  refused_at_once(rate, sent, until);
}

// The calls taken since the last throttle bound the limit from above where the cooldown left no credit, and from below where it did.
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
  if (extra <= std::max({1.5 * state_.credit, (alone_ ? shallow : shallow_among_several) * state_.held, 3.0})) {
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
  if (!leads_ || !before.leads_) return;
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
  if (fixed_ || !leads_) return std::nullopt;
  if (state_.what == phase::start) {
    // Nothing was throttled at the ceiling: that is worth saving, too.
    if (rate() < ceiling_ || calls() < 10 * ceiling_) return std::nullopt;
    return learnt_pace{ceiling_, 0, 0};
  }
  // A rate that was held until a probe is better known than one that is being tried.
  if (state_.confirmed > 0 && (state_.what != phase::hold || state_.held > state_.confirmed))
    return learnt_pace{std::min(state_.confirmed, ceiling_), state_.refused, state_.credit};
  const auto last = state_.confirmed <= 0 && state_.guessed ? after_climb * state_.held : state_.held;
  return learnt_pace{std::min(last, ceiling_), state_.refused, state_.credit};
}

}  // namespace convoke::engine
