#include "engine/lane.hpp"

#include <algorithm>
#include <ranges>
#include <utility>

#include "engine/advice.hpp"
#include "engine/rules.hpp"

namespace convoke::engine {

namespace {

constexpr unsigned hopeless_handshakes = 3;                   // rounds without one that was ever trusted
constexpr auto resource_patience = std::chrono::seconds(30);  // after EMFILE, before a connection more is tried

lane_settings settings_of(const lane_setup& setup, const lane_settings& of_the_run) {
  auto s = setup.own.value_or(of_the_run);
  s.max_cooldown = std::clamp<std::chrono::nanoseconds>(s.max_cooldown, std::chrono::milliseconds(1), longest_cooldown);
  return s;
}

}  // namespace

lane::lane(run_context& d, const lane_setup& setup, mono_time now)
    : context_(d),
      config_(settings_of(setup, d.config)),
      id_(setup.lane),
      app_(setup.app),
      sizes_(config_, d.config.max_unacknowledged),
      organizers_(config_, d.rows),
      sent_(d.rows),
      health_(config_.max_outage),
      pace_(config_, setup.learnt, now),
      limit_(config_.connections),
      connections_(std::max(1U, config_.connections)),
      stale_at_(now + config_.attempt_timeout) {
  for (const auto& o : setup.organizers) {
    const auto p = organizers_.add(o.organizer, o.fresh, o.stale);
    left_ += std::uint64_t{o.fresh} + o.stale;
    if (o.fresh > 0) ++fresh_left_;
    count_unfetched(p);
    want_rows(p);
  }
  for (const auto& f : setup.cooldowns) {
    if (!holds(rule::cooldowns_restored)) break;
    // Longer than anything that is obeyed: an old ledger, or a clock that was wrong.
    const auto most = config_.max_cooldown;
    const bool cut = f.until > after(now, most + most / 10);
    if (cut) context_.actions.emplace_back(cooldown_cut{id_, f.organizer, false, {}, f.until - now});
    const auto until = cut ? after(now, most) : f.until;
    if (!f.organizer) {
      scope_.close_until(until, cut || f.cut);
    } else if (const auto p = organizers_.find(*f.organizer); p != no_place) {
      organizers_[p].cooldown.close_until(until, cut || f.cut);
    }
  }
  if (unfetched_ > 0) context_.actions.emplace_back(refresh_token{id_, 0});
}

void lane::connection_ready(connection_id c, bool reused, mono_time now) {
  links_.ready(c, reused);
  if (token_lacks_descriptor_) return drop(c);
  connect_failures_ = 0;
  ever_connected_ = true;
  connect_at_ = mono_time::min();
  if (reused) {
    make_way();
  } else {
    seat_awaiting(now);
  }
  if (shortages_ > 0 && connections_ < config_.connections && now - last_shortage_ > resource_patience) {
    change_connections(connections_ + 1, now);
  }
}

void lane::connection_lost(connection_id c) noexcept {
  links_.lost(c);
}

void lane::drop(connection_id c) {
  links_.replaced(c);
  context_.actions.emplace_back(drop_connection{id_, c});
}

void lane::change_connections(unsigned count, mono_time now) {
  last_shortage_ = now;
  if (count == connections_) return;
  connections_ = count;
  if (connections_ == config_.connections) shortages_ = 0;
  links_.limit(count);
  seat_awaiting(now);  // the one that was on its way may not come
  context_.actions.emplace_back(set_connections{id_, connections_});
}

void lane::connect_failed(const answer& why, mono_time now) {
  if (why.error == attempt_error::local_resources && now >= connect_at_) {
    ++shortages_;
    change_connections(std::max(1U, connections_ / 2), now);
  }
  // Many connections are tried at once: those of one round fail for one reason and count once.
  if (now >= connect_at_) {
    connect_failures_ = std::min(connect_failures_ + 1, 3U);  // at most 4 s: one of these attempts is the probe that ends an outage
    connect_at_ = now + pacing::backoff(connect_failures_, context_.random);
    refused_handshakes_ = why.error == attempt_error::tls && !ever_connected_ ? refused_handshakes_ + 1 : 0;
  }
  if (refused_handshakes_ >= hopeless_handshakes) {
    return stop(stop_reason::deferred,
                describe(why) + ". The peer was never trusted, so nothing was sent: correct the address, the certificate or --ca-file.",
                now);
  }
  health_.trouble(now, describe(why));
}

void lane::token_ready(std::uint32_t token) {
  token_ = token;
  token_good_ = true;
  token_again_.reset();
  token_lacks_descriptor_ = false;
}

void lane::token_failed(const error& why, bool fatal, std::optional<mono_time> again, mono_time now) {
  health_.trouble(now, why.message);
  if (again) token_again_ = again;
  token_good_ = false;  // said only while none is usable: a call could not be made, and must not cost its row anything
  if (fatal) return stop(stop_reason::credentials, why.message, now);
  if (why.code == errc::resources) make_room_for_token(now);
}

// Without a token no call is made, so its request may have the descriptors of all idle connections. They come back with the token, fewer
// than before.
void lane::make_room_for_token(mono_time now) {
  if (token_lacks_descriptor_) return;
  token_lacks_descriptor_ = true;
  for (const auto c : links_.take_all()) drop(c);
  ++shortages_;
  change_connections(std::max(1U, connections_ / 2), now);
}

void lane::resume_due(mono_time now) {
  for (auto s = retries_.pop_due(now); s != no_slot; s = retries_.pop_due(now)) {
    const auto p = context_.rows[s].organizer;
    --organizers_[p].waiting;
    organizers_.push(p, s, true);
    organizers_.seat(p, now);
  }
  for (auto p = organizers_.due(now); p != no_place; p = organizers_.due(now)) {
    organizers_.seat(p, now);
    want_rows(p);
  }
}

void lane::expire_deadlines(mono_time now) {
  for (auto s = sent_.front(); s != no_slot;) {
    auto& r = context_.rows[s];
    if (r.first_sent + config_.row_deadline > now || !holds(rule::deadline_kept)) return;
    const auto after_this = r.sent_after;
    if (r.state == row_state::ready && !organizers_[r.organizer].blocked) {
      organizers_.unlink(r.organizer, s);
      organizers_.seat(r.organizer, now);
      release_unsent(s);
    }
    s = after_this;
  }
}

bool lane::could_send() const noexcept {
  return !stopped_ && token_good_ && !links_.empty() && in_flight_ < limit_.limit() && organizers_.front() != no_place &&
         (context_.numbers.unacknowledged < context_.config.max_unacknowledged || !holds(rule::acknowledged_bounded)) &&
         (context_.numbers.unacknowledged_bytes < context_.config.max_unacknowledged_bytes || !holds(rule::bytes_bounded));
}

mono_time lane::gate(mono_time now) const noexcept {
  auto at = std::max(pause_, pace_.next(now));
  if (holds(rule::lane_cooldown_obeyed)) at = std::max(at, scope_.end());
  if (in_flight_ > 0 && scope_.on_trial(now) && holds(rule::cut_cooldown_probed)) at = mono_time::max();
  if (health_.down() && holds(rule::outage_probes)) at = in_flight_ > 0 ? mono_time::max() : std::max(at, health_.next_probe());
  return at;
}

void lane::grant(mono_time now) {
  while (could_send() && gate(now) <= now) {
    const auto p = organizers_.front();
    if (context_.rows[organizers_[p].head].fresh_connection && !links_.unused() && holds(rule::new_after_stale)) {
      await_connection(p);
      continue;
    }
    const auto s = organizers_.pop(p);
    const auto free_at = holds(rule::one_call_per_key) ? context_.keys.free_at(context_.rows[s].owed.key) : mono_time::min();
    if (free_at <= now) {
      send(p, s, now);
    } else {
      context_.rows[s].state = row_state::waiting;
      ++organizers_[p].waiting;
      retries_.push(s, free_at == mono_time::max() ? now + std::chrono::seconds(1) : free_at);
    }
    organizers_.rotate(p, now);
    want_rows(p);
  }
}

void lane::send(place p, slot s, mono_time now) {
  auto& r = context_.rows[s];
  const auto [c, reused] = links_.take(r.fresh_connection && links_.unused());
  if (r.sends == 0) {
    r.first_sent = now;
    sent_.append(s);
  }
  if (r.sends > r.sends_before) ++context_.numbers.retried;
  r.last_sent = now;
  r.connection = c;
  r.reused = reused;
  r.fresh_connection = false;
  r.state = row_state::in_flight;
  ++r.sends;
  context_.keys.sent(r.owed.key);
  organizers_.call_made(p, now);
  pace_.take(now);
  if (inference_.called(p, now)) ++context_.numbers.early_by_inference;
  if (health_.down()) health_.probed(now);
  limit_.called(++in_flight_);
  ++context_.numbers.calls;
  ++context_.numbers.in_flight;
  ++context_.numbers.unacknowledged;
  context_.actions.emplace_back(send_call{id_, c, r.owed.row, r.sends, r.owed.op});
}

// A row waits for a connection that was never used. Its organizer is out of the round until one comes, and then the first in it.
void lane::await_connection(place p) {
  organizers_.set_aside(p);
  awaiting_.push_back(p);
  make_way();
}

void lane::make_way() {
  if (awaiting_.empty()) return;
  if (const auto c = links_.make_way(awaiting_.size())) context_.actions.emplace_back(drop_connection{id_, *c});
}

void lane::seat_awaiting(mono_time now) {
  for (const auto p : std::exchange(awaiting_, {}) | std::views::reverse) {
    organizers_[p].awaiting = false;
    if (!stopped_) organizers_.seat(p, now, true);
  }
}

// Whether any does. Rows may have left meanwhile, by their deadline for example.
bool lane::awaits_connection() noexcept {
  std::erase_if(awaiting_, [this](place p) {
    auto& o = organizers_[p];
    o.awaiting = o.head != no_slot && !o.blocked;
    return !o.awaiting;
  });
  return !awaiting_.empty();
}

void lane::advance(mono_time now) {
  if (stopped_) {
    if (now >= drained_at_) abandon_drain();
    return;
  }
  resume_due(now);
  expire_deadlines(now);
  const bool lacks = !token_good_ || (links_.empty() && in_flight_ == 0);
  if (lacks && owes()) {
    health_.lacks(now);
  } else {
    health_.lacks_nothing();
  }
  check_token(now);
  check_outage(now);
  pace_.advance(now, left_);
  grant(now);
  fetch(now);
  save_now_and_then(now);
}

std::optional<mono_time> lane::next(mono_time now) {
  std::optional<mono_time> at;
  const auto consider = [&at, now](std::optional<mono_time> t) {
    if (t && *t > now && *t != mono_time::max() && (!at || *t < *at)) at = t;
  };
  if (stopped_) {
    consider(drained_at_);
    return at;
  }
  consider(retries_.next());
  consider(organizers_.next_timer());
  if (could_send()) consider(gate(now));
  if (sent_.front() != no_slot) consider(context_.rows[sent_.front()].first_sent + config_.row_deadline);
  if (!want_stale_.empty()) consider(stale_at_);
  consider(health_.gives_up_at());
  // A lane whose cooldown is waited for has to be looked at when it opens, whatever else it lacks then.
  consider(scope_.end());
  return at;
}

// Calls are left to be made, now or later.
bool lane::owes() {
  return unfetched_ > 0 || organizers_.sendable() > 0 || !retries_.empty() || organizers_.next_timer().has_value() || awaits_connection();
}

lane::outlook lane::look(mono_time now) {
  if (in_flight_ > 0 || fetching_ > 0) return {true, std::nullopt};
  if (stopped_) return {false, std::nullopt};
  if (advancing_ > 0) return {true, std::nullopt};
  const auto far = now + long_wait;
  if (!owes()) return {false, std::nullopt};
  if (scope_.end() > far) return {false, scope_.end()};
  if (organizers_.sendable() > 0 || awaits_connection() || !want_fresh_.empty() || !want_stale_.empty()) return {true, std::nullopt};
  auto soonest = mono_time::max();
  if (const auto t = retries_.next()) soonest = std::min(soonest, *t);
  if (const auto t = organizers_.next_timer()) soonest = std::min(soonest, *t);
  if (soonest <= far) return {true, std::nullopt};
  return {false, soonest};
}

}  // namespace convoke::engine
