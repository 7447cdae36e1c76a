#include <algorithm>
#include <cmath>
#include <utility>

#include "core/saturating.hpp"
#include "engine/advice.hpp"
#include "engine/lane.hpp"
#include "engine/rules.hpp"

namespace convoke::engine {

namespace {

constexpr auto between_saves = std::chrono::seconds(10);  // of the learnt pace
// Rows fail for good in the third run in a row that uses up their attempts, so a run should not follow at once.
constexpr auto rest_after_attempts = std::chrono::minutes(10);
constexpr auto shortest_absence = std::chrono::minutes(5), longest_absence = std::chrono::minutes(60);  // after an outage

// The order of the exit codes.
int severity(stop_reason r) noexcept {
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
  return severity(a) > severity(b);
}

void lane::stop(stop_reason why, std::string detail, mono_time now, std::optional<mono_time> come_back) {
  if (stopped_ && !outranks(why, *stopped_)) return;
  const bool stops_now = !stopped_;
  if (stops_now) save_learnt();
  stopped_ = why;
  detail_ = std::move(detail);
  come_back_ = come_back;
  if (!stops_now) return;
  drained_at_ = core::after(now, context_.config.drain);
  for (auto& h : streak_.take()) release(h.row, false, std::move(h.last));
  release_all();
}

// Every row that the lane knows of has its outcome, durably, and no other worker holds one as far as is known.
bool lane::all_done() const noexcept {
  const bool acknowledged = context_.numbers.unacknowledged == 0 && context_.closings == 0;
  const bool elsewhere = context_.config.shared && !nothing_elsewhere_;
  return acknowledged && !elsewhere && claimed_ == 0 && unfetched_ == 0 && deferred_ == 0 && kept_ == 0 && resting_.empty();
}

lane_end lane::end() const {
  // A stop of the whole run takes nothing from a lane that had done everything, or whose last calls ended in the drain.
  const bool with_the_run = stopped_ == stop_reason::interrupted || stopped_ == stop_reason::deferred;
  if (stopped_ && !(with_the_run && all_done())) return {id_, *stopped_, detail_, calls_};
  if (deferred_ == 0) return {id_, stop_reason::finished, "Everything that was owed is done.", calls_};
  return {id_, stop_reason::deferred,
          std::to_string(deferred_) + (deferred_ == 1 ? " row used" : " rows used") +
              " up the attempts or the time of this run. Run the same command again, or wait for its usual time.",
          calls_};
}

std::optional<mono_time> lane::come_back(mono_time now) const noexcept {
  auto at = come_back_;
  if (!stopped_ && deferred_ > 0) at = now + rest_after_attempts;
  if (at && deferred_ > 0) at = std::max(*at, scope_.end());
  return at;
}

void lane::release_all() {
  retries_.remove_if([this](row_index i) {
    auto& o = organizers_[context_.rows[i].organizer];
    if (o.closing) return false;
    --o.waiting;
    release_unsent(i);
    return true;
  });
  for (organizer_index who = 0; who < organizers_.size(); ++who) {
    if (organizers_[who].closing) continue;
    for (auto i = organizers_.pop(who); i != no_row; i = organizers_.pop(who)) release_unsent(i);
  }
  organizers_.clear_round();
  for (const auto who : std::exchange(awaiting_, {})) organizers_[who].awaiting = false;
  want_fresh_.clear();
  want_stale_.clear();
}

void lane::abandon_drain() {
  drained_at_ = mono_time::max();
  // An organizer with a call in flight is not closed, because the call may succeed. The next run decides about it again.
  std::erase_if(closing_, [this](const refused_organizer& j) {
    auto& o = organizers_[j.who];
    if (o.in_flight == 0) return false;
    o.closing = false;
    return true;
  });
  release_all();
  for (row_index i = 0; i < context_.rows.end() && in_flight_ > 0; ++i) {
    const auto& r = context_.rows[i];
    if (r.lane != id_ || r.state != row_state::in_flight) continue;
    // Not released: the service may still carry the call out, and the next process sends a row that is still claimed last.
    --in_flight_;
    --context_.numbers.in_flight;
    --context_.numbers.unacknowledged;
    ++kept_;
    forget(i);
  }
  for (organizer_index who = 0; who < organizers_.size(); ++who) organizers_[who].fetching = false;
  context_.stale_claims -= fetching_ - fetching_fresh_;
  fetching_ = fetching_fresh_ = requested_ = 0;
}

void lane::acknowledged(row_index i, bool lost, mono_time now) {
  auto& r = context_.rows[i];
  context_.acknowledged(r);
  if (r.state == row_state::advancing) return advanced(i, lost, now);
  if (lost && r.deferred) --deferred_;  // another process has the row now
  context_.rows.remove(i);
}

// It is durable that the row owes its next operation.
void lane::advanced(row_index i, bool lost, mono_time now) {
  const auto who = context_.rows[i].organizer;
  --advancing_;
  // Another process has the row, or close_organizer ended it.
  if ((lost && holds(rule::lost_writes_forgotten)) || organizers_[who].closed) return forget(i);
  if (stopped_ && !organizers_[who].closing) return release(i, false, {});
  organizers_.push(who, i, true);
  organizers_.update_round(who, now);
}

void lane::end_row(row_index i) noexcept {
  sent_.remove(i);
  --claimed_;
  if (left_ > 0) --left_;
}

void lane::forget(row_index i) noexcept {
  end_row(i);
  context_.rows.remove(i);
}

void lane::record(row_index i, outcome result, answer&& a) {
  end_row(i);
  context_.record(i, result, std::move(a));
}

void lane::release(row_index i, bool strike, answer&& a) {
  auto& r = context_.rows[i];
  r.deferred = !strike || r.owed.strikes < 2;  // the third strike fails the row for good
  if (r.deferred) ++deferred_;
  if (!stopped_ || !rests(r)) {
    end_row(i);
    return context_.release(i, strike, std::move(a));
  }
  // It stays claimed: the service may still carry out its last call, and the next process may start soon.
  const auto free = context_.keys.free_at(r.owed.key);
  if (free == mono_time::max()) {  // the call is another row's
    ++kept_;
    return forget(i);
  }
  end_row(i);
  r.state = row_state::waiting;
  resting_.push_back({i, free, strike, std::move(a)});
}

void lane::release_rested(mono_time now) {
  std::erase_if(resting_, [&](resting_row& one) {
    if (one.until > now) return false;
    context_.release(one.row, one.strike, std::move(one.last));
    return true;
  });
}

void lane::release_unsent(row_index i) {
  auto& r = context_.rows[i];
  release(i, r.struck, r.last ? std::move(*r.last) : answer{});
}

// A row whose last call may still be in progress at the service is not released before that is over: the next process would send it while
// that call is in progress.
void lane::give_back(row_index i, bool strike, answer&& a) {
  auto& r = context_.rows[i];
  const auto free = context_.keys.free_at(r.owed.key);
  // In flight means another row with this key: that call is its own.
  if (stopped_ || !rests(r) || free == mono_time::max()) return release(i, strike, std::move(a));
  r.leaves = true;
  r.struck = strike;
  wait_until(i, std::move(a), free);
}

bool lane::rests(const row& r) noexcept {
  return context_.keys.free_at(r.owed.key) > context_.now && holds(rule::resting_rows_stay);
}

void lane::break_streak() {
  for (auto& h : streak_.take()) {
    const auto who = context_.rows[h.row].organizer;
    add_advice(context_.rows[h.row].owed.op, h.last);
    if (h.organizer && !organizers_[who].closing) {
      organizers_[who].closing = true;
      closing_.push_back({who, h.last});
    }
    record(h.row, outcome::failed, std::move(h.last));
  }
}

void lane::close_refused_organizers() {
  // Only once none of its calls is in flight: a row whose call succeeds must not have ended before.
  std::erase_if(closing_, [this](refused_organizer& j) {
    if (organizers_[j.who].in_flight > 0 && holds(rule::closed_when_back)) return false;
    close_organizer_now(j.who, std::move(j.why));
    return true;
  });
}

void lane::close_organizer_now(organizer_index who, answer&& why) {
  auto& o = organizers_[who];
  o.closed = true;
  context_.actions.emplace_back(std::in_place_type<close_organizer>, id_, o.id, std::move(why));
  ++context_.closings;
  for (auto i = organizers_.pop(who); i != no_row; i = organizers_.pop(who)) forget(i);
  if (o.waiting == 0) return;
  retries_.remove_if([this, who, &o](row_index i) {
    if (context_.rows[i].organizer != who || context_.rows[i].lane != id_) return false;
    --o.waiting;
    forget(i);
    return true;
  });
}

void lane::wind_up(mono_time now) {
  auto wait = look(now).wait;
  if (!wait) wait = set_down_until_;
  break_streak();
  close_refused_organizers();
  save_learnt();
  if (wait) stop(stop_reason::deferred, "Only rows are left that the service will not take for more than ten minutes.", now, wait);
}

void lane::close(const scope::announcement& cooldown, mono_time now) {
  const bool on_trial = scope_.on_trial(now);
  save(std::nullopt, false, scope_.closed_with(cooldown, now), on_trial, now);
}

void lane::save_now_and_then(mono_time now) {
  if (saved_at_ != mono_time::min() && now - saved_at_ < between_saves) return;
  const auto known = pace_.learnt();
  if (!known || (saved_ && std::abs(known->rate - saved_->rate) < 0.01 * saved_->rate)) return;
  saved_at_ = now;
  save_learnt();
}

void lane::save_learnt() {
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
  // A lane that owes nothing waits for the others: failed connects of its idle connections are no outage for it.
  if (!end || now < *end || !owes()) return;
  const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(config_.max_outage).count();
  auto text = "Nothing succeeded for " + (minutes > 0 ? std::to_string(minutes) + " min" : std::string("the whole --max-outage"));
  if (!token_good_) text += ", for want of an access token";
  text += health_.latest().empty() ? "." : ": " + health_.latest() + ".";
  // An outage is expected to last about as long again as it has lasted.
  auto come_back = core::after(now, std::clamp<std::chrono::nanoseconds>(config_.max_outage, shortest_absence, longest_absence));
  if (token_again_) come_back = std::max(come_back, *token_again_);
  stop(stop_reason::deferred, text + " Run the same command again when the service is back.", now, come_back);
}

}  // namespace convoke::engine
