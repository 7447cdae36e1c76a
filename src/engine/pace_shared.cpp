// The pace of a lane that several workers call. One of them leads: it runs the law on what all of them meet, and publishes the rate. What
// it knows of the others is late by an exchange, and what it publishes takes effect an exchange later, so the law goes on more slowly, and
// throttles of calls that were sent before a change took effect do not change the rate again.

#include <algorithm>
#include <chrono>
#include <random>

#include "engine/pace.hpp"
#include "engine/rules.hpp"
#include "engine/seconds.hpp"

namespace convoke::engine {

namespace {

using std::chrono::nanoseconds;
using namespace std::chrono_literals;

constexpr auto read_after = 500ms;      // from when a rate is published until the others call at it, on average
constexpr auto counted_after = 1500ms;  // from when others make a call until it is counted here, on average
constexpr double enough_used = 0.7, enough_for_a_probe = 0.93;
constexpr double without_knowledge = 0.45;  // of the rate, after a throttle while nothing is known of the limit
constexpr auto patience = 4s;               // after a throttle, for a rate that takes it into account
constexpr auto longest_spread = 2s;
constexpr auto right_after = 1500ms;
constexpr auto careful_for = 10min;
constexpr auto longest_silence = 1200ms;  // after a cooldown, where no exchange succeeds

}  // namespace

void pace::share(const lane_share& s, mono_time now) noexcept {
  const auto interval = shared_at_ == mono_time::min() ? nanoseconds(1s) : std::clamp<nanoseconds>(now - shared_at_, 200ms, 3s);
  shared_at_ = now;
  if (now >= closed_until_) not_before_ = std::min(not_before_, now + spread_);
  alone_ = s.leads && s.part >= 1 && s.calls == 0 && s.throttles.empty();
  if (s.leads && !leads_) begin_to_lead(s.rate, s.learnt, now);
  leads_ = s.leads;
  part_ = holds(rule::parts_respected) ? std::clamp(s.part, 0.0, 1.0) : 1;
  safe_part_ = holds(rule::parts_respected) ? std::clamp(s.safe_part, 0.0, 1.0) : 1;
  part_until_ = s.until;
  expired_ = now >= part_until_ && holds(rule::safe_parts_respected);
  if (!leads_) {
    followed_ = s.rate > 0 ? s.rate : followed_ > 0 ? followed_ : rate_;
    followed_pace_ = s.learnt;
    if (followed_ < 0.999 * fell_from_) fallback_until_ = mono_time::min();
    return follow(now);
  }
  gate_.set_rate(own_rate(), now);
  if (alone_) return;
  measure_others(s.calls, interval, now);
  tally_.others(s.calls, now, interval);
  auto throttles = s.throttles;
  std::ranges::sort(throttles, {}, &lane_share::throttle::sent);
  for (const auto& t : throttles) on_throttle(t.sent, now, std::max(t.until, now));
}

void pace::published(mono_time now) noexcept {
  std::shift_right(publications_.begin(), publications_.end(), 1);
  publications_[0] = {now, rate_};
}

double pace::published_before(mono_time t) const noexcept {
  for (const auto& p : publications_)
    if (p.rate > 0 && p.at <= t) return p.rate;
  return rate_;
}

double pace::in_effect(mono_time sent) const noexcept {
  const auto own = sent >= state_.step || state_.before_step <= 0 ? rate_ : state_.before_step;
  return part() * own + (1 - part()) * std::min(rate_, published_before(sent - read_after));
}

double pace::calls_since(mono_time sent, mono_time now) const noexcept {
  if (alone_) return rate_ * seconds(now - sent);
  return rate_ * (part() * seconds(now - sent) + (1 - part()) * seconds(now - sent - counted_after));
}

void pace::closed(mono_time until, mono_time now, pacing::random_engine& random) noexcept {
  if (alone_) return;
  if (!leads_) fall_back(until, now);
  // Calls of workers that had not learned of the throttle may have made the cooldown longer. Where that was seen lately, no call is made
  // before the first exchange after the end, which says so. In any case each worker begins at a time of its own.
  if (now >= closed_until_ && now < closed_until_ + right_after) careful_until_ = now + careful_for;
  closed_until_ = std::max(closed_until_, until);
  const auto spacing = std::min<nanoseconds>(longest_spread, from_seconds(1 / std::max(own_rate(), 0.1)));
  spread_ = from_seconds(seconds(spacing) * std::uniform_real_distribution<double>(0, 1)(random));
  not_before_ = closed_until_ + spread_ + (now < careful_until_ ? nanoseconds(longest_silence) : 0ns);
}

// ---- the worker that leads

void pace::begin_to_lead(double published, const std::optional<learnt_pace>& learnt, mono_time now) noexcept {
  reduction_.reset();
  before_trial_.reset();
  reopened_ = settled_at_ = now;
  at_reopened_ = calls();
  publications_ = {};
  if (!(published > 0) || fixed_) return;
  state_ = {};
  state_.opened = now;
  state_.probe_after = first_probe;
  state_.at_throttle = calls();
  const auto rate = std::min(published, ceiling_);
  if (!learnt || !(learnt->rate > 0)) {
    enter(phase::start, now);
    set_rate(rate, now);
    return;
  }
  state_.credit = learnt->credit;
  // It was held, or was a little above that in a probe; else it was on its way up.
  if (rate >= 0.97 * learnt->rate && rate <= 1.1 * learnt->rate) {
    hold(std::min(rate, learnt->rate), now);
  } else {
    climb(rate, now);
  }
  state_.refused = std::max({learnt->refused, rate, learnt->rate});
}

void pace::measure_others(std::uint64_t calls, nanoseconds interval, mono_time now) noexcept {
  const auto granted = (1 - part()) * published_before(now - counted_after - read_after) * seconds(interval);
  std::shift_right(others_use_.begin(), others_use_.end(), 1);
  others_use_[0] = granted > 0 ? std::min(1.0, static_cast<double>(calls) / granted) : 1;
}

// Each worker's use of its part counts by the part. What others used a moment ago is compared with what they were granted then.
bool pace::used_by_all(mono_time now) const noexcept {
  const auto granted = part() * (state_.allowed + rate() * seconds(now - state_.updated));
  const auto made = static_cast<double>(own_calls_ - state_.own_at_step);
  const auto own = granted > 0 ? std::min(1.0, (made + 1) / granted) : 1.0;
  return part() * own + (1 - part()) * std::ranges::max(others_use_) >= enough_used;
}

// Whether the calls that are granted are made, so that a faster rate would be used as well.
bool pace::used_in_full() const noexcept {
  const auto others = (others_use_[0] + others_use_[1] + others_use_[2]) / 3;
  return alone_ || part() + (1 - part()) * others >= enough_for_a_probe;
}

void pace::on_echo(mono_time until) noexcept {
  on_echo();
  state_.opened = std::max(state_.opened, until);
  reopened_ = std::max(reopened_, until);
  settled_at_ = std::max(settled_at_, until);
}

// ---- the others

void pace::follow(mono_time now) noexcept {
  auto rate = followed_;
  if (now < fallback_until_) rate = std::min(rate, fallback_);
  set_rate(rate, now);
}

// The rate was refused. Until one is published that takes this into account, it is what is known to be taken.
void pace::fall_back(mono_time until, mono_time now) noexcept {
  if (fixed_) return;
  fell_from_ = followed_;
  fallback_ = followed_pace_ ? std::min(followed_, followed_pace_->rate) : without_knowledge * followed_;
  fallback_until_ = until + patience;
  follow(now);
}

}  // namespace convoke::engine
