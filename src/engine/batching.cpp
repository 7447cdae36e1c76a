#include "engine/batching.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "engine/advice.hpp"
#include "engine/lane.hpp"
#include "engine/rules.hpp"

namespace convoke::engine {

// A throttle, a fault and a refused token hold for a single call as well. Any other refusal may be one of the batch only, so single calls
// find out what is wrong with each of them. A batch that is too large is divided first, and so is one whose answer is: every operation may
// be made again although it was carried out.
bool batching::refused(const answer& a, unsigned calls) noexcept {
  if (a.too_large) {
    divide(calls);
    return true;
  }
  if (a.error != attempt_error::none || a.status < 300) return false;
  switch (a.status) {
    case 401:
    case 408:
    case 425:
    case 429:
    case 509:
      return false;
    case 413:
      divide(calls);
      return true;
    default:
      if (a.status >= 500 && a.status != 501 && a.status != 507) return false;
      size_ = 1;
      return true;
  }
}

// Whether the next call of the organizer must be no part of a batch: it settles a doubt about an answer, or it is one of the beta endpoint.
bool lane::goes_alone(organizer_index who) noexcept {
  const auto& r = context_.rows[organizers_[who].head];
  return (r.fresh_connection && r.doubted > 0) || r.calls_beta();
}

// How many calls the next request has. Calls that are to show how the service or a connection is are made alone.
unsigned lane::batch_wanted(mono_time now) noexcept {
  const bool trial = scope_.on_trial(now) || health_.down();
  const auto who = organizers_.front();
  if (!batching_.on() || trial || who == no_organizer || goes_alone(who)) return 1;
  return std::min(batching_.size(), organizers_.in_round());
}

// When the next call is made: as soon as so many calls conform to the pace as the batch can have, and at the latest when the first of them
// has waited long enough.
mono_time lane::departure(mono_time now) noexcept {
  const auto opens = gate(now);
  const auto since = batching_.since();
  if (!batching_.on() || opens > now || !since) return opens;
  return std::max(opens, std::min(*since + batching::patience, pace_.next(*since, batch_wanted(now))));
}

// Sends a batch of the organizers whose turn it is, one call of each. False where a single call is to be sent.
bool lane::grant_batch(mono_time now) {
  const auto wanted = batch_wanted(now);
  if (wanted < 2) return false;
  // After a dead connection its calls go on a new one, and others may go with them.
  const bool fresh = context_.rows[organizers_[organizers_.front()].head].fresh_connection;
  if (fresh && !connections_.unused()) return false;
  const auto since = batching_.since().value_or(now);
  std::vector<organizer_index> organizers;
  std::vector<row_index> rows;
  // Where only one call conforms it is sent alone.
  while (rows.size() < wanted && could_send() && pace_.next(since, 1) <= now) {
    const auto who = organizers_.front();
    if (who == no_organizer || std::ranges::find(organizers, who) != organizers.end()) break;
    if (goes_alone(who) || (!fresh && context_.rows[organizers_[who].head].fresh_connection)) break;
    const auto i = take_ready(who, now);
    if (i != no_row) {
      organizers.push_back(who);
      rows.push_back(i);
      begin_call(who, i, now, since);
    }
    organizers_.end_turn(who, now);
    want_rows(who);
  }
  batching_.sent(now);
  if (rows.empty()) return true;
  send_together(rows, fresh, now);
  return true;
}

void lane::send_together(const std::vector<row_index>& rows, bool unused_only, mono_time now) {
  const auto [c, reused] = connections_.take(unused_only);
  limit_.called(++requests_);
  std::vector<send_call> calls;
  for (const auto i : rows) {
    auto& r = context_.rows[i];
    r.connection = c;
    r.reused = reused;
    r.shares_connection = rows.size() > 1;
    calls.push_back({id_, c, r.owed.row, r.sends, r.owed.op});
  }
  if (health_.down()) health_.probed(now);
  if (calls.size() == 1) {
    context_.actions.emplace_back(calls.front());
    return;
  }
  ++context_.numbers.batches;
  context_.actions.emplace_back(send_batch{id_, c, std::move(calls)});
}

// True where the batch was refused for what it is: its calls cost no attempt and are sent again.
bool lane::batch_refused(batch_answer& a, mono_time now) {
  const auto& whole = *a.envelope;
  // What does not name its request may be of another one, while the service carries out these calls: each is then in doubt, as alone. A
  // smaller size does no harm even then.
  const bool ours = whole.bound && (whole.whole || whole.too_large);
  if (!ours && !whole.too_large) return false;
  const auto before = batching_.size();
  if (!batching_.refused(whole, static_cast<unsigned>(a.items.size()))) return false;
  if (batching_.size() < before) context_.actions.emplace_back(batch_limited{id_, batching_.size(), describe(whole)});
  if (!ours) return false;
  health_.answered();
  const auto first = context_.rows.find(a.items.front().row);
  const auto c = context_.rows[first].connection;
  const bool spent = connections_.answered(c, context_.rows[first].reused, now);
  if (spent || whole.too_large) drop(c);  // what is left of an answer that is too large was not read
  --requests_;
  for (auto& one : a.items) {
    const auto i = context_.rows.find(one.row);
    const auto who = context_.rows[i].organizer;
    end_call(i);
    context_.rows[i].shares_connection = false;
    context_.rows[i].stale = 0;
    context_.keys.answered(context_.rows[i].owed.key);
    again_now(i, answer(whole));
    if (stopped_) continue;
    organizers_.update_round(who, now);
    want_rows(who);
  }
  close_refused_organizers();
  return true;
}

}  // namespace convoke::engine
