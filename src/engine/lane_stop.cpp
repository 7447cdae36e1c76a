#include <algorithm>
#include <cmath>
#include <utility>

#include "engine/advice.hpp"
#include "engine/lane.hpp"
#include "engine/rules.hpp"

namespace convoke::engine {

namespace {

constexpr auto pace_keeping = std::chrono::seconds(10);  // between two savings of what was learnt
// Rows fail for good in the third run in a row that uses their attempts up: what hinders them gets some time to pass.
constexpr auto rest_after_attempts = std::chrono::minutes(10);
constexpr auto shortest_absence = std::chrono::minutes(5), longest_absence = std::chrono::minutes(60);  // after an outage

// Which reason a run that has several is known by: the order of the exit codes.
int weight(stop_reason r) noexcept {
  switch (r) {
    case stop_reason::storage:
      return 5;
    case stop_reason::credentials:
    case stop_reason::permission:
      return 4;
    case stop_reason::interrupted:
      return 3;
    case stop_reason::deferred:
      return 2;
    case stop_reason::finished:
      break;
  }
  return 1;
}

}  // namespace

bool outranks(stop_reason a, stop_reason b) noexcept {
  return weight(a) > weight(b);
}

void lane::stop(stop_reason why, std::string detail, mono_time now, std::optional<mono_time> come_back) {
  if (stopped_ && !outranks(why, *stopped_)) return;
  const bool stops_now = !stopped_;
  if (stops_now) keep_pace();
  stopped_ = why;
  detail_ = std::move(detail);
  come_back_ = come_back;
  if (!stops_now) return;
  drained_at_ = after(now, context_.config.drain);
  for (auto& h : streak_.take()) release(h.row, false, std::move(h.last));
  release_all();
}

lane_end lane::end() const {
  if (stopped_) return {id_, *stopped_, detail_};
  if (deferred_ == 0) return {id_, stop_reason::finished, "Everything that was owed is done."};
  return {id_, stop_reason::deferred,
          std::to_string(deferred_) + (deferred_ == 1 ? " row used" : " rows used") +
              " up the attempts or the time of this run. Run the same command again, or wait for its usual time."};
}

std::optional<mono_time> lane::come_back(mono_time now) const noexcept {
  auto at = come_back_;
  if (!stopped_ && deferred_ > 0) at = now + rest_after_attempts;
  if (at && deferred_ > 0) at = std::max(*at, scope_.end());
  return at;
}

void lane::release_all() {
  retries_.remove_if([this](slot s) {
    auto& o = organizers_[context_.rows[s].organizer];
    if (o.closing) return false;
    --o.waiting;
    release_unsent(s);
    return true;
  });
  for (place p = 0; p < organizers_.size(); ++p) {
    if (organizers_[p].closing) continue;
    for (auto s = organizers_.pop(p); s != no_slot; s = organizers_.pop(p)) release_unsent(s);
  }
  organizers_.clear_round();
  for (const auto p : std::exchange(awaiting_, {})) organizers_[p].awaiting = false;
  want_fresh_.clear();
  want_stale_.clear();
}

void lane::abandon_drain() {
  drained_at_ = mono_time::max();
  // An organizer with a call under way is not closed: the call may succeed after all. Who comes next will judge it again.
  std::erase_if(judged_, [this](const judgement& j) {
    auto& o = organizers_[j.who];
    if (o.in_flight == 0) return false;
    o.closing = false;
    return true;
  });
  release_all();
  for (slot s = 0; s < context_.rows.end() && in_flight_ > 0; ++s) {
    const auto& r = context_.rows[s];
    if (r.lane != id_ || r.state != row_state::in_flight) continue;
    // Not released: its call may still be at work, and a row left claimed is sent last by the next process.
    --in_flight_;
    --context_.numbers.in_flight;
    --context_.numbers.unacknowledged;
    forget(s);
  }
  for (place p = 0; p < organizers_.size(); ++p) organizers_[p].fetching = false;
  fetching_ = fetching_fresh_ = asked_ = 0;
}

void lane::acknowledged(slot s, bool lost, mono_time now) {
  auto& r = context_.rows[s];
  context_.acknowledged(r);
  if (r.state == row_state::advancing) return advanced(s, lost, now);
  if (lost && r.deferred) --deferred_;  // it is another process's now
  context_.rows.remove(s);
}

// The row owes its next operation durably.
void lane::advanced(slot s, bool lost, mono_time now) {
  const auto p = context_.rows[s].organizer;
  --advancing_;
  if (lost || organizers_[p].closed) return forget(s);  // not ours any more, or ended by close_organizer
  if (stopped_ && !organizers_[p].closing) return release(s, false, {});
  organizers_.push(p, s, true);
  organizers_.seat(p, now);
}

void lane::end_row(slot s) noexcept {
  sent_.remove(s);
  --held_;
  if (left_ > 0) --left_;
}

void lane::forget(slot s) noexcept {
  end_row(s);
  context_.rows.remove(s);
}

void lane::record(slot s, outcome result, answer&& a) {
  end_row(s);
  context_.record(s, result, std::move(a));
}

void lane::release(slot s, bool strike, answer&& a) {
  auto& r = context_.rows[s];
  r.deferred = !strike || r.owed.strikes < 2;  // the third strike fails it for good: nothing is left of it for another run
  if (r.deferred) ++deferred_;
  if (stopped_ && !strike && context_.keys.free_at(r.owed.key) > context_.now && holds(rule::resting_rows_stay)) {
    forget(s);  // its last call may still be at work, and the next process could be there in a moment: it stays claimed
    return;
  }
  end_row(s);
  context_.release(s, strike, std::move(a));
}

void lane::release_unsent(slot s) {
  auto& r = context_.rows[s];
  release(s, false, r.last ? std::move(*r.last) : answer{});
}

void lane::break_streak() {
  for (auto& h : streak_.take()) {
    const auto p = context_.rows[h.row].organizer;
    add_advice(context_.rows[h.row].owed.op, h.last);
    if (h.organizer && !organizers_[p].closing) {
      organizers_[p].closing = true;
      judged_.push_back({p, h.last});
    }
    record(h.row, outcome::failed, std::move(h.last));
  }
}

void lane::close_judged() {
  // Only once nothing of it is in flight: a call that succeeds after all must not find its row ended.
  std::erase_if(judged_, [this](judgement& j) {
    if (organizers_[j.who].in_flight > 0 && holds(rule::closed_when_back)) return false;
    close_organizer_now(j.who, std::move(j.why));
    return true;
  });
}

void lane::close_organizer_now(place p, answer&& why) {
  auto& o = organizers_[p];
  o.closed = true;
  context_.actions.emplace_back(std::in_place_type<close_organizer>, id_, o.id, std::move(why));
  ++context_.closings;
  for (auto s = organizers_.pop(p); s != no_slot; s = organizers_.pop(p)) forget(s);
  if (o.waiting == 0) return;
  retries_.remove_if([this, p, &o](slot s) {
    if (context_.rows[s].organizer != p || context_.rows[s].lane != id_) return false;
    --o.waiting;
    forget(s);
    return true;
  });
}

void lane::wind_up(mono_time now) {
  const auto wait = look(now).wait;
  break_streak();
  close_judged();
  keep_pace();
  if (wait) stop(stop_reason::deferred, "Only rows are left that the service will not take for more than ten minutes.", now, wait);
}

void lane::close(const scope::announcement& cooldown, mono_time now) {
  const bool on_trial = scope_.on_trial(now);
  keep_cooldown(std::nullopt, scope_.closed_with(cooldown, now), on_trial, now);
}

void lane::save_now_and_then(mono_time now) {
  if (saved_at_ != mono_time::min() && now - saved_at_ < pace_keeping) return;
  const auto known = pace_.learnt();
  if (!known || (saved_ && std::abs(known->rate - saved_->rate) < 0.01 * saved_->rate)) return;
  saved_at_ = now;
  keep_pace();
}

void lane::keep_pace() {
  const auto known = pace_.learnt();
  if (stopped_ || !known || known == saved_) return;
  saved_ = known;
  context_.actions.emplace_back(save_pace{id_, *known});
}

void lane::check_token(mono_time now) {
  if (token_good_ || !token_again_ || *token_again_ <= now + long_wait || in_flight_ > 0 || !owes()) return;
  stop(stop_reason::deferred,
       "The token endpoint gives no token for more than ten minutes: " + health_.latest() + ". Run the same command again then.", now,
       token_again_);
}

void lane::check_outage(mono_time now) {
  const auto end = health_.gives_up_at();
  if (!end || now < *end) return;
  const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(config_.max_outage).count();
  auto text = "Nothing succeeded for " + (minutes > 0 ? std::to_string(minutes) + " min" : std::string("the whole --max-outage"));
  if (!token_good_) text += ", for want of an access token";
  text += health_.latest().empty() ? "." : ": " + health_.latest() + ".";
  // An outage that has lasted for long will last about as long again: that is all that can be said of one from outside.
  auto come_back = after(now, std::clamp<std::chrono::nanoseconds>(config_.max_outage, shortest_absence, longest_absence));
  if (token_again_) come_back = std::max(come_back, *token_again_);
  stop(stop_reason::deferred, text + " Run the same command again when the service is back.", now, come_back);
}

}  // namespace convoke::engine
