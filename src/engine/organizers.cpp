#include "engine/organizers.hpp"

#include <algorithm>
#include <chrono>
#include <limits>

#include "engine/rules.hpp"

namespace convoke::engine {

namespace {

constexpr auto unknown_work = std::numeric_limits<std::uint64_t>::max();

}  // namespace

organizers::organizers(const lane_settings& lane, row_store& rows)
    : rows_(&rows), pace_settings_(lane), concurrency_(std::max(1U, lane.organizer_concurrency)), rate_(lane.organizer_rate) {
  if (rate_) pace_settings_.rate = std::min(pace_settings_.rate, *rate_);
}

organizer_index organizers::add(organizer_id id, std::uint32_t fresh, std::uint32_t stale) {
  const auto who = static_cast<organizer_index>(all_.size());
  auto& o = all_.emplace_back();
  o.id = id;
  o.fresh_left = fresh;
  o.stale_left = stale;
  if (rate_) rates_.emplace_back(*rate_);
  index_[id] = who;
  return who;
}

organizer_index organizers::find(organizer_id id) noexcept {
  const auto* found = index_.find(id);
  return found == nullptr ? no_organizer : *found;
}

void organizers::push(organizer_index who, row_index i, bool front) noexcept {
  auto& o = all_[who];
  auto& r = (*rows_)[i];
  r.state = row_state::ready;
  if (o.head == no_row) {
    r.next = no_row;
    o.head = o.tail = i;
  } else if (front) {
    r.next = o.head;
    o.head = i;
  } else {
    r.next = no_row;
    (*rows_)[o.tail].next = i;
    o.tail = i;
  }
  ++o.ready;
  if (o.in_round) ++sendable_;
}

row_index organizers::pop(organizer_index who) noexcept {
  auto& o = all_[who];
  const auto i = o.head;
  if (i == no_row) return i;
  o.head = (*rows_)[i].next;
  if (o.head == no_row) o.tail = no_row;
  (*rows_)[i].next = no_row;
  --o.ready;
  if (o.in_round) --sendable_;
  return i;
}

void organizers::unlink(organizer_index who, row_index i) noexcept {
  auto& o = all_[who];
  row_index before = no_row;
  for (row_index at = o.head; at != i; at = (*rows_)[at].next) before = at;
  const auto next = (*rows_)[i].next;
  (before == no_row ? o.head : (*rows_)[before].next) = next;
  if (next == no_row) o.tail = before;
  (*rows_)[i].next = no_row;
  --o.ready;
  if (o.in_round) --sendable_;
}

void organizers::update_round(organizer_index who, mono_time now, bool first) {
  auto& o = all_[who];
  const bool trial_runs = o.in_flight > 0 && o.cooldown.on_trial(now) && holds(rule::cut_cooldown_probed);
  if (o.blocked || o.awaiting || trial_runs || o.head == no_row || (o.in_flight >= concurrency_ && holds(rule::organizer_concurrency))) {
    leave(who);
    return;
  }
  auto at = holds(rule::organizer_cooldown_obeyed) ? o.cooldown.end() : mono_time::min();
  if (!rates_.empty() && holds(rule::organizer_rate)) at = std::max(at, rates_[who].next(now));
  if (o.own) {
    o.own->advance(now, unknown_work);
    at = std::max(at, o.own->next(now));
  }
  if (at > now) {
    leave(who);
    wake(who, at);
  } else {
    join(who, first);
  }
}

void organizers::set_aside(organizer_index who) noexcept {
  leave(who);
  all_[who].awaiting = true;
}

void organizers::end_turn(organizer_index who, mono_time now) {
  leave(who);
  update_round(who, now);
}

void organizers::call_made(organizer_index who, mono_time now) {
  auto& o = all_[who];
  ++o.in_flight;
  if (o.calls++ == 0) o.first_call = now;
  if (o.own) o.own->take(now);
  if (!rates_.empty()) rates_[who].take(now);
}

void organizers::slow_down(organizer_index who, mono_time sent, mono_time now, mono_time until) {
  auto& o = all_[who];
  if (!o.own && !pace_settings_.fixed_rate) {
    const auto span = std::chrono::duration<double>(sent - o.first_call).count();
    pace_settings_.start_rate = std::clamp(static_cast<double>(o.calls) / std::max(span, 1.0), 1.0, pace_settings_.rate);
    o.own = std::make_unique<pace>(pace_settings_, std::nullopt, sent);
  }
  if (o.own) o.own->on_throttle(sent, now, until);
}

void organizers::succeeded(organizer_index who, mono_time sent, mono_time now) noexcept {
  auto& o = all_[who];
  o.cooldown.succeeded(sent);
  if (o.own) o.own->on_success(sent, now);
}

void organizers::join(organizer_index who, bool first) noexcept {
  auto& o = all_[who];
  if (o.in_round) return;
  o.in_round = true;
  ++in_round_;
  o.before = first ? no_organizer : tail_;
  o.after = first ? head_ : no_organizer;
  (o.before == no_organizer ? head_ : all_[o.before].after) = who;
  (o.after == no_organizer ? tail_ : all_[o.after].before) = who;
  sendable_ += o.ready;
}

void organizers::leave(organizer_index who) noexcept {
  auto& o = all_[who];
  if (!o.in_round) return;
  o.in_round = false;
  --in_round_;
  (o.before == no_organizer ? head_ : all_[o.before].after) = o.after;
  (o.after == no_organizer ? tail_ : all_[o.after].before) = o.before;
  sendable_ -= o.ready;
}

void organizers::clear_round() noexcept {
  while (head_ != no_organizer) leave(head_);
  alarms_.clear();
}

void organizers::wake(organizer_index who, mono_time at) {
  auto& o = all_[who];
  if (o.timer == at) return;
  o.timer = at;  // alarms of another time are ignored when they are due
  alarms_.push_back({at, who});
  std::ranges::push_heap(alarms_, std::less<>{});
}

void organizers::prune() {
  while (!alarms_.empty()) {
    auto& o = all_[alarms_.front().who];
    if (o.timer == alarms_.front().at) {
      if (!o.blocked && (o.ready > 0 || o.unfetched)) return;
      o.timer = mono_time::min();  // it waits for nothing any more
    }
    std::ranges::pop_heap(alarms_, std::less<>{});
    alarms_.pop_back();
  }
}

organizer_index organizers::due(mono_time now) {
  prune();
  if (alarms_.empty() || alarms_.front().at > now) return no_organizer;
  const auto who = alarms_.front().who;
  std::ranges::pop_heap(alarms_, std::less<>{});
  alarms_.pop_back();
  all_[who].timer = mono_time::min();
  return who;
}

std::optional<mono_time> organizers::next_timer() {
  prune();
  if (alarms_.empty()) return std::nullopt;
  return alarms_.front().at;
}

}  // namespace convoke::engine
