// What a lane does where other workers carry out the same runs: it looks for more rows, obeys their cooldowns, and shares its rate.

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

#include "core/saturating.hpp"
#include "engine/lane.hpp"
#include "engine/rules.hpp"
#include "engine/seconds.hpp"

namespace convoke::engine {

namespace {

using namespace std::chrono_literals;

// Between two looks for rows.
constexpr std::chrono::nanoseconds first_look = 1s, longest_look = 5s;

// What a worker wants whose part is not used up.
constexpr double used_up = 0.8;  // of what it was granted
constexpr double to_grow = 1.3;  // times what it calls
constexpr double least_wanted = 1;

}  // namespace

// ---- cooldowns

void lane::obey(std::optional<organizer_id> organizer, mono_time until, bool cut, mono_time now) {
  // Longer than any cooldown that is obeyed: the ledger is old, or a clock was wrong.
  const auto most = config_.max_cooldown;
  const bool too_long = until > core::after(now, most + most / 10);
  if (too_long) context_.actions.emplace_back(cooldown_cut{id_, organizer, false, {}, until - now});
  const auto end = too_long ? core::after(now, most) : until;
  if (!organizer) {
    scope_.close_until(end, too_long || cut);
    return;
  }
  auto who = organizers_.find(*organizer);
  // Its rows may be found later.
  if (who == no_organizer && context_.config.shared) who = organizers_.add(*organizer, 0, 0);
  if (who == no_organizer) return;
  organizers_[who].cooldown.close_until(end, too_long || cut);
  organizers_.update_round(who, now);
}

void lane::cooldown_announced(std::optional<organizer_id> organizer, mono_time until, mono_time now) {
  if (until <= now || !holds(rule::announced_cooldowns_obeyed)) return;
  obey(organizer, until, false, now);
  if (!organizer) pace_.closed(scope_.end(), now, context_.random);
}

// ---- rows

void lane::set_rows_left(organizer_index who, std::uint32_t fresh, std::uint32_t stale) {
  auto& o = organizers_[who];
  if (o.fetching) fresh = o.fresh_left;  // the answer to the claim is newer; no stale rows are being claimed
  const auto before = std::uint64_t{o.fresh_left} + o.stale_left;
  if (o.fresh_left > 0 && fresh == 0) --fresh_left_;
  if (o.fresh_left == 0 && fresh > 0) ++fresh_left_;
  o.fresh_left = fresh;
  o.stale_left = stale;
  left_ += std::uint64_t{fresh} + stale;
  left_ -= std::min(left_, before);
  if (o.closed && fresh + stale > 0 && o.in_flight == 0 && o.waiting == 0) o.blocked = o.closing = o.closed = false;
  count_unfetched(who);
  if (o.queued) {
    std::erase(want_fresh_, who);
    std::erase(want_stale_, who);
    o.queued = false;
  }
  want_rows(who);
}

void lane::rows_available(std::span<const organizer_setup> found, std::uint64_t held_elsewhere, mono_time now) {
  if (std::exchange(looking_, false)) --context_.looks;
  if (stopped_) {
    nothing_elsewhere_ = found.empty() && held_elsewhere == 0;
    return;
  }
  if (holds(rule::late_stale_rows_wait) && std::ranges::any_of(found, [](const organizer_setup& o) { return o.stale > 0; })) {
    // A call of the process that had claimed them may still be carried out. They can be others than those that were counted before.
    stale_turn_ = false;
    stale_at_ = std::max(stale_at_, now + config_.attempt_timeout);
  }
  std::vector<bool> named(organizers_.size());
  for (const auto& o : found) {
    auto who = organizers_.find(o.organizer);
    if (who == no_organizer) who = organizers_.add(o.organizer, 0, 0);
    if (who < named.size()) named[who] = true;
    set_rows_left(who, o.fresh, o.stale);
  }
  for (organizer_index who = 0; who < named.size(); ++who) {
    if (!named[who] && organizers_[who].unfetched) set_rows_left(who, 0, 0);
  }
  if (unfetched_ > 0 && token_ == 0 && !token_requested_) {
    token_requested_ = true;
    context_.actions.emplace_back(refresh_token{id_, 0});
  }
  bool any = false;
  if (may_claim(now)) {
    for (const auto* queue : {&want_fresh_, &want_stale_})
      for (const auto who : *queue) any = any || !organizers_[who].cooldown.closed(now);
  }
  nothing_elsewhere_ = !any && held_elsewhere == 0;
  look_interval_ = any ? first_look : held_elsewhere == 0 ? longest_look : std::clamp(2 * look_interval_, first_look, longest_look);
  look_at_ = now + look_interval_;
}

// One look at a time, and only where there is nothing to send or to claim now: rows may have been released or become stale, or be new.
void lane::look_for_more(mono_time now) {
  if (!context_.config.shared || looking_ || stopped_ || now < look_at_ || lease_over(now)) return;
  if (context_.stale_claims + context_.stale_waits > 0) return;
  if (fetching_ > 0 || organizers_.sendable() > 0 || awaits_connection()) return;
  if (may_claim(now) && (!want_fresh_.empty() || !want_stale_.empty())) return;
  looking_ = true;
  ++context_.looks;
  context_.actions.emplace_back(look_for_rows{id_});
}

// A lane that cannot claim now does not keep others from looking.
void lane::count_stale_wait(mono_time now) noexcept {
  const bool waits = !stopped_ && !want_stale_.empty() && token_ != 0 && may_claim(now) && pace_.part() > 0;
  if (waits == stale_waits_) return;
  stale_waits_ = waits;
  waits ? ++context_.stale_waits : --context_.stale_waits;
}

bool lane::awaits_others() const noexcept {
  if (!context_.config.shared || stopped_) return false;
  return context_.config.follow || (!nothing_elsewhere_ && holds(rule::others_awaited));
}

void lane::set_down(mono_time now) {
  if (!context_.config.shared || stopped_) return;
  // Other workers would wait for these rows as well.
  break_streak();
  close_refused_organizers();
  if (claimed_ == 0) return;
  const auto wait = look(now).wait;
  if (!wait) return;
  set_down_until_ = wait;
  retries_.remove_if([this](row_index i) {
    if (context_.rows[i].lane != id_) return false;
    --organizers_[context_.rows[i].organizer].waiting;
    release_unsent(i);
    return true;
  });
  for (organizer_index who = 0; who < organizers_.size(); ++who) {
    for (auto i = organizers_.pop(who); i != no_row; i = organizers_.pop(who)) release_unsent(i);
    organizers_.update_round(who, now);
  }
}

// ---- the rate

void lane::share_changed(const lane_share& share, mono_time now) {
  pace_.share(share, now);
  sizes_ = fetch_sizes(config_, context_.config.max_unacknowledged, pace_.part());
  left_ -= std::min(left_, share.successes);
  left_ = std::max<std::uint64_t>(left_, claimed_);
}

lane_report lane::report(mono_time now) {
  measure_use(now);
  auto said = std::exchange(since_report_, {});
  reported_at_ = now;
  said.over = stopped_.has_value();
  said.wants = said.over || !owes() ? 0 : wants_;
  if (pace_.leads()) {
    said.rate = pace_.rate();
    said.learnt = pace_.learnt();
    pace_.published(now);
  }
  return said;
}

// What it could use: as much as there is, where its part is used up.
void lane::measure_use(mono_time now) {
  const auto open = seconds(now - std::max(reported_at_, std::min(now, scope_.end())));
  if (2 * open < seconds(now - reported_at_)) return;  // closed for the most part, which says little
  const auto calls = static_cast<double>(since_report_.calls);
  const auto granted = pace_.own_rate() * open;
  wants_ = calls >= used_up * granted - 1 ? config_.rate : std::max(least_wanted, to_grow * calls / std::max(open, 0.1));
}

}  // namespace convoke::engine
