#include <algorithm>
#include <memory>
#include <utility>

#include "core/drift_fields.hpp"
#include "engine/advice.hpp"
#include "engine/lane.hpp"
#include "engine/rules.hpp"

namespace convoke::engine {

namespace {

constexpr auto rest_after_timeout = std::chrono::seconds(5);
constexpr auto pause_after_refusal = std::chrono::seconds(1);
constexpr auto worth_saving = std::chrono::seconds(1);
constexpr unsigned most_stale = 5, most_conflicts = 2, most_refused_tokens = 3;

// The class of an answer, as its row has it: see owed_row::beta.
classified of_its_row(classified v, const row& r, const answer& a) noexcept {
  if (r.calls_beta() && a.status == 404 && v.what == answer_class::organizer_permanent) v.what = answer_class::row_permanent;
  return v;
}

}  // namespace

void lane::end_call(row_index i) noexcept {
  --in_flight_;
  --organizers_[context_.rows[i].organizer].in_flight;
  --context_.numbers.in_flight;
  --context_.numbers.unacknowledged;
}

lane::app_cooldown lane::answered(row_index i, answer&& a, mono_time now) {
  auto& r = context_.rows[i];
  const auto who = r.organizer;
  const auto c = r.connection;
  end_call(i);
  if (!a.sent) --context_.numbers.calls;
  const auto op = r.owed.op;
  const bool at_work = may_be_at_work(op, a);
  if (a.error == attempt_error::foreign && !holds(rule::answers_bound)) a.error = attempt_error::none;
  const auto v = of_its_row(classify(op, a), r, a);
  if (at_work && holds(rule::rest_after_timeout)) {
    context_.keys.rest(r.owed.key, now + rest_after_timeout, now);  // the service may still be carrying it out
  } else {
    context_.keys.answered(r.owed.key);
  }
  // Where the transport failed the driver closes the connection by itself. After an answer it looks sound and is closed by an action.
  const bool own = !std::exchange(r.shares_connection, false);
  if (own) --requests_;
  const bool looks_sound = !own || a.error == attempt_error::none || a.error == attempt_error::not_believed ||
                           a.error == attempt_error::truncated || a.error == attempt_error::foreign;
  const bool spent = own && looks_sound && connections_.answered(c, r.reused, now);
  if (own && looks_sound && (v.new_connection || spent)) drop(c);
  if (v.what != answer_class::stale) r.stale = 0;
  // A doubt is settled on a connection that has carried no answer yet, whatever answers come in between.
  r.fresh_connection = r.doubted > 0;

  shared_answer_ = !own;
  const auto d = dispatch(v, i, std::move(a), now);
  if (!looks_sound) connections_.replaced(c);
  close_refused_organizers();
  if (!stopped_) {
    organizers_.update_round(who, now);
    want_rows(who);
  }
  return d;
}

lane::app_cooldown lane::dispatch(classified v, row_index i, answer&& a, mono_time now) {
  const bool fault = v.what == answer_class::fault || v.what == answer_class::conflict;
  if (fault || shows_life(v.what)) {
    if (const auto bad_windows = health_.count(fault); bad_windows > 0) {
      pace_.on_brake(now);
      pause_ = std::max(pause_, now + pacing::backoff(bad_windows, context_.random));
    }
  }
  if (shows_life(v.what)) health_.answered();
  if (shows_life(v.what) && v.what != answer_class::throttle && v.what != answer_class::auth) reopen(context_.rows[i]);
  switch (v.what) {
    case answer_class::success:
      succeeded(i, std::move(a), now);
      return {};
    case answer_class::gone:
      gone(i, std::move(a), now);
      return {};
    case answer_class::throttle:
      return throttled(i, std::move(a), now);
    case answer_class::fault:
    case answer_class::conflict:
      faulted(i, std::move(a), v.what == answer_class::conflict, now);
      return {};
    case answer_class::stale:
      stale(i, std::move(a), now);
      return {};
    case answer_class::unsent:
      unreached(i, std::move(a), now);
      return {};
    case answer_class::auth:
      unauthorised(i, std::move(a), now);
      return {};
    case answer_class::ours:
      short_of_resources(i, std::move(a), now);
      return {};
    case answer_class::organizer_permanent:
    case answer_class::row_permanent:
      permanent(i, v.what, std::move(a), now);
      return {};
  }
  return {};
}

// The service carried the call out.
void lane::count_taken(const row& r, mono_time now) {
  health_.success();
  ++since_report_.successes;
  pace_.on_success(r.last_sent, now);
  limit_.succeeded(r.last_sent, now);
  scope_.succeeded(r.last_sent);
  organizers_.succeeded(r.organizer, r.last_sent, now);
  inference_.succeeded(r.organizer, r.last_sent);
  if (restore_ && r.last_sent > restore_->since && ++restore_->successes >= inference::other_organizers) {
    restore_.reset();
    pace_.restore(*pace_before_, now);
  }
  refused_tokens_ = 0;
}

void lane::succeeded(row_index i, answer&& a, mono_time now) {
  const auto& r = context_.rows[i];
  if (rests_on_status(r.owed.op, answer_class::success) && doubted(i, a, now)) return;
  count_taken(r, now);
  break_streak();
  const auto then = after_success(r.owed.op, r.owed.update, a, r.owed.repairs);
  // It is named among what differs, because nothing else in the outcome of a read meeting shows it.
  if (r.owed.op == operation::get && shows_expiry(a)) a.drift.emplace_back(core::expiry_field);
  complete(i, then, std::move(a));
}

// The meeting does not exist. That says little about the organizer or the app, so a streak of permanent answers is broken only where the
// row ends without failing.
void lane::gone(row_index i, answer&& a, mono_time now) {
  auto& r = context_.rows[i];
  if (doubted(i, a, now)) return;
  count_taken(r, now);
  const auto then = after_gone(r.owed.op, r.recreated, r.owed.repairs);
  r.recreated = r.recreated || r.owed.op == operation::update;
  if (!then.next && then.result == outcome::failed) return permanent(i, answer_class::row_permanent, std::move(a), now);
  if (!then.next) break_streak();
  complete(i, then, std::move(a));
}

// What was observed is made durable in both cases, and the next operation is sent after that. Where the lane stops meanwhile the row is
// released instead, and the next run continues with that operation.
void lane::complete(row_index i, const step& then, answer&& a) {
  if (!then.next) return record(i, then.result, std::move(a));
  ++advancing_;
  context_.advance(i, *then.next, std::move(a));
  if (!holds(rule::advance_durable)) advanced(i, false, context_.now);
}

// True where the answer would end the row but is not proven: the operation is sent once more, on a connection that was never used.
bool lane::doubted(row_index i, answer& a, mono_time now) {
  auto& r = context_.rows[i];
  if (organizers_[r.organizer].closing || proven(a) || r.doubted > 0 || !holds(rule::permanence_proven)) return false;
  ++r.doubted;
  r.fresh_connection = true;
  const auto wait = rested(pacing::backoff(1, context_.random), r.owed.op, a);
  again_at(i, std::move(a), now + wait);
  return true;
}

// The connection was dead before the call, and the other used ones may be as well: the next one is new. The calls of a batch go together on
// one again.
void lane::stale(row_index i, answer&& a, mono_time now) {
  auto& r = context_.rows[i];
  ++context_.numbers.stale;
  r.fresh_connection = true;
  if (!shared_answer_) {
    for (const auto c : connections_.dead(r.connection, r.reused && a.sent, now)) context_.actions.emplace_back(drop_connection{id_, c});
  }
  if (++r.stale <= most_stale) {
    again_now(i, std::move(a));
  } else if (a.sent) {
    faulted(i, std::move(a), false, now);
  } else {
    unreached(i, std::move(a), now);
  }
}

// The call never began, so it costs the row no attempt. The wait grows as for a service that cannot be reached.
void lane::unreached(row_index i, answer&& a, mono_time now) {
  health_.failed(now, describe(a));
  again_at(i, std::move(a), now + pacing::backoff(++context_.rows[i].unsent, context_.random));
}

// The scope of a throttle: by its header, else by inference.
scope_kind lane::scope_of(const row& r, const answer& a, mono_time now, inference::attribution& attributed) {
  if (const auto named = parse_scope(a.throttle_scope)) return *named;
  if (a.of_envelope) return scope_kind::lane;
  attributed = inference_.throttled(r.organizer, r.last_sent, now, a.retry_after);
  context_.numbers.early_by_inference += attributed.misattributed;
  return attributed.organizer ? scope_kind::organizer : scope_kind::lane;
}

// Closes the scope, and saves the cooldown for a restart where it lasts for more than a second.
scope::announcement lane::close(scope_kind kind, const row& r, const answer& a, const inference::attribution& attributed, mono_time now) {
  const bool one_organizer = kind == scope_kind::organizer;
  auto& o = organizers_[r.organizer];
  auto& closed = one_organizer ? o.cooldown : scope_;
  const bool on_trial = closed.on_trial(now);
  const auto of_one = one_organizer ? std::optional(o.id) : std::nullopt;
  auto cooldown = closed.throttled(a.retry_after, r.last_sent, now, config_.max_cooldown, context_.random);
  // An answer without a wait does not shorten an earlier one that was attributed to an organizer by mistake.
  if (!one_organizer && !a.retry_after && scope_.close_until(attributed.misattributed_until)) {
    cooldown = {attributed.misattributed_until, attributed.misattributed_until, true, cooldown.first, false};
  }
  inference_.closed_until(attributed, std::max(cooldown.end, closed.end()));
  if (cooldown.cut && cooldown.first) {
    context_.actions.emplace_back(cooldown_cut{id_, of_one, kind == scope_kind::app, a.retry_after_text, *a.retry_after});
  }
  save(of_one, kind == scope_kind::app, cooldown, on_trial, now);
  return cooldown;
}

void lane::save(std::optional<organizer_id> of_one, bool app, const scope::announcement& cooldown, bool on_trial, mono_time now) {
  if (!holds(rule::cooldowns_saved)) return;
  // What was saved of the cooldown before may have a later end, which was not obeyed.
  if (on_trial) context_.actions.emplace_back(forget_cooldown{id_, of_one});
  if (cooldown.lasts && cooldown.end - now > worth_saving)
    context_.actions.emplace_back(save_cooldown{id_, of_one, cooldown.announced, app});
}

// The service took a call: a cooldown that had been cut is over.
void lane::reopen(const row& r) {
  auto& o = organizers_[r.organizer];
  if (scope_.reopen(r.last_sent)) context_.actions.emplace_back(forget_cooldown{id_, std::nullopt});
  if (o.cooldown.reopen(r.last_sent)) context_.actions.emplace_back(forget_cooldown{id_, o.id});
}

// A throttle lowers the pace of its scope: the organizer's or the lane's.
void lane::slow_down(scope_kind kind, const row& r, const scope::announcement& cooldown, const inference::attribution& attributed,
                     mono_time now) {
  if (kind == scope_kind::organizer) {
    if (cooldown.first) organizers_.slow_down(r.organizer, r.last_sent, now, cooldown.end);
    // The throttles before were not the lane's either, so its pace is restored once calls of others succeed.
    if (attributed.newly_limited && pace_before_) restore_ = pending_restore{now, 0};
  } else if (cooldown.first) {
    restore_.reset();
    since_report_.throttles.push_back({r.last_sent, scope_.end()});
    pace_.closed(scope_.end(), now, context_.random);
    if (!attributed.same_organizer) pace_before_ = pace_;
    pace_.on_throttle(r.last_sent, now, scope_.end(), attributed.others_go_on);
  } else {
    pace_.on_echo();
  }
}

lane::app_cooldown lane::throttled(row_index i, answer&& a, mono_time now) {
  const auto& r = context_.rows[i];
  ++context_.numbers.throttled;
  inference::attribution attributed;
  const auto kind = scope_of(r, a, now, attributed);
  const auto cooldown = close(kind, r, a, attributed, now);
  slow_down(kind, r, cooldown, attributed, now);
  if (holds(rule::throttles_are_free)) {
    again_now(i, std::move(a));
  } else {
    faulted(i, std::move(a), false, now);
  }
  return kind == scope_kind::app ? std::optional(cooldown) : std::nullopt;
}

void lane::faulted(row_index i, answer&& a, bool conflict, mono_time now) {
  auto& r = context_.rows[i];
  ++context_.numbers.faults;
  ++r.charged;
  if (a.error == attempt_error::timeout) limit_.timed_out(now);
  if (!conflict) health_.failed(now, describe(a));
  if (conflict && ++r.conflicts >= most_conflicts) {
    record(i, outcome::failed, std::move(a));
    return;
  }
  if (r.charged >= config_.max_attempts && !organizers_[r.organizer].blocked && holds(rule::attempts_bounded)) {
    give_back(i, true, std::move(a));
    return;
  }
  auto wait = pacing::backoff(r.charged, context_.random);
  if (a.retry_after) wait = std::max(wait, pacing::with_jitter(std::min(*a.retry_after, config_.max_cooldown), context_.random));
  wait = rested(wait, r.owed.op, a);
  again_at(i, std::move(a), now + wait);
}

// The wait before the row is sent again, long enough for its key to rest.
std::chrono::nanoseconds lane::rested(std::chrono::nanoseconds wait, operation op, const answer& a) {
  if (!may_be_at_work(op, a) || !holds(rule::rest_after_timeout)) return wait;
  return std::max<std::chrono::nanoseconds>(wait, rest_after_timeout);
}

void lane::unauthorised(row_index i, answer&& a, mono_time now) {
  auto& r = context_.rows[i];
  ++r.refused;
  // Only the first refusal of a token counts: the other calls were in flight with the same token.
  if (token_good_ && (a.token == token_ || a.token == 0)) {
    token_good_ = !holds(rule::refused_token_rests);
    if (++refused_tokens_ >= most_refused_tokens) {
      stop(stop_reason::credentials,
           "Graph refused " + std::to_string(refused_tokens_) + " tokens in a row (" + describe(a) + "). " +
               std::string(advice_for(r.owed.op, a)),
           now);
    } else {
      context_.actions.emplace_back(refresh_token{id_, token_});
      pause_ = std::max<mono_time>(pause_, now + pause_after_refusal);
    }
  }
  again_at(i, std::move(a), now + pacing::backoff(r.refused, context_.random));
}

void lane::short_of_resources(row_index i, answer&& a, mono_time now) {
  health_.failed(now, describe(a));
  if (now >= shortage_until_) {
    ++shortages_;
    shortage_until_ = now + pacing::backoff(shortages_, context_.random);
    pause_ = std::max(pause_, shortage_until_);
    change_connections(std::max(1U, connection_count_ / 2), now);
  }
  again_at(i, std::move(a), std::max(shortage_until_, now + pacing::backoff(1, context_.random)));
}

void lane::permanent(row_index i, answer_class what, answer&& a, mono_time now) {
  auto& r = context_.rows[i];
  auto& o = organizers_[r.organizer];
  // It may be part of a streak that the stop ends before it can be recognized, so the row stays owed.
  if (stopped_ && !o.closing) return release(i, false, std::move(a));
  if (doubted(i, a, now)) return;
  if (!o.closing) {
    if (what == answer_class::organizer_permanent) {
      o.blocked = true;
      count_unfetched(r.organizer);
      organizers_.update_round(r.organizer, now);
    }
    if (!streak_.continues(what, a)) break_streak();
  }
  // The organizer is being closed, perhaps since just now: one more answer changes nothing.
  if (o.closing) {
    add_advice(r.owed.op, a);
    return record(i, outcome::failed, std::move(a));
  }
  r.state = row_state::undecided;
  sent_.remove(i);
  streak_.add(i, what, std::move(a));
  if (!streak_.full()) return;
  auto example = streak_.example();
  add_advice(r.owed.op, example);
  stop(stop_reason::permission, std::to_string(streak::limit) + " calls in a row got the same permanent answer: " + describe(example), now);
}

void lane::again_at(row_index i, answer&& a, mono_time due) {
  auto& r = context_.rows[i];
  auto& o = organizers_[r.organizer];
  if (stopped_ || o.blocked) {
    again_now(i, std::move(a));
    return;
  }
  if (due > r.first_sent + config_.row_deadline && holds(rule::deadline_kept)) {
    give_back(i, false, std::move(a));
    return;
  }
  wait_until(i, std::move(a), due);
}

void lane::remember(row& r, answer&& a) {
  keep_words_only(a);
  r.last = std::make_unique<answer>(std::move(a));
}

void lane::wait_until(row_index i, answer&& a, mono_time due) {
  auto& r = context_.rows[i];
  remember(r, std::move(a));
  r.state = row_state::waiting;
  ++organizers_[r.organizer].waiting;
  retries_.push(i, due);
}

void lane::again_now(row_index i, answer&& a) {
  auto& r = context_.rows[i];
  if (stopped_ && !organizers_[r.organizer].closing) {
    release(i, false, std::move(a));
    return;
  }
  remember(r, std::move(a));
  organizers_.push(r.organizer, i, true);
}

}  // namespace convoke::engine
