#include "engine/pace.hpp"

#include <algorithm>
#include <cmath>

#include "engine/forecast.hpp"

namespace convoke::engine {

namespace {

using std::chrono::nanoseconds;
using namespace std::chrono_literals;

// Chosen by playing thousands of hidden limits (`./dev simulate-engine --suite pace`, `./dev bench laws`), not by theory.

constexpr double slowest = 0.5;  // calls/s

// How the rate grows.
constexpr auto start_step = 500ms;          // to double in
constexpr double search_growth = 1.2;       // per second
constexpr double slow_climb = 0.015;        // per second, near what was refused
constexpr double fast_climb = 0.17;         // more per second, times the distance from it
constexpr auto careful_beginning = 1200ms;  // of a climb with little work left: per second ...
constexpr double careful_first = 0.06, careful_then = 0.02;
constexpr double short_work = 30;  // s of work that are too few to earn a fence more back

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

// When more is asked for.
constexpr auto probe_step = 750ms;
constexpr double first_excess = 0.02;
constexpr auto first_probe = 22s;
constexpr auto probe_after_change = 44s;  // what has just changed will hardly change again at once
constexpr auto rarest_probe = 120s;
constexpr double rarer = 1.25;
constexpr double payback = 60;    // s of work that must be left for a probe
constexpr double share = 0.01;    // of the calls may be throttled
constexpr double shallow = 0.12;  // s of the rate: more than this above it was a deep bucket, or a higher limit
constexpr double same = 1.08;     // of the old rate: the same limit as before

double seconds(nanoseconds d) noexcept {
  return static_cast<double>(d.count()) * 1e-9;
}
nanoseconds from_seconds(double s) noexcept {
  return nanoseconds(static_cast<nanoseconds::rep>(std::clamp(s, 0.0, 1e9) * 1e9));
}
std::int64_t bin_of(mono_time t) noexcept {
  return t.time_since_epoch() / 100ms;
}

}  // namespace

pace::pace(const settings& s, const std::optional<remembered_pace>& learnt, mono_time now)
    : fixed_(s.fixed_rate),
      ceiling_(s.rate),
      gate_(s.fixed_rate ? s.rate : std::min(s.rate, std::max(s.start_rate, slowest))),
      since_(now),
      step_(now),
      updated_(now),
      opened_(now),
      probe_after_(first_probe) {
  if (fixed_ || !learnt || !(learnt->pace.rate > 0)) return;
  credit_ = learnt->pace.credit > 0 ? std::min(learnt->pace.credit, 60 * ceiling_) : 0;
  const auto known = std::clamp(learnt->pace.rate, std::min(slowest, ceiling_), ceiling_);
  if (learnt->age <= pace_counts_in_full) {
    refused_ = learnt->pace.refused > known ? std::min(learnt->pace.refused, 2 * known) : known;
    hold(known, now);
  } else {
    climb(known / 2, now);
    refused_ = known;
  }
}

double pace::expected() const noexcept {
  return phase_ == phase::start ? gate_.rate() : std::min(ceiling_, std::max(held_, gate_.rate()));
}

void pace::set_rate(double rate, mono_time now) noexcept {
  gate_.set_rate(std::clamp(rate, std::min(slowest, ceiling_), ceiling_), now);
  updated_ = now;
}

void pace::enter(phase p, mono_time at) noexcept {
  phase_ = p;
  since_ = step_ = updated_ = at;
  at_step_ = at_phase_ = calls_;
  allowed_ = before_step_ = 0;
  wanted_ = true;
  careful_ = false;
}

nanoseconds pace::step_time() const noexcept {
  return std::max<nanoseconds>(phase_ == phase::start ? start_step : probe_step,
                               from_seconds(std::max(1.2 * round_trip_, 3 / gate_.rate())));
}

// Where rows or connections are the limit, nothing is learnt about the service by going faster.
bool pace::used_up(mono_time now) const noexcept {
  return static_cast<double>(calls_ - at_step_) >= 0.7 * (allowed_ + gate_.rate() * seconds(now - updated_)) - 1;
}

bool pace::probe_is_due(mono_time now, std::uint64_t work) const noexcept {
  if (now - since_ < probe_after_ || gate_.rate() >= ceiling_) return false;
  if (static_cast<double>(work) < payback * gate_.rate()) return false;
  return (static_cast<double>(calls_) - at_throttle_) * share >= static_cast<double>(refused_calls_);
}

// Growth per second of a climb: fast far below what was refused, slow near it.
double pace::climbing(mono_time now) const noexcept {
  if (careful_) return now - since_ < careful_beginning ? careful_first : careful_then;
  return slow_climb + fast_climb * std::max(0.0, 1 - gate_.rate() / refused_);
}

void pace::grow(double factor, mono_time now) noexcept {
  allowed_ += gate_.rate() * seconds(now - updated_);
  const bool wanted = used_up(now);
  if (wanted && wanted_) {
    set_rate(gate_.rate() * factor, now);
  } else {
    updated_ = now;
  }
  if (now - step_ < step_time()) return;
  wanted_ = wanted;
  step_ = now;
  at_step_ = calls_;
  allowed_ = 0;
}

void pace::advance(mono_time now, std::uint64_t work) noexcept {
  work_ = work;
  if (fixed_ || now <= updated_) return;
  const auto dt = std::min(seconds(now - updated_), 1.0);
  switch (phase_) {
    case phase::start:
      if (now - updated_ >= 20ms) grow(std::exp2(dt / seconds(step_time())), now);
      return;
    case phase::search:
      if (now - updated_ < 20ms) return;
      grow(std::pow(search_growth, dt), now);
      return;
    case phase::climb:
      if (now - updated_ >= 20ms) grow(1 + dt * climbing(now), now);
      return;
    case phase::hold:
      if (!probe_is_due(now, work)) return;
      proven_ = held_ = gate_.rate();
      // Where the search that a probe began ends where it began, the probe had met a deep bucket and no higher limit.
      if (held_ < same * suspect_rate_) credit_ = std::max(credit_, suspect_credit_);
      suspect_rate_ = 0;
      enter(phase::probe, now);
      excess_ = first_excess;
      before_step_ = held_;
      set_rate(held_ * (1 + excess_), now);
      return;
    case phase::probe:
      if (now - step_ < step_time()) return;
      before_step_ = gate_.rate();
      allowed_ = gate_.rate() * seconds(updated_ - step_);
      if (gate_.rate() >= ceiling_) return hold(ceiling_, now);
      if (used_up(now)) {
        excess_ *= 2;
        set_rate(held_ * (1 + excess_), now);
      }
      step_ = now;
      at_step_ = calls_;
      allowed_ = 0;
      return;
  }
}

void pace::take(mono_time now) noexcept {
  gate_.take(now);
  ++calls_;
  const auto bin = bin_of(now);
  for (auto i = std::max(newest_bin_ + 1, bin - static_cast<std::int64_t>(bins) + 1); i <= bin; ++i)
    taken_[static_cast<std::size_t>(i) % bins] = 0;
  newest_bin_ = std::max(newest_bin_, bin);
  ++taken_[static_cast<std::size_t>(bin) % bins];
}

// Calls/s in the last `span` before `until`, or since the fence opened where that is less.
double pace::lately(mono_time until, nanoseconds length) const noexcept {
  const auto from = std::max(until - length, opened_);
  const auto span = std::max(seconds(until - from), 0.1);
  double n = 0;
  const auto last = bin_of(until);
  for (auto b = std::max(bin_of(from), newest_bin_ - static_cast<std::int64_t>(bins) + 1); b <= last && b <= newest_bin_; ++b) {
    double part = 1;
    if (b == bin_of(from)) part = 1 - seconds(from.time_since_epoch() % 100ms) * 10;
    n += part * taken_[static_cast<std::size_t>(b) % bins];
  }
  return n / span;
}

void pace::on_success(mono_time sent, mono_time now) noexcept {
  round_trip_ += (seconds(now - sent) - round_trip_) * 0.05;
}

void pace::search(double from, double refused, mono_time at) noexcept {
  refused_ = std::max(refused, slowest);
  held_ = std::min(from, refused_);
  enter(phase::search, at);
  set_rate(held_, at);
}

void pace::climb(double from, mono_time at) noexcept {
  held_ = std::max(from, slowest);
  enter(phase::climb, at);
  set_rate(from, at);
}

void pace::hold(double rate, mono_time at) noexcept {
  held_ = rate;
  enter(phase::hold, at);
  set_rate(rate, at);
}

void pace::on_throttle(mono_time sent, mono_time now, mono_time until) noexcept {
  refused_calls_ = 1;
  // Those that were sent after the refused one say nothing about it.
  made_ = static_cast<double>(calls_) - gate_.rate() * seconds(now - sent);
  if (!fixed_) {
    const auto rate = sent >= step_ || before_step_ <= 0 ? gate_.rate() : before_step_;
    switch (phase_) {
      case phase::start:
        search_refused(rate, sent, until);
        break;
      case phase::search:
      case phase::climb:
      case phase::hold:
        rate_refused(rate, sent, until);
        break;
      case phase::probe:
        probe_refused(rate, sent, until);
        break;
    }
  }
  opened_ = until;
  throttled_at_ = sent;
  at_throttle_ = made_;
}

void pace::search_refused(double rate, mono_time sent, mono_time until) noexcept {
  const auto took = lately(sent, 1s);
  if (static_cast<double>(work_) < short_work * took) {
    // A fence more would not be earned back: slowly up from what was taken.
    climb(std::min(after_start_careful * rate, took), until);
    careful_ = true;
  } else {
    search(std::min(after_start * rate, took), rate, until);
  }
  probe_after_ = first_probe;
}

void pace::rate_refused(double rate, mono_time sent, mono_time until) noexcept {
  const auto open = seconds(sent - opened_);
  refused_ = rate;
  if (open >= climb_tells) at_once_ = proven_ > 0.99 * rate ? 1 : 0;
  if (phase_ == phase::hold) return hold_refused(rate, sent, until);
  if (phase_ == phase::search && open > search_tells) return climb(after_search * rate, until);
  if (phase_ == phase::climb && proven_ > 0.9 * rate) return hold(below_proven * proven_, until);
  if (phase_ == phase::climb && open > climb_tells) {
    falls_ = 0;
    guessed_ = static_cast<double>(work_) < short_work * rate;
    const auto left = guessed_ ? after_careful_climb : after_climb;
    return hold(std::min(left * rate, rate < 1.2 * bad_ ? below_bad * bad_ : rate), until);
  }
  ++at_once_;
  refused_at_once(rate, sent, until);
}

void pace::hold_refused(double rate, mono_time sent, mono_time until) noexcept {
  const auto open = seconds(sent - opened_);
  if (proven_ > 0.99 * rate) proven_ = 0;
  bad_ = bad_ > 0 ? std::min(bad_, rate) : rate;
  if (open >= climb_tells) {
    falls_ = open > long_hold ? 0 : falls_ + 1;
    return hold((falls_ == 0 ? after_long_hold : falls_ < many_holds ? after_hold : after_many_holds) * rate, until);
  }
  if (++at_once_ == 1) return hold(proven_ > 0.9 * rate ? below_proven * proven_ : after_hold * rate, until);
  probe_after_ = probe_after_change;
  refused_at_once(rate, sent, until);
}

// What was taken since the last throttle bounds the limit from below where the fence left credit, and from above where it did not.
void pace::refused_at_once(double rate, mono_time sent, mono_time until) noexcept {
  const auto open = seconds(sent - opened_);
  const auto span = throttled_at_ ? seconds(sent - *throttled_at_) : open + 1;
  const auto taken = std::max(0.0, made_ - at_throttle_);
  const auto most = taken / std::max(open, 1.0), least = taken / std::max(span, 1.0);
  climb(std::clamp(std::cbrt(most * most * least), least_left * rate, (at_once_ > 1 ? most_left_again : most_left) * rate), until);
}

void pace::probe_refused(double rate, mono_time sent, mono_time until) noexcept {
  const auto span = std::max(seconds(sent - since_), 0.05);
  const auto extra = std::max(0.0, made_ - static_cast<double>(at_phase_) - held_ * span);
  if (extra <= std::max({1.5 * credit_, shallow * held_, 3.0})) {
    probe_after_ = std::min<nanoseconds>(rarest_probe, from_seconds(seconds(probe_after_) * rarer));
    refused_ = refused_ > 0 ? std::min(refused_, rate) : rate;
    hold(excess_ > 0.05 && held_ * 1.01 < 0.98 * refused_ ? held_ * 1.01 : held_, until);
    return;
  }
  suspect_rate_ = held_;
  suspect_credit_ = extra;
  bad_ = 0;
  const auto passed = std::max(held_, 0.9 * std::min(rate, lately(sent, 1s)));
  probe_after_ = probe_after_change;
  climb(passed, until);
  refused_ = rate;
}

void pace::on_brake(mono_time now) noexcept {
  if (fixed_) return;
  const auto rate = gate_.rate();
  if (phase_ == phase::start || phase_ == phase::search) {
    search(0.7 * rate, std::max(refused_, rate), now);
  } else {
    climb(0.7 * rate, now);
    refused_ = std::max(refused_, rate);
  }
}

void pace::restore(const pace& before, mono_time now) noexcept {
  const auto round_trip = round_trip_;
  const auto taken = taken_;
  const auto newest = newest_bin_;
  const auto calls = calls_;
  const auto gate = gate_;
  const auto rate = before.rate();
  *this = before;
  round_trip_ = round_trip;
  taken_ = taken;
  newest_bin_ = newest;
  calls_ = calls;
  gate_ = gate;
  opened_ = now;
  at_throttle_ = static_cast<double>(calls);
  if (phase_ == phase::probe) phase_ = phase::hold;
  enter(phase_, now);
  set_rate(phase_ == phase::hold ? held_ : rate, now);
}

std::optional<learnt_pace> pace::learnt() const noexcept {
  if (fixed_) return std::nullopt;
  if (phase_ == phase::start) {
    // Nothing was refused at the ceiling: that too is worth knowing.
    if (gate_.rate() < ceiling_ || static_cast<double>(calls_) < 10 * ceiling_) return std::nullopt;
    return learnt_pace{ceiling_, 0, 0};
  }
  // A rate that was held until it was questioned is worth more than one that is being tried.
  if (proven_ > 0 && (phase_ != phase::hold || held_ > proven_)) return learnt_pace{std::min(proven_, ceiling_), refused_, credit_};
  const auto rate = proven_ <= 0 && guessed_ ? after_climb * held_ : held_;
  return learnt_pace{std::min(rate, ceiling_), refused_, credit_};
}

}  // namespace convoke::engine
