// The checks of what is sent, and of how a process ends.

#include "simulation/checker.hpp"

#include <algorithm>
#include <utility>

namespace convoke::simulation {

using namespace std::chrono_literals;

namespace {

constexpr unsigned conflicts_allowed = 2;

std::string name_of(std::size_t index) {
  return "row " + std::to_string(index + 1);
}

}  // namespace

checker::checker(const scenario& s, const row_book& rows, mono_time now)
    : scenario_(s),
      book_(rows),
      started_(now),
      rows_(rows.size()),
      durable_advances_(rows.size()),
      organizers_(s.organizers),
      lanes_(s.lanes),
      ever_throttled_(s.organizers),
      lane_ever_throttled_(s.lanes) {
  engine::key_id most = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) most = std::max(most, rows.at(i).key);
  key_in_flight_.resize(most + 1);
  key_rests_.resize(most + 1, mono_time::min());
}

void checker::violated(std::string what) {
  if (violations_.size() < 10) violations_.push_back(std::move(what));
}

const engine::lane_settings& checker::settings_of(lane_id l) const noexcept {
  return scenario_.own && l + 1U == scenario_.lanes ? *scenario_.own : scenario_.engine;
}

void checker::process_ends(stop_kind how, mono_time now) {
  // The next process does not know a cooldown that was not committed in time, that is too short to be saved, or that a jump of the clock
  // or an older copy of the ledger removed. The same holds for an unlabelled throttle of the lane, which may be saved as an organizer's.
  const auto known = how == stop_kind::crash ? now - 2 * scenario_.commit : now;
  std::erase_if(announced_cooldowns_, [&](const announced_cooldown& p) {
    const bool over = p.until <= now && (!p.cut || p.announced <= now);
    return how == stop_kind::rollback || !p.kept_over_restart || over || p.received >= known || p.received <= wall_jumped_;
  });
  rolled_back_ = how == stop_kind::rollback;
}

void checker::process_starts(mono_time now) {
  started_ = now;
  std::ranges::fill(rows_, row{});
  std::ranges::fill(organizers_, organizer{});
  std::ranges::fill(lanes_, lane{});
  for (organizer_id o = 0; o < organizers_.size(); ++o) {
    organizers_[o].fresh = book_.fresh_left(o);
    organizers_[o].stale = book_.stale_left(o);
  }
  if (std::exchange(rolled_back_, false)) {
    for (std::size_t i = 0; i < rows_.size(); ++i) durable_advances_[i] = book_.at(i).advances;
  }
  std::fill(key_in_flight_.begin(), key_in_flight_.end(), false);
  std::ranges::fill(key_rests_, mono_time::min());
  for (const auto& p : announced_cooldowns_) (p.organizer ? organizers_[*p.organizer].closed : lanes_[p.lane].closed).close(p.until, p.cut);
  held_ = unacknowledged_ = unacknowledged_bytes_ = 0;
  inferred_ = lost_writes_ = 0;
  stop_requested_ = false;
}

// ---- claims

void checker::requested(const engine::fetch_rows& f, mono_time now) {
  if (f.stale) check_stale(f.lane, now);
  if (f.pages.empty()) violated("a claim for no organizer");
  for (const auto& [who, count] : f.pages) {
    auto& o = organizers_[who];
    if (book_.lane_of(who) != f.lane) violated("a claim for an organizer of another lane");
    if (++o.fetching > 1) violated("two pages of organizer " + std::to_string(who) + " requested at a time");
    if (count == 0 || count > (f.stale ? o.stale : o.fresh))
      violated("rows claimed that organizer " + std::to_string(who) + " does not have");
  }
}

// Rows that an earlier process claimed and did not finish are claimed last, and not before its calls must have ended.
void checker::check_stale(lane_id lane, mono_time now) {
  if (now < started_ + settings_of(lane).attempt_timeout) violated("stale rows fetched before an attempt timeout has passed");
  for (organizer_id o = 0; o < organizers_.size(); ++o) {
    const auto& one = organizers_[o];
    // How long the engine keeps a throttled one waiting beyond its cooldown is not checked here.
    if (book_.lane_of(o) != lane || one.refused || one.held > 0 || one.fetching > 0 || ever_throttled_[o]) continue;
    if (book_.fresh_left(o) > 0) return violated("stale rows fetched while organizer " + std::to_string(o) + " has fresh ones");
  }
}

void checker::claimed(const claim& c) {
  std::uint32_t largest = 0;
  for (const auto& page : c.pages) {
    auto& o = organizers_[page.organizer];
    --o.fetching;
    auto& left = c.request.stale ? o.stale : o.fresh;
    left -= std::min(left, static_cast<std::uint32_t>(page.rows.size()));
    if (!page.exhausted && !page.rows.empty()) left = std::max(left, 1U);  // rows came since they were counted
    for (const auto& owed : page.rows) {
      const auto i = ledger::index_of(owed.row);
      auto& r = rows_[i];
      if (r.state != row_state::elsewhere || r.taken_over) violated(name_of(i) + " was claimed twice");
      if (book_.at(i).advances < durable_advances_[i]) violated(name_of(i) + " owes an operation that it had completed durably");
      r.state = row_state::here;
      r.op = owed.op;
      r.stale = c.request.stale;
      ++o.held;
      ++held_;
    }
  }
  for (const auto& wanted : c.request.pages) largest = std::max(largest, wanted.count);
  const std::size_t limit = lanes_.size() * (4 * std::size_t{scenario_.engine.max_unacknowledged} + 2 * 4096) + largest;
  if (held_ > limit) violated("more rows are held than the bound of memory allows");
}

void checker::taken_over(std::size_t index) {
  durable_advances_[index] = book_.at(index).advances;
}

void checker::cooldown_known(lane_id lane, std::optional<organizer_id> organizer, mono_time until) {
  (organizer ? organizers_[*organizer].closed : lanes_[lane].closed).close(until, false);
  lane_ever_throttled_[lane] = true;
  if (organizer) ever_throttled_[*organizer] = true;
}

void checker::given_back(std::size_t index) {
  rows_[index] = {};
  durable_advances_[index] = book_.at(index).advances;
}

bool checker::rows_counted(organizer_id organizer, std::uint32_t fresh, std::uint32_t stale) {
  auto& o = organizers_[organizer];
  o.stale = stale;
  if (o.fetching > 0) return false;
  o.fresh = fresh;
  return true;
}

// ---- calls

void checker::check_operation(const engine::send_call& c, const std::string& name) {
  const auto i = ledger::index_of(c.row);
  const auto planned = book_.at(i);
  if (c.op != rows_[i].op) violated(name + " sent as another operation than it owes");
  // Of a row that another process has claimed, the ledger's operation is that process's.
  if (c.op != planned.op && !planned.taken_over) {
    violated(name + " sent as " + std::string(to_string(c.op)) + ", and the ledger says that it owes " +
             std::string(to_string(planned.op)));
  }
  if (c.lane != planned.lane) violated(name + " sent in another lane");
}

void checker::check_attempts(const row& r, const engine::lane_settings& s, bool reused, const std::string& name, mono_time now) {
  if (r.taken_over) violated(name + " sent after the ledger said that another process holds it");
  if (r.settled) violated(name + " sent after the answer that completes its operation");
  if (r.stales > 0 && reused) violated(name + " met a closed connection, and was sent again on one that was used before");
  if (now > r.first_sent + s.row_deadline) violated(name + " sent after its deadline");
  if (r.charged >= s.max_attempts) violated(name + " sent after its attempts were used up");
  if (r.conflicts >= conflicts_allowed) violated(name + " sent after two conflicts");
  if (r.stale && now < started_ + s.attempt_timeout) violated(name + " is stale, and was sent too soon");
}

void checker::check_cooldowns(organizer_id who, const std::string& name, mono_time now) {
  const auto& o = organizers_[who];
  const auto& l = lanes_[book_.lane_of(who)];
  if (now < l.closed.until) violated(name + " sent inside the lane's cooldown");
  if (now < o.closed.until) violated(name + " sent inside its organizer's cooldown");
  if ((l.closed.on_trial(now) && l.in_flight > 0) || (o.closed.on_trial(now) && o.in_flight > 0)) {
    violated(name + " sent beside the probe after a cut cooldown");
  }
  if (now < l.closed_unlabelled) {
    ++inferred_;
    ++all_inferred_;
  }
}

void checker::check_speed(lane& l, double rate, mono_time now) {
  // The unused calls of one second at most may be made later; the time before the first call does not count.
  ++l.sends;
  const double allowed = rate * (in_seconds(now - started_) + 1) + 2;
  if (static_cast<double>(l.sends) > allowed) violated("calls are made faster than the ceiling");
}

void checker::check_organizer_rate(organizer& o, double rate, const std::string& name, mono_time now) {
  if (now < o.due) violated(name + " sent above --organizer-rate");
  // The delay of a late timer may be recovered, 2 ms at most. The nanosecond is for rounding.
  o.due = std::max<mono_time>(o.due, now - 2ms) + seconds_of(1 / rate) - 1ns;
}

void checker::check_outage(lane& l, const engine::lane_settings& s, mono_time now) {
  const auto patience = std::min<nanoseconds>(30s, s.max_outage);
  const bool down = l.trouble_since && l.trouble_latest - *l.trouble_since >= patience;
  if (down && l.last_was_probe && now - l.last_sent < 5s) violated("the service is down, and probes are sent more often than every 5 s");
  l.last_was_probe = down;
  l.last_sent = now;
}

void checker::check_permission(std::uint32_t token, const std::string& name, mono_time now) {
  if (token == 0) violated(name + " sent without a token");
  if (refused_.contains(token)) violated(name + " sent with a token that was refused");
  if (stop_requested_) violated(name + " sent after a stop was requested");
  if (scenario_.engine.max_duration && now > started_ + *scenario_.engine.max_duration) violated(name + " sent after --max-duration");
}

void checker::check_bounds(const engine::counters& numbers) {
  if (unacknowledged_ > scenario_.engine.max_unacknowledged) violated("too many rows are in flight or not acknowledged");
  if (numbers.unacknowledged > scenario_.engine.max_unacknowledged) violated("the engine counts too many that are not acknowledged");
  if (unacknowledged_bytes_ >= scenario_.engine.max_unacknowledged_bytes) violated("too many bytes of answers wait for their commit");
}

void checker::sent(const engine::send_call& c, std::uint32_t token, bool reused, mono_time now, const engine::counters& numbers) {
  const auto i = ledger::index_of(c.row);
  const auto planned = book_.at(i);
  const auto& s = settings_of(planned.lane);
  auto& r = rows_[i];
  auto& o = organizers_[planned.organizer];
  auto& l = lanes_[planned.lane];
  const auto name = name_of(i);
  ++sends_;
  if (r.state != row_state::here) violated(name + " sent without being claimed by this process and ready");
  if (key_in_flight_[planned.key]) violated(name + " sent while its key is in flight");
  if (now < key_rests_[planned.key]) violated(name + " sent while its key must wait");
  if (r.sends == 0) r.first_sent = now;
  check_operation(c, name);
  check_attempts(r, s, reused, name, now);
  check_permission(token, name, now);
  check_cooldowns(planned.organizer, name, now);
  check_speed(l, s.rate, now);
  check_outage(l, s, now);
  if (s.organizer_rate) check_organizer_rate(o, *s.organizer_rate, name, now);
  r.state = row_state::in_flight;
  r.last_sent = now;
  ++r.sends;
  ++l.in_flight;
  key_in_flight_[planned.key] = true;
  if (++o.in_flight > s.organizer_concurrency) violated(name + " sent above its organizer's concurrency");
  ++unacknowledged_;
  check_bounds(numbers);
}

// ---- the end

// Where each connection is closed at its second request, no row loses an attempt, and few calls are sent on closed connections.
void checker::check_single_use(const engine::counters& numbers, mono_time now) {
  if (!scenario_.net.single_use) return;
  if (numbers.faults > 0) violated("a closed connection was charged to a row");
  const auto tried_again = static_cast<std::uint64_t>(in_seconds(now - started_) / 60);
  if (numbers.stale > scenario_.engine.connections + 3 + tried_again) {
    violated(std::to_string(numbers.stale) + " calls met connections that had been used before");
  }
}

// Each lane ends for a reason of its own: the end of another lane is none.
void checker::check_lane_end(const engine::lane_end& end) {
  using engine::stop_reason;
  const auto& l = lanes_[end.lane];
  const auto name = "lane " + std::to_string(end.lane) + " ended for the reason of another lane: " + end.detail;
  const auto owed = book_.owed_here(end.lane);
  if (end.detail.empty()) violated("a lane ended without a reason");
  if (end.reason == stop_reason::finished && owed > 0) violated("a lane finished, and rows are owed");
  if (end.reason == stop_reason::interrupted && !stop_requested_) violated(name);
  if (end.reason == stop_reason::credentials && l.refused_tokens < 3 && !l.credentials_refused) violated(name);
  if (end.reason == stop_reason::permission && l.same_permanent < 20) violated(name);
  if (end.reason == stop_reason::storage) violated(name);
  if (end.reason == stop_reason::deferred && !l.failures && !lane_ever_throttled_[end.lane] && !scenario_.engine.max_duration)
    violated(name);
}

void checker::check_return(const engine::finished& f, mono_time now) {
  if (!f.come_back) return;
  const bool open = std::ranges::any_of(f.lanes, [&](const engine::lane_end& end) {
    return end.reason != engine::stop_reason::finished && lanes_[end.lane].closed.until <= now + *f.come_back;
  });
  if (!open) violated("the time to come back is inside the lane's cooldown");
}

void checker::check_counters(const engine::counters& numbers) {
  if (inferred_ > numbers.early_by_inference) {
    violated(std::to_string(inferred_) + " calls in an unlabelled cooldown, and " + std::to_string(numbers.early_by_inference) +
             " counted as caused by inference");
  }
  if (lost_writes_ != numbers.lost_writes) {
    violated(std::to_string(lost_writes_) + " writes were lost, and the engine counts " + std::to_string(numbers.lost_writes));
  }
}

void checker::ended(const engine::finished& f, mono_time now, const engine::counters& numbers) {
  using engine::stop_reason;
  if (f.reason == stop_reason::storage) violated("wrong reason: " + f.detail);
  if (f.lanes.size() != lanes_.size()) violated("a lane has no reason for its end");
  for (const auto& end : f.lanes) check_lane_end(end);
  if (f.detail.empty()) violated("the run ended without a reason");
  std::size_t owed = 0;
  for (lane_id l = 0; l < lanes_.size(); ++l) owed += book_.owed_here(l);
  if (f.reason == stop_reason::finished && owed > 0) violated("finished, and rows are owed");
  const bool needless = owed == 0 && f.reason != stop_reason::finished && !stop_requested_ && !book_.any_taken_over();
  if (needless) violated("stopped before the end, and nothing is owed: " + f.detail);
  check_return(f, now);
  check_single_use(numbers, now);
  check_counters(numbers);
}

}  // namespace convoke::simulation
