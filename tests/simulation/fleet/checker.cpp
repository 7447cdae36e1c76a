#include "simulation/fleet/checker.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace convoke::simulation::fleet {

using namespace std::chrono_literals;

namespace {

constexpr auto lease_margin = 5s;
// An announced cooldown reaches the others with their next exchange. It begins a second after the one before; where it fails, four attempts
// of five seconds each are made before the worker stops.
constexpr auto exchange_takes = 22s;
constexpr auto speed_window = 10s;

std::string name_of(std::size_t index) {
  return "row " + std::to_string(index + 1);
}

}  // namespace

fleet_checker::fleet_checker(const scenario& s, const agenda& time) : scenario_(s), time_(time), recent_(s.job.lanes) {}

void fleet_checker::violated(std::string what) {
  if (violations_.size() < 10) violations_.push_back(std::move(what));
}

bool fleet_checker::live(lease_token session) const {
  const auto found = leases_.find(session);
  return found != leases_.end() && !found->second.lost && found->second.expires > time_.now();
}

// ---- the database

void fleet_checker::session_began(lease_token id, unsigned worker) {
  leases_[id] = {worker, time_.now() + 60s};
}

void fleet_checker::session_extended(lease_token id, mono_time) {
  auto& l = leases_[id];
  if (l.expires <= time_.now()) violated("a session was extended after its lease had ended");
  l.expires = time_.now() + 60s;
}

void fleet_checker::session_left(lease_token id) {
  auto& l = leases_[id];
  l.expires = std::min(l.expires, time_.now());
  l.left = true;
}

void fleet_checker::claimed(std::size_t index, lease_token session, lease_token token) {
  auto& h = holders_[index];
  if (ended_[index]) violated(name_of(index) + " was claimed after its end");
  if (h.token != 0 && h.session != session && live(h.session))
    violated(name_of(index) + " was claimed while another live session holds it");
  const bool stale = h.token != 0;
  const auto before = leases_.find(h.session);
  const auto free_since = before == leases_.end() ? mono_time::min() : before->second.lost ? failed_over_ : before->second.expires;
  h = {session, token, stale, stale ? free_since : mono_time::min(), h.excused};
}

void fleet_checker::wrote(std::size_t index, lease_token token, bool ended) {
  if (token != holders_[index].token && token != 0)
    violated(name_of(index) + " was changed by a write under a claim that it no longer has");
  if (!ended) return;
  if (std::exchange(ended_[index], true)) violated(name_of(index) + " got a second outcome");
}

void fleet_checker::released(std::size_t index) {
  auto& h = holders_[index];
  h.session = h.token = 0;
}

void fleet_checker::superseded(std::size_t by, std::size_t index) {
  const auto old = holders_[index];
  if (old.token == 0) return;
  auto& h = holders_[by];
  h.session = old.session;
  h.token = old.token;
}

void fleet_checker::saved_cooldown(lane_id lane, std::optional<organizer_id> organizer, mono_time until) {
  auto& c = cooldowns_[{lane, organizer}];
  if (until <= c.until) return;
  c = {time_.now(), until};
}

void fleet_checker::failed_over(const database::state& s) {
  failed_over_ = time_.now();
  for (auto& [id, l] : leases_) {
    const auto found = s.sessions.find(id);
    if (found == s.sessions.end()) {
      l.lost = true;
    } else {
      l.expires = std::min(l.expires, found->second.expires);
    }
  }
  for (std::size_t i = 0; i < s.rows.size(); ++i) {
    auto& h = holders_[i];
    h.excused = h.excused || h.token != s.rows[i].token || ended_[i] != s.rows[i].result.has_value();
    h.session = s.rows[i].session;
    h.token = s.rows[i].token;
    ended_[i] = s.rows[i].result.has_value();
  }
  cooldowns_.clear();
  for (const auto& [where, kept] : s.cooldowns) cooldowns_[where] = {time_.now(), kept.until};
}

bool fleet_checker::lost_by_failover(std::size_t index) const {
  const auto found = holders_.find(index);
  return found != holders_.end() && found->second.excused;
}

void fleet_checker::committed_by(const std::vector<ledger_job>& jobs, const committed& done, const std::vector<row>& rows) {
  const std::set<row_id> written(done.rows.begin(), done.rows.end());
  for (const auto& job : jobs) {
    const auto* r = std::get_if<engine::record_outcome>(&job);
    if (r == nullptr) continue;
    const auto i = index_of(r->row);
    const bool there = rows[i].result && rows[i].written_under == r->token;
    if (written.contains(r->row) && !there) violated(name_of(i) + " is acknowledged, and its outcome is not in the database");
    if (!written.contains(r->row) && there) violated(name_of(i) + " is reported as lost, and its outcome was written under this claim");
  }
}

void fleet_checker::session_given_up() {
  if (failed_over_ == mono_time::min()) violated("a session ends before its lease, and no failover is the cause");
}

void fleet_checker::lease_believed(lease_token session, mono_time until) {
  const auto& l = leases_[session];
  if (until > l.expires && !l.left && failed_over_ == mono_time::min())
    violated("a worker believes that its lease lasts longer than it does");
}

void fleet_checker::process_begins(unsigned worker) {
  workers_[worker] = {.suspended = false, .exchanged = time_.now(), .resumed = time_.now()};
  for (auto& [key, calls] : in_flight_) std::erase_if(calls, [worker](const in_flight& one) { return one.worker == worker; });
}

// ---- calls

void fleet_checker::check_lease(const call& c, const std::string& name) {
  const auto& l = leases_[c.session];
  if (workers_[c.worker].suspended) violated(name + " sent after a renewal failed");
  if (l.lost) {
    if (time_.now() > failed_over_ + 30s) violated(name + " sent long after its session was lost");
    return;
  }
  if (failed_over_ > time_.now() - 60s) return;
  if (time_.now() >= l.expires - lease_margin) violated(name + " sent when its lease had ended, or within the margin");
}

// One call in flight for each key, in all workers, unless a lease ended.
void fleet_checker::check_key(const call& c, const std::string& name) {
  auto& now = in_flight_[c.key];
  for (const auto& other : now) {
    if (other.worker == c.worker) violated(name + " sent while its key is in flight in the same process");
    if (live(other.session) && !holders_[c.index].excused) violated(name + " sent while another worker has a call for its key in flight");
  }
  now.push_back({c.session, c.worker});
  const auto& h = holders_[c.index];
  if (h.token == c.token && h.stale && c.stale && time_.now() < h.free_since + scenario_.job.engine.attempt_timeout)
    violated(name + " was another worker's, and was sent before an attempt timeout had passed since that worker's lease ended");
}

void fleet_checker::check_cooldown(const call& c, const std::string& name) {
  const auto& w = workers_[c.worker];
  for (const auto organizer : {std::optional<organizer_id>(), std::optional(c.organizer)}) {
    const auto found = cooldowns_.find({c.lane, organizer});
    if (found == cooldowns_.end() || time_.now() >= found->second.until) continue;
    // Whether it can know: it has exchanged since, or should have.
    const auto known = std::max(found->second.saved, w.resumed) + exchange_takes;
    if (w.exchanged > found->second.saved || time_.now() > known) {
      violated(name + " sent inside a cooldown that another worker announced");
      return;
    }
  }
}

void fleet_checker::check_speed(const call& c) {
  auto& recent = recent_[c.lane];
  recent.push_back(time_.now());
  while (recent.front() < time_.now() - speed_window) recent.pop_front();
  const double rate = scenario_.job.engine.rate;
  // Each worker may have saved the calls of a second, and a change of the parts takes an exchange to reach all of them.
  const double allowed = rate * in_seconds(speed_window) + rate * 3 + 3.0 * (scenario_.workers + scenario_.late_joins);
  if (static_cast<double>(recent.size()) > allowed)
    violated(std::to_string(recent.size()) + " calls in 10 s are more than the rate of the lane allows");
}

void fleet_checker::sent(const call& c) {
  ++calls_;
  const auto name = name_of(c.index);
  check_lease(c, name);
  check_key(c, name);
  check_cooldown(c, name);
  check_speed(c);
}

void fleet_checker::over(unsigned worker, key_id key) {
  std::erase_if(in_flight_[key], [worker](const in_flight& one) { return one.worker == worker; });
}

void fleet_checker::arrived(std::size_t index, key_id key, lease_token session, mono_time done) {
  auto& b = busy_[key];
  if (holders_[index].excused) {
    b = {std::max(b.until, done), session};
    return;
  }
  if (time_.now() < b.until && b.session != session && live(b.session))
    violated(name_of(index) + " arrived while the service carries out the call of another worker, whose lease has not ended");
  if (time_.now() < b.until && b.session == session) violated(name_of(index) + " arrived while another call of its key was in progress");
  if (time_.now() < b.until && b.session != session && failed_over_ == mono_time::min())
    violated(name_of(index) + " arrived while the service may carry out the call of a worker whose lease has ended");
  b = {std::max(b.until, done), session};
}

void fleet_checker::gone(key_id key, mono_time notices) {
  auto& b = busy_[key];
  b.until = std::min(b.until, notices);
}

}  // namespace convoke::simulation::fleet
