#include <array>

#include "simulation/fleet/scenario.hpp"

namespace convoke::simulation::fleet {

using namespace std::chrono_literals;

namespace {

using sim::fault;

scenario baseline(std::uint64_t seed, const char* name, random_source& d) {
  scenario s;
  auto& p = s.job;
  p.seed = seed;
  p.name = name;
  p.organizers = 2 + static_cast<unsigned>(d.below(8));
  p.rows = 60 + static_cast<unsigned>(d.below(240));
  p.engine.rate = d.log_between(2, 40);
  p.engine.connections = 4;
  p.engine.row_deadline = 6h;
  p.service.small_answers = true;
  p.service.latency.shape = sim::latency_options::kind::lognormal;
  p.service.latency.median_seconds = 0.08;
  p.service.latency.sigma = 0.5;
  p.service.slow_seconds = 22;
  p.net.refused = 0.02;
  p.commit = d.chance(0.3) ? 200ms : 15ms;
  s.workers = 1 + static_cast<unsigned>(d.below(6));
  s.trouble = seconds_of(d.between(60, 240));
  s.follow = d.chance(0.4);
  s.skew = d.chance(0.5) ? seconds_of(d.between(0, 3600)) : 0s;
  return s;
}

void add_database_faults(scenario& s, random_source& d) {
  s.latency = d.chance(0.5) ? 4ms : 100ms;
  s.slow = d.chance(0.3) ? d.between(0, 0.05) : 0;
  s.lost = d.between(0, 0.05);
  s.in_doubt = d.between(0, 0.1);
}
void add_service_faults(scenario& s, random_source& d) {
  s.job.service.faults.spread(d.between(0, 0.1));
  s.job.net.answer_lost = d.between(0, 0.03);
  s.job.net.duplicated = d.between(0, 0.03);
  s.job.net.stale = d.between(0, 0.05);
}
void add_kills(scenario& s, random_source& d) {
  s.kills = 1 + static_cast<unsigned>(d.below(5));
  s.drains = static_cast<unsigned>(d.below(3));
}
void add_late_runs(scenario& s, random_source& d) {
  s.late_runs = 1 + static_cast<unsigned>(d.below(4));
  s.late_rows = s.late_runs * (5 + static_cast<unsigned>(d.below(20)));
  s.overlapping = d.between(0.3, 1);
}
void add_operations(scenario& s, random_source& d) {
  s.job.with_update_rule = d.between(0.3, 1);
  s.job.known = d.between(0, 0.3);
  s.job.different = d.between(0, 0.2);
}
void add_throttles(scenario& s, random_source& d) {
  auto& t = s.job.service.throttle;
  t.scope_header = true;
  t.form = sim::retry_after_form::decimal;
  t.random_wait = d.log_between(1, 60);
  t.random_scope = static_cast<sim::scope_kind>(d.below(3));
  s.job.service.faults[fault::throttle] = d.between(0.005, 0.05);
}

scenario quiet(std::uint64_t seed, random_source& d) {
  auto s = baseline(seed, "no failures", d);
  s.late_joins = static_cast<unsigned>(d.below(3));
  return s;
}
scenario kills(std::uint64_t seed, random_source& d) {
  auto s = baseline(seed, "kills", d);
  add_kills(s, d);
  add_service_faults(s, d);
  s.late_joins = static_cast<unsigned>(d.below(3));
  return s;
}
scenario pauses(std::uint64_t seed, random_source& d) {
  auto s = baseline(seed, "pauses", d);
  s.pauses = 1 + static_cast<unsigned>(d.below(6));
  add_database_faults(s, d);
  if (d.chance(0.5)) add_service_faults(s, d);
  return s;
}
scenario partitions(std::uint64_t seed, random_source& d) {
  auto s = baseline(seed, "partitions", d);
  s.database_cuts = 1 + static_cast<unsigned>(d.below(5));
  s.service_cuts = static_cast<unsigned>(d.below(4));
  add_database_faults(s, d);
  if (d.chance(0.4)) {
    // A worker that is cut off has rows to send for a long time.
    s.job.engine.rate = d.between(0.2, 0.6);
    s.job.rows = 30 + static_cast<unsigned>(d.below(50));
  }
  return s;
}
scenario doubts(std::uint64_t seed, random_source& d) {
  auto s = baseline(seed, "commits in doubt", d);
  add_database_faults(s, d);
  s.in_doubt = d.between(0.1, 0.4);
  if (d.chance(0.5)) add_service_faults(s, d);
  if (d.chance(0.5)) add_operations(s, d);
  return s;
}
scenario failovers(std::uint64_t seed, random_source& d) {
  auto s = baseline(seed, "failovers", d);
  s.failovers = 1 + static_cast<unsigned>(d.below(3));
  if (d.chance(0.5)) add_kills(s, d);
  if (d.chance(0.5)) add_operations(s, d);
  return s;
}
scenario throttles(std::uint64_t seed, random_source& d) {
  auto s = baseline(seed, "throttles", d);
  add_throttles(s, d);
  if (d.chance(0.4)) s.job.service.throttle.lane.rate = d.log_between(2, 20);
  if (d.chance(0.3)) add_kills(s, d);
  if (d.chance(0.3)) s.wall_jumps = 2;
  return s;
}
scenario late_runs(std::uint64_t seed, random_source& d) {
  auto s = baseline(seed, "late runs", d);
  add_late_runs(s, d);
  s.job.engine.rate = d.log_between(1, 10);
  s.job.service.latency.median_seconds = d.log_between(0.08, 3);
  if (d.chance(0.5)) add_operations(s, d);
  if (d.chance(0.5)) add_kills(s, d);
  if (d.chance(0.3)) add_database_faults(s, d);
  return s;
}
scenario all(std::uint64_t seed, random_source& d) {
  auto s = baseline(seed, "all failures", d);
  add_kills(s, d);
  add_late_runs(s, d);
  add_operations(s, d);
  add_throttles(s, d);
  add_service_faults(s, d);
  add_database_faults(s, d);
  s.pauses = static_cast<unsigned>(d.below(4));
  s.database_cuts = static_cast<unsigned>(d.below(4));
  s.service_cuts = static_cast<unsigned>(d.below(3));
  s.failovers = d.chance(0.5) ? 1 : 0;
  s.wall_jumps = 3;
  s.job.lanes = d.chance(0.3) ? 2 : 1;
  return s;
}

}  // namespace

scenario fleet_scenario(std::uint64_t seed) {
  random_source d(seed, 55);
  static constexpr std::array kinds = {quiet, kills, pauses, partitions, doubts, failovers, throttles, late_runs, all, all};
  auto s = kinds[seed % kinds.size()](seed, d);
  // In half of the fleets calls go together into one request.
  static constexpr std::array sizes = {1U, 20U, 1U, 5U};
  s.job.engine.batch_size = sizes[seed / kinds.size() % sizes.size()];
  if (s.job.own) s.job.own->batch_size = s.job.engine.batch_size;
  return s;
}

}  // namespace convoke::simulation::fleet
