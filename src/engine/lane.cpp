#include "engine/lane.hpp"

#include <algorithm>
#include <ranges>
#include <utility>

#include "core/saturating.hpp"
#include "engine/advice.hpp"
#include "engine/rules.hpp"

namespace convoke::engine {

namespace {

constexpr unsigned hopeless_handshakes = 3;                   // rounds in a row in a lane where none succeeded
constexpr auto resource_patience = std::chrono::seconds(30);  // after EMFILE, before a connection more is tried

lane_settings settings_of(const lane_setup& setup, const lane_settings& of_the_run) {
  auto own = setup.own.value_or(of_the_run);
  own.max_cooldown = std::clamp<std::chrono::nanoseconds>(own.max_cooldown, std::chrono::milliseconds(1), longest_cooldown);
  return own;
}

}  // namespace

lane::lane(run_context& context, const lane_setup& setup, mono_time now)
    : context_(context),
      config_(settings_of(setup, context.config)),
      id_(setup.lane),
      app_(setup.app),
      sizes_(config_, context.config.max_unacknowledged),
      organizers_(config_, context.rows),
      sent_(context.rows),
      health_(config_.max_outage),
      pace_(config_, setup.learnt, now),
      limit_(config_.connections),
      batching_(config_.batch_size),
      connection_count_(std::max(1U, config_.connections)),
      stale_at_(now + config_.attempt_timeout),
      reported_at_(now) {
  for (const auto& o : setup.organizers) {
    const auto who = organizers_.add(o.organizer, o.fresh, o.stale);
    left_ += std::uint64_t{o.fresh} + o.stale;
    if (o.fresh > 0) ++fresh_left_;
    count_unfetched(who);
    want_rows(who);
  }
  for (const auto& f : setup.cooldowns) {
    if (!holds(rule::cooldowns_restored)) break;
    obey(f.organizer, f.until, f.cut, now);
  }
  token_requested_ = unfetched_ > 0;
  if (token_requested_) context_.actions.emplace_back(refresh_token{id_, 0});
}

void lane::connection_ready(connection_id c, bool reused, mono_time now) {
  connections_.ready(c, reused);
  if (token_lacks_descriptor_) return drop(c);
  connect_failures_ = refused_logins_ = 0;
  ever_connected_ = true;
  connect_at_ = mono_time::min();
  if (reused) {
    free_connection();
  } else {
    resume_awaiting(now);
  }
  if (shortages_ > 0 && connection_count_ < config_.connections && now - last_shortage_ > resource_patience) {
    change_connections(connection_count_ + 1, now);
  }
}

void lane::connection_lost(connection_id c) noexcept {
  connections_.lost(c);
}

void lane::drop(connection_id c) {
  connections_.replaced(c);
  context_.actions.emplace_back(drop_connection{id_, c});
}

void lane::change_connections(unsigned count, mono_time now) {
  last_shortage_ = now;
  if (count == connection_count_) return;
  connection_count_ = count;
  if (connection_count_ == config_.connections) shortages_ = 0;
  connections_.limit(count);
  resume_awaiting(now);  // the connection that they wait for may not come
  context_.actions.emplace_back(set_connections{id_, connection_count_});
}

void lane::connect_failed(const answer& why, mono_time now) {
  if (why.error == attempt_error::local_resources && now >= connect_at_) {
    ++shortages_;
    change_connections(std::max(1U, connection_count_ / 2), now);
  }
  // Many connections are opened at once. Those of one round fail for one reason and count once.
  if (now >= connect_at_) {
    connect_failures_ = std::min(connect_failures_ + 1, 3U);  // at most 4 s: one of these attempts is the probe that ends the outage
    connect_at_ = now + pacing::backoff(connect_failures_, context_.random);
    refused_handshakes_ = why.error == attempt_error::tls && !ever_connected_ ? refused_handshakes_ + 1 : 0;
    refused_logins_ = why.error == attempt_error::proxy_login ? refused_logins_ + 1 : 0;
  }
  // Directories lock accounts after a few wrong passwords. Only a login that was accepted in this run is tried a second time.
  if (refused_logins_ > (ever_connected_ ? 1U : 0U)) {
    login_refused_ = true;
    return stop(stop_reason::credentials, describe(why), now);
  }
  if (refused_handshakes_ >= hopeless_handshakes) {
    return stop(stop_reason::deferred,
                describe(why) + ". No TLS handshake has succeeded, so nothing was sent: correct the address, the certificate or --ca-file.",
                now);
  }
  health_.failed(now, describe(why));
}

void lane::token_ready(std::uint32_t token) {
  token_ = token;
  token_good_ = true;
  token_again_.reset();
  token_lacks_descriptor_ = false;
}

void lane::token_failed(const error& why, bool fatal, std::optional<mono_time> again, mono_time now) {
  health_.failed(now, why.message);
  if (again) token_again_ = again;
  token_good_ = false;  // none is usable: a call could not be made, and must not cost its row an attempt
  if (fatal) return stop(stop_reason::credentials, why.message, now);
  if (why.code == errc::resources) make_room_for_token(now);
}

// Without a token no call is made, so the request for one may have the descriptors of all idle connections. They are opened again once
// there is a token, fewer than before.
void lane::make_room_for_token(mono_time now) {
  if (token_lacks_descriptor_) return;
  token_lacks_descriptor_ = true;
  for (const auto c : connections_.take_all()) drop(c);
  ++shortages_;
  change_connections(std::max(1U, connection_count_ / 2), now);
}

void lane::resume_due(mono_time now) {
  for (auto i = retries_.pop_due(now); i != no_row; i = retries_.pop_due(now)) {
    const auto who = context_.rows[i].organizer;
    --organizers_[who].waiting;
    if (context_.rows[i].leaves) {
      release_unsent(i);
    } else {
      organizers_.push(who, i, true);
    }
    organizers_.update_round(who, now);
  }
  for (auto who = organizers_.due(now); who != no_organizer; who = organizers_.due(now)) {
    organizers_.update_round(who, now);
    want_rows(who);
  }
}

void lane::expire_deadlines(mono_time now) {
  for (auto i = sent_.front(); i != no_row;) {
    auto& r = context_.rows[i];
    if (r.first_sent + config_.row_deadline > now || !holds(rule::deadline_kept)) return;
    const auto after_this = r.sent_after;
    if (r.state == row_state::ready && !organizers_[r.organizer].blocked) {
      organizers_.unlink(r.organizer, i);
      organizers_.update_round(r.organizer, now);
      release_unsent(i);
    }
    i = after_this;
  }
}

bool lane::could_send() const noexcept {
  return !stopped_ && token_good_ && !connections_.empty() && requests_ < limit_.limit() && organizers_.front() != no_organizer &&
         (context_.numbers.unacknowledged < context_.config.max_unacknowledged || !holds(rule::acknowledged_bounded)) &&
         (context_.numbers.unacknowledged_bytes < context_.config.max_unacknowledged_bytes || !holds(rule::bytes_bounded));
}

mono_time lane::gate(mono_time now) const noexcept {
  if (lease_over(now)) return mono_time::max();
  auto at = std::max(pause_, pace_.next(now));
  if (holds(rule::lane_cooldown_obeyed)) at = std::max(at, scope_.end());
  if (in_flight_ > 0 && scope_.on_trial(now) && holds(rule::cut_cooldown_probed)) at = mono_time::max();
  if (health_.down() && holds(rule::outage_probes)) at = in_flight_ > 0 ? mono_time::max() : std::max(at, health_.next_probe());
  return at;
}

void lane::grant(mono_time now) {
  if (batching_.on()) batching_.allowed(could_send() && gate(now) <= now, now);
  while (could_send() && departure(now) <= now) {
    if (batching_.on() && grant_batch(now)) continue;
    const auto who = organizers_.front();
    if (context_.rows[organizers_[who].head].fresh_connection && !connections_.unused() && holds(rule::new_after_stale)) {
      await_connection(who);
      continue;
    }
    if (const auto i = take_ready(who, now); i != no_row) send(who, i, now);
    batching_.sent(now);
    organizers_.end_turn(who, now);
    want_rows(who);
  }
  // What ended the loop may last: the time that passes until a call can be sent again is no credit for a batch.
  if (batching_.on()) batching_.allowed(could_send() && gate(now) <= now, now);
}

// The organizer's first row; no_row where it has to wait because its key is not free.
row_index lane::take_ready(organizer_index who, mono_time now) {
  const auto i = organizers_.pop(who);
  const auto free_at = holds(rule::one_call_per_key) ? context_.keys.free_at(context_.rows[i].owed.key) : mono_time::min();
  if (free_at <= now) return i;
  context_.rows[i].state = row_state::waiting;
  ++organizers_[who].waiting;
  retries_.push(i, free_at == mono_time::max() ? now + std::chrono::seconds(1) : free_at);
  return no_row;
}

void lane::send(organizer_index who, row_index i, mono_time now) {
  auto& r = context_.rows[i];
  const auto [c, reused] = connections_.take(r.fresh_connection && connections_.unused());
  r.connection = c;
  r.reused = reused;
  limit_.called(++requests_);
  begin_call(who, i, now, now);
  if (health_.down()) health_.probed(now);
  context_.actions.emplace_back(send_call{id_, c, r.owed.row, r.sends, r.owed.op});
}

// The pace allowed the call at `since`.
void lane::begin_call(organizer_index who, row_index i, mono_time now, mono_time since) {
  auto& r = context_.rows[i];
  if (r.sends == 0) {
    r.first_sent = now;
    sent_.append(i);
  }
  if (r.sends > r.sends_before) ++context_.numbers.retried;
  r.last_sent = now;
  r.fresh_connection = false;
  r.state = row_state::in_flight;
  ++r.sends;
  context_.keys.sent(r.owed.key);
  organizers_.call_made(who, now);
  pace_.take(now, since);
  ++since_report_.calls;
  ++calls_;
  if (inference_.called(who, now)) ++context_.numbers.early_by_inference;
  ++in_flight_;
  ++context_.numbers.calls;
  ++context_.numbers.in_flight;
  ++context_.numbers.unacknowledged;
}

// The organizer's first row waits for a connection that was never used. The organizer leaves the round until one is ready, and is then the
// first in it.
void lane::await_connection(organizer_index who) {
  organizers_.set_aside(who);
  awaiting_.push_back(who);
  free_connection();
}

void lane::free_connection() {
  if (awaiting_.empty()) return;
  // One connection takes as many of them as a batch has calls.
  const auto needed = (awaiting_.size() + batching_.size() - 1) / batching_.size();
  if (const auto c = connections_.close_one_for(needed)) context_.actions.emplace_back(drop_connection{id_, *c});
}

void lane::resume_awaiting(mono_time now) {
  for (const auto who : std::exchange(awaiting_, {}) | std::views::reverse) {
    organizers_[who].awaiting = false;
    if (!stopped_) organizers_.update_round(who, now, true);
  }
}

// Whether an organizer still does. Its rows may have left meanwhile, for example at their deadlines.
bool lane::awaits_connection() noexcept {
  std::erase_if(awaiting_, [this](organizer_index who) {
    auto& o = organizers_[who];
    o.awaiting = o.head != no_row && !o.blocked;
    return !o.awaiting;
  });
  return !awaiting_.empty();
}

void lane::advance(mono_time now) {
  if (stopped_) {
    if (now >= drained_at_) abandon_drain();
    release_rested(now);
    return count_stale_wait(now);
  }
  resume_due(now);
  expire_deadlines(now);
  const bool lacks = !token_good_ || (connections_.empty() && in_flight_ == 0);
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
  count_stale_wait(now);
  look_for_more(now);
  save_now_and_then(now);
}

std::optional<mono_time> lane::next(mono_time now) {
  std::optional<mono_time> at;
  const auto consider = [&at, now](std::optional<mono_time> t) {
    if (t && *t > now && *t != mono_time::max() && (!at || *t < *at)) at = t;
  };
  if (stopped_) {
    consider(drained_at_);
    for (const auto& one : resting_) consider(one.until);
    return at;
  }
  consider(retries_.next());
  consider(organizers_.next_timer());
  if (could_send()) consider(departure(now));
  if (sent_.front() != no_row) consider(context_.rows[sent_.front()].first_sent + config_.row_deadline);
  if (!want_stale_.empty()) consider(stale_at_);
  consider(health_.gives_up_at());
  if (context_.config.shared && !looking_) consider(look_at_);
  // The end of a cooldown is looked at whatever else the lane lacks then.
  consider(scope_.end());
  return at;
}

// True where calls are left to be made, now or later.
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
