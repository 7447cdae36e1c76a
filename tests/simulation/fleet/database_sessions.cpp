// Sessions, renewals and surveys.

#include <algorithm>
#include <utility>

#include "ledger/ledger.hpp"
#include "simulation/fleet/database.hpp"

namespace convoke::simulation::fleet {

using namespace std::chrono_literals;

namespace {

constexpr auto leads_within = 5s;  // a session that renewed no later than this ago may lead

}  // namespace

bool database::live(lease_token id, mono_time now) const {
  const auto found = state_.sessions.find(id);
  return found != state_.sessions.end() && found->second.expires > now;
}

database::joined database::join(unsigned worker, mono_time now) {
  joined out;
  out.session.id = new_token();
  out.session.received = state_.serial;
  session s{.worker = worker, .started = now, .expires = now + convoke::ledger::lease_time, .seen = now, .lanes = {}};
  for (lane_id l = 0; l < state_.lanes.size(); ++l) {
    auto& lane = state_.lanes[l];
    const bool alone = std::ranges::none_of(state_.sessions, [now](const auto& other) { return other.second.expires > now; });
    if (alone) lane.active_since = now;
    auto& own = s.lanes.emplace_back();
    own.settled = alone || now >= lane.active_since + convoke::ledger::lease_time;
    if (alone) own.part = own.safe_part = 1;
    // What the others did before is theirs.
    for (const auto& [id, other] : state_.sessions) {
      own.calls_received += other.lanes[l].calls;
      own.successes_received += other.lanes[l].successes;
    }
    own.throttles_received = state_.serial;
    out.learnt.push_back(lane.saved);
  }
  state_.sessions.emplace(out.session.id, std::move(s));
  watch_.session_began(out.session.id, worker);
  for (lane_id l = 0; l < state_.lanes.size(); ++l) out.shared.lanes.push_back(terms_of(out.session.id, l, now));
  out.shared.left = convoke::ledger::lease_time;
  for (const auto& [where, kept] : state_.cooldowns)
    if (kept.until > now) out.cooldowns.push_back({where.first, where.second, kept.until});
  out.rows = count(out.session, now);
  return out;
}

surveyed database::count(session_memory& s, mono_time now) {
  s.ended.clear();
  for (const auto& r : state_.rows)
    if (r.token != 0 && !live(r.session, now)) s.ended.insert(r.session);
  surveyed out;
  out.organizers.resize(lanes());
  out.held_elsewhere.resize(lanes());
  std::vector<engine::organizer_setup> all(organizers());
  for (std::size_t i = 0; i < state_.rows.size(); ++i) {
    const auto& r = state_.rows[i];
    const auto what = kind_of(r, simulation::ledger::id_of(i), s, now);
    if (what == kind::fresh) ++all[r.organizer].fresh;
    if (what == kind::stale) ++all[r.organizer].stale;
    if (what == kind::held) ++out.held_elsewhere[r.lane];
    if (r.owed() && r.token != 0 && r.session == s.id) ++out.held_here;
  }
  for (organizer_id o = 0; o < all.size(); ++o) {
    all[o].organizer = o;
    if (all[o].fresh + all[o].stale > 0) out.organizers[lane_of_[o]].push_back(all[o]);
  }
  return out;
}

std::optional<surveyed> database::survey(session_memory& s, mono_time now) {
  if (!live(s.id, now)) return std::nullopt;
  return count(s, now);
}

void database::leave(lease_token id, mono_time now) {
  const auto found = state_.sessions.find(id);
  if (found == state_.sessions.end()) return;
  found->second.expires = std::min(found->second.expires, now);
  watch_.session_left(id);
}

lease_token database::leader(lane_id, mono_time now) const {
  lease_token leads = 0;
  mono_time started = mono_time::max();
  for (const auto& [id, s] : state_.sessions) {
    if (s.expires <= now || now - s.seen > leads_within) continue;
    if (s.started > started || (s.started == started && id > leads)) continue;
    leads = id;
    started = s.started;
  }
  return leads;
}

terms database::terms_of(lease_token id, lane_id lane, mono_time now) {
  auto& of_lane = state_.lanes[lane];
  auto& own = state_.sessions.at(id).lanes[lane];
  terms out;
  out.leads = leader(lane, now) == id || !holds(guarantee::one_leader);
  out.part = own.part;
  out.safe_part = own.safe_part;
  out.rate = of_lane.rate;
  out.pace = of_lane.pace;
  std::uint64_t calls = 0, successes = 0;
  out.workers = 0;
  for (const auto& [other, s] : state_.sessions) {
    const auto& theirs = s.lanes[lane];
    if (s.expires > now) {
      ++out.workers;
      out.members.push_back(
          {other, theirs.wants, theirs.weight, theirs.part, theirs.settled || now >= of_lane.active_since + convoke::ledger::lease_time});
    }
    if (other == id) continue;
    calls += theirs.calls;
    successes += theirs.successes;
  }
  if (!out.leads) out.members.clear();
  // Reported once, to whichever session leads at that time.
  if (out.leads) {
    out.calls = calls - std::min(calls, own.calls_received);
    out.successes = successes - std::min(successes, own.successes_received);
    for (const auto& t : of_lane.throttles)
      if (t.serial > own.throttles_received && t.session != id) out.throttles.push_back({t.sent, t.until});
  }
  own.calls_received = calls;
  own.successes_received = successes;
  own.throttles_received = state_.serial;
  return out;
}

void database::publish(lane_id lane, const report::published& p) {
  auto& of_lane = state_.lanes[lane];
  of_lane.rate = p.rate;
  of_lane.pace = p.pace;
  for (const auto& g : p.grants) {
    const auto found = state_.sessions.find(g.session);
    if (found == state_.sessions.end()) continue;
    found->second.lanes[lane].part = g.part;
    found->second.lanes[lane].safe_part = g.safe_part;
  }
}

std::vector<announcement> database::news(const session_memory& s, mono_time now) const {
  std::vector<announcement> out;
  if (!holds(guarantee::cooldowns_announced)) return out;
  for (const auto& [where, kept] : state_.cooldowns)
    if (kept.serial > s.received && kept.session != s.id && kept.until > now) out.push_back({where.first, where.second, kept.until});
  return out;
}

std::optional<renewed> database::renew(const session_memory& memory, bool extend, const std::vector<report>& lanes, mono_time now,
                                       mono_time by_worker) {
  const auto id = memory.id;
  const auto found = state_.sessions.find(id);
  if (found == state_.sessions.end()) return std::nullopt;
  auto& s = found->second;
  if (s.expires <= now && holds(guarantee::busy_when_over)) return std::nullopt;
  s.seen = now;
  if (extend) {
    s.expires = (holds(guarantee::database_clock) ? now : by_worker) + convoke::ledger::lease_time;
    watch_.session_extended(id, s.expires);
  }
  for (lane_id l = 0; l < lanes.size(); ++l) {
    auto& own = s.lanes[l];
    own.wants = lanes[l].wants;
    own.calls = lanes[l].calls;
    own.successes = lanes[l].successes;
    for (const auto& t : lanes[l].throttles) state_.lanes[l].throttles.push_back({++state_.serial, id, t.sent, t.until});
    if (lanes[l].leads && (leader(l, now) == id || !holds(guarantee::one_leader))) publish(l, *lanes[l].leads);
  }
  renewed out;
  out.left = s.expires - (holds(guarantee::database_clock) ? now : by_worker);
  for (lane_id l = 0; l < s.lanes.size(); ++l) out.lanes.push_back(terms_of(id, l, now));
  out.cooldowns = news(memory, now);
  out.received = state_.serial;
  return out;
}

}  // namespace convoke::simulation::fleet
