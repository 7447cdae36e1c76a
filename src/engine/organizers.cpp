#include "engine/organizers.hpp"

#include <algorithm>
#include <chrono>
#include <limits>

#include "engine/rules.hpp"

namespace convoke::engine {

namespace {

constexpr auto unknown_work = std::numeric_limits<std::uint64_t>::max();

}  // namespace

organizers::organizers(const lane_settings& s, row_store& rows)
    : rows_(&rows), one_(s), concurrency_(std::max(1U, s.organizer_concurrency)), rate_(s.organizer_rate) {
  if (rate_) one_.rate = std::min(one_.rate, *rate_);
}

place organizers::add(organizer_id id, std::uint32_t fresh, std::uint32_t stale) {
  const auto p = static_cast<place>(all_.size());
  auto& o = all_.emplace_back();
  o.id = id;
  o.fresh_left = fresh;
  o.stale_left = stale;
  if (rate_) rates_.emplace_back(*rate_);
  index_[id] = p;
  return p;
}

place organizers::find(organizer_id id) noexcept {
  const auto* p = index_.find(id);
  return p == nullptr ? no_place : *p;
}

void organizers::push(place p, slot s, bool front) noexcept {
  auto& o = all_[p];
  auto& r = (*rows_)[s];
  r.state = row_state::ready;
  if (o.head == no_slot) {
    r.next = no_slot;
    o.head = o.tail = s;
  } else if (front) {
    r.next = o.head;
    o.head = s;
  } else {
    r.next = no_slot;
    (*rows_)[o.tail].next = s;
    o.tail = s;
  }
  ++o.ready;
  if (o.in_round) ++sendable_;
}

slot organizers::pop(place p) noexcept {
  auto& o = all_[p];
  const auto s = o.head;
  if (s == no_slot) return s;
  o.head = (*rows_)[s].next;
  if (o.head == no_slot) o.tail = no_slot;
  (*rows_)[s].next = no_slot;
  --o.ready;
  if (o.in_round) --sendable_;
  return s;
}

void organizers::unlink(place p, slot s) noexcept {
  auto& o = all_[p];
  slot before = no_slot;
  for (slot i = o.head; i != s; i = (*rows_)[i].next) before = i;
  const auto next = (*rows_)[s].next;
  (before == no_slot ? o.head : (*rows_)[before].next) = next;
  if (next == no_slot) o.tail = before;
  (*rows_)[s].next = no_slot;
  --o.ready;
  if (o.in_round) --sendable_;
}

void organizers::seat(place p, mono_time now, bool first) {
  auto& o = all_[p];
  const bool trial_runs = o.in_flight > 0 && o.cooldown.on_trial(now) && holds(rule::cut_cooldown_probed);
  if (o.blocked || o.awaiting || trial_runs || o.head == no_slot || (o.in_flight >= concurrency_ && holds(rule::organizer_concurrency))) {
    leave(p);
    return;
  }
  auto at = holds(rule::organizer_cooldown_obeyed) ? o.cooldown.end() : mono_time::min();
  if (!rates_.empty() && holds(rule::organizer_rate)) at = std::max(at, rates_[p].next(now));
  if (o.own) {
    o.own->advance(now, unknown_work);
    at = std::max(at, o.own->next(now));
  }
  if (at > now) {
    leave(p);
    wake(p, at);
  } else {
    enter(p, first);
  }
}

void organizers::set_aside(place p) noexcept {
  leave(p);
  all_[p].awaiting = true;
}

void organizers::rotate(place p, mono_time now) {
  leave(p);
  seat(p, now);
}

void organizers::call_made(place p, mono_time now) {
  auto& o = all_[p];
  ++o.in_flight;
  if (o.calls++ == 0) o.first_call = now;
  if (o.own) o.own->take(now);
  if (!rates_.empty()) rates_[p].take(now);
}

void organizers::slow_down(place p, mono_time sent, mono_time now, mono_time until) {
  auto& o = all_[p];
  if (!o.own && !one_.fixed_rate) {
    const auto span = std::chrono::duration<double>(sent - o.first_call).count();
    one_.start_rate = std::clamp(static_cast<double>(o.calls) / std::max(span, 1.0), 1.0, one_.rate);
    o.own = std::make_unique<pace>(one_, std::nullopt, sent);
  }
  if (o.own) o.own->on_throttle(sent, now, until);
}

void organizers::succeeded(place p, mono_time sent, mono_time now) noexcept {
  auto& o = all_[p];
  o.cooldown.succeeded(sent);
  if (o.own) o.own->on_success(sent, now);
}

void organizers::enter(place p, bool first) noexcept {
  auto& o = all_[p];
  if (o.in_round) return;
  o.in_round = true;
  o.before = first ? no_place : tail_;
  o.after = first ? head_ : no_place;
  (o.before == no_place ? head_ : all_[o.before].after) = p;
  (o.after == no_place ? tail_ : all_[o.after].before) = p;
  sendable_ += o.ready;
}

void organizers::leave(place p) noexcept {
  auto& o = all_[p];
  if (!o.in_round) return;
  o.in_round = false;
  (o.before == no_place ? head_ : all_[o.before].after) = o.after;
  (o.after == no_place ? tail_ : all_[o.after].before) = o.before;
  sendable_ -= o.ready;
}

void organizers::clear_round() noexcept {
  while (head_ != no_place) leave(head_);
  alarms_.clear();
}

void organizers::wake(place p, mono_time at) {
  auto& o = all_[p];
  if (o.timer == at) return;
  o.timer = at;  // what was queued for another time is ignored when it comes up
  alarms_.push_back({at, p});
  std::ranges::push_heap(alarms_, std::less<>{});
}

void organizers::prune() {
  while (!alarms_.empty()) {
    auto& o = all_[alarms_.front().who];
    if (o.timer == alarms_.front().at) {
      if (!o.blocked && (o.ready > 0 || o.unfetched)) return;
      o.timer = mono_time::min();  // it has nothing to wait for any more
    }
    std::ranges::pop_heap(alarms_, std::less<>{});
    alarms_.pop_back();
  }
}

place organizers::due(mono_time now) {
  prune();
  if (alarms_.empty() || alarms_.front().at > now) return no_place;
  const auto p = alarms_.front().who;
  std::ranges::pop_heap(alarms_, std::less<>{});
  alarms_.pop_back();
  all_[p].timer = mono_time::min();
  return p;
}

std::optional<mono_time> organizers::next_timer() {
  prune();
  if (alarms_.empty()) return std::nullopt;
  return alarms_.front().at;
}

}  // namespace convoke::engine
