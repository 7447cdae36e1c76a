// The account of the answers that were received, and the checks of what is written about them.

#include <algorithm>
#include <utility>

#include "simulation/checker.hpp"

namespace convoke::simulation {

using engine::answer_class;
using namespace std::chrono_literals;

namespace {

constexpr auto rest_after_timeout = 5s;
constexpr auto least_backoff = 500ms;
constexpr auto worth_saving = 1s;
constexpr unsigned free_stales = 5, conflicts_allowed = 2;

std::string name_of(std::size_t index) {
  return "row " + std::to_string(index + 1);
}

std::size_t bytes_of(const engine::answer& a) {
  auto sum = sizeof a + a.error_code.size() + a.error_message.size() + a.request_id.size() + a.client_request_id.size();
  if (a.stored) sum += a.stored->id.size() + a.stored->join_web_url.size();
  return sum;
}

}  // namespace

// ---- answers

void checker::note_throttle(organizer_id who, const throttle& t, mono_time sent, mono_time now) {
  const auto lane = book_.lane_of(who);
  const auto most = settings_of(lane).max_cooldown;
  const auto announced = t.announced.value_or(nanoseconds(0));
  const bool of_organizer = t.scope == sim::scope_kind::organizer;
  const bool of_app = t.scope == sim::scope_kind::app && t.labelled;
  if (of_organizer || !t.labelled) ever_throttled_[who] = true;
  for (lane_id l = 0; l < lanes_.size(); ++l)
    if (l == lane || (of_app && same_app(l, lane))) lane_ever_throttled_[l] = true;
  if (!of_organizer && !t.labelled) {
    // A process that reads it as an organizer's keeps the lane open: to be counted, where the service announced how long.
    lanes_[lane].closed_unlabelled = std::max(lanes_[lane].closed_unlabelled, now + std::min(announced, most));
    return;
  }
  // Without a label it may be taken for the lane's, and then any organizer's call is the probe.
  const bool cut = t.labelled && announced > most;
  const auto end = now + std::clamp<nanoseconds>(announced, least_backoff, most);
  for (lane_id l = 0; l < lanes_.size(); ++l) {
    if (l != lane && !(of_app && same_app(l, lane))) continue;
    auto& closed = of_organizer ? organizers_[who].closed : lanes_[l].closed;
    const auto scope = of_organizer ? std::optional(who) : std::nullopt;
    const bool tried = closed.on_trial(sent);
    if (tried) forget_cut(l, scope);
    closed.close(end, cut || (closed.cut && (!tried || !t.announced)));
    announced_cooldowns_.push_back({l, scope, now, end, now + announced, end - now > worth_saving, cut});
  }
}

void checker::forget_cut(lane_id lane, std::optional<organizer_id> who) {
  std::erase_if(announced_cooldowns_, [&](const announced_cooldown& p) { return p.cut && p.lane == lane && p.organizer == who; });
}

// The service accepted a call: the scope is open, and the probe after a cut cooldown has succeeded.
void checker::note_taken(organizer_id who, mono_time sent) {
  const auto lane = book_.lane_of(who);
  if (auto& closed = lanes_[lane].closed; closed.on_trial(sent)) {
    closed.cut = false;
    forget_cut(lane, std::nullopt);
  }
  if (auto& closed = organizers_[who].closed; closed.on_trial(sent)) {
    closed.cut = false;
    forget_cut(lane, who);
  }
}

void checker::note_health(lane& l, answer_class what, mono_time now) {
  if (engine::shows_life(what)) {
    l.trouble_since.reset();
  } else if (what != answer_class::stale) {
    if (!l.trouble_since) l.trouble_since = now;
    l.trouble_latest = now;
    l.failures = true;
  }
  if (what == answer_class::stale || what == answer_class::auth || what == answer_class::conflict) l.failures = true;
  if (what == answer_class::success || what == answer_class::gone) l.refused_tokens = 0;
  if (what == answer_class::auth) ++l.refused_tokens;
  const bool refused = engine::is_permanent(what) || what == answer_class::gone;
  l.same_permanent = refused ? l.same_permanent + 1 : what == answer_class::success ? 0 : l.same_permanent;
}

void checker::answered(row_id row, const engine::answer& a, const std::optional<throttle>& closed, mono_time now) {
  const auto i = ledger::index_of(row);
  const auto planned = book_.at(i);
  auto& r = rows_[i];
  auto& o = organizers_[planned.organizer];
  auto& l = lanes_[planned.lane];
  const auto op = r.op;
  key_in_flight_[planned.key] = false;
  if (engine::may_be_at_work(op, a)) key_rests_[planned.key] = now + rest_after_timeout;
  r.state = row_state::here;
  --o.in_flight;
  --l.in_flight;
  --unacknowledged_;
  const auto what = engine::classify(op, a).what;
  if (what == answer_class::fault || what == answer_class::conflict) ++r.charged;
  if (what == answer_class::conflict) ++r.conflicts;
  r.stales = what == answer_class::stale ? r.stales + 1 : 0;
  if (r.stales > free_stales && a.sent) ++r.charged;
  // An answer that rests on its status alone and is cut, or tied to no request, is final when it comes again.
  const bool final = engine::rests_on_status(op, what) ? engine::proven(a) || r.doubted++ > 0 : what == answer_class::success;
  if (final && what == answer_class::organizer_permanent) o.refused = true;
  if (what == answer_class::auth) refused_.insert(a.token);
  r.settled = final;
  note_health(l, what, now);
  if (engine::shows_life(what) && what != answer_class::throttle && what != answer_class::auth) note_taken(planned.organizer, r.last_sent);
  if (closed) note_throttle(planned.organizer, *closed, r.last_sent, now);
}

void checker::batch_refused(row_id row) {
  const auto i = ledger::index_of(row);
  const auto planned = book_.at(i);
  auto& l = lanes_[planned.lane];
  key_in_flight_[planned.key] = false;
  rows_[i].state = row_state::here;
  rows_[i].stales = 0;
  --organizers_[planned.organizer].in_flight;
  --l.in_flight;
  --unacknowledged_;
  l.trouble_since.reset();
}

// ---- writes

void checker::waits_for_commit(row& r, row_state state, const engine::answer& last) {
  r.state = state;
  r.bytes = bytes_of(last);
  unacknowledged_bytes_ += r.bytes;
  ++unacknowledged_;
}

void checker::requested(const engine::record_outcome& a) {
  const auto i = ledger::index_of(a.row);
  auto& r = rows_[i];
  auto& o = organizers_[book_.at(i).organizer];
  const auto name = name_of(i);
  if (r.state != row_state::here) violated(name + " recorded while this process does not hold it");
  if (a.attempts != r.sends) violated(name + " recorded with a wrong number of attempts");
  const bool without_meeting = a.result == outcome::failed || a.result == outcome::removed || a.result == outcome::lost;
  if (!without_meeting && !a.last.stored) violated(name + " recorded as there without a meeting");
  if (!r.settled && r.conflicts < conflicts_allowed && !o.refused) violated(name + " recorded without an answer that ends it");
  waits_for_commit(r, row_state::ending, a.last);
  --o.held;
}

void checker::requested(const engine::advance_row& a) {
  const auto i = ledger::index_of(a.row);
  auto& r = rows_[i];
  const auto name = name_of(i);
  if (r.state != row_state::here) violated(name + " advanced while this process does not hold it");
  if (a.attempts != r.sends) violated(name + " advanced with a wrong number of attempts");
  if (!r.settled) violated(name + " advanced without an answer that completes its operation");
  const bool update_after_create = r.op == operation::create_or_get && a.next == operation::update && a.last.stored;
  const auto planned = book_.at(i);
  const bool repairs = planned.repairs && r.op == operation::get;
  const bool create_after_gone =
      (repairs || r.op == operation::update) && a.next == operation::create_or_get && !a.last.stored && a.last.status == 404;
  const bool update_after_get = repairs && a.next == operation::update && a.last.stored && !a.last.drift.empty() &&
                                planned.update == engine::update_rule::if_different;
  if (!update_after_create && !create_after_gone && !update_after_get) violated(name + " advanced to an operation that does not follow");
  if (update_after_create && planned.update == engine::update_rule::never && a.last.to_set.empty())
    violated(name + " advanced to an update that is not wanted");
  waits_for_commit(r, row_state::advancing, a.last);
  r.next = a.next;
}

void checker::requested(const engine::release_row& a) {
  const auto i = ledger::index_of(a.row);
  auto& r = rows_[i];
  const auto planned = book_.at(i);
  const auto name = name_of(i);
  if (r.state != row_state::here) violated(name + " released while this process does not hold it");
  const bool used_up = r.charged >= settings_of(planned.lane).max_attempts;
  if (a.strike != used_up) violated(name + (a.strike ? " struck with attempts left" : " not struck although its attempts are used up"));
  waits_for_commit(r, row_state::ending, a.last);
  --organizers_[planned.organizer].held;
}

void checker::requested(const engine::save_cooldown& c) {
  if (!lane_ever_throttled_[c.lane]) violated("a cooldown of lane " + std::to_string(c.lane) + " is saved, and nothing throttled the lane");
}

void checker::acknowledged(row_id id, bool lost) {
  const auto i = ledger::index_of(id);
  auto& r = rows_[i];
  if (r.state != row_state::ending && r.state != row_state::advancing) return;
  --unacknowledged_;
  unacknowledged_bytes_ -= std::exchange(r.bytes, 0);
  if (lost) ++lost_writes_;
  r.taken_over = lost;
  if (r.state == row_state::ending || lost) {
    if (r.state == row_state::advancing && organizers_[book_.at(i).organizer].held > 0) --organizers_[book_.at(i).organizer].held;
    r.state = row_state::ending;
    if (held_ > 0) --held_;
    return;
  }
  r.op = r.next;
  r.state = row_state::here;
  r.settled = false;
  r.charged = r.conflicts = r.stales = r.doubted = 0;
  ++durable_advances_[i];
}

void checker::made_durable(const committed& c) {
  for (const auto id : c.lost) acknowledged(id, true);
  for (const auto id : c.rows) acknowledged(id, false);
  for (const auto& closed : c.closings) {
    auto& o = organizers_[closed.request.organizer];
    o.refused = true;
    held_ -= std::min<std::size_t>(held_, o.held);
    o.held = 0;
  }
}

}  // namespace convoke::simulation
