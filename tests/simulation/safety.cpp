#include "simulation/safety.hpp"

#include <algorithm>
#include <array>

namespace convoke::simulation {

using namespace std::chrono_literals;

namespace {

using sim::fault;

scenario baseline(std::uint64_t seed, const char* name) {
  scenario p;
  p.seed = seed;
  p.name = name;
  p.engine.rate = 50;
  p.engine.connections = 6;
  p.engine.row_deadline = 6h;
  p.service.small_answers = true;
  p.service.latency.shape = sim::latency_options::kind::lognormal;
  p.service.latency.median_seconds = 0.08;
  p.service.latency.sigma = 0.5;
  p.service.slow_seconds = 22;
  p.service.tokens.retry_after = 1;
  p.net.idle_closed = 0.01;
  p.net.refused = 0.03;
  return p;
}

// 5xx, cut, malformed and lost answers, before and after the operation was carried out.
void add_faults(scenario& p, double total) {
  p.service.faults.spread(total);
}
void add_bad_network(scenario& p, random_source& d) {
  p.net.request_lost = d.between(0, 0.02);
  p.net.answer_lost = d.between(0, 0.03);
  p.net.duplicated = d.between(0, 0.03);
  p.net.stale = d.between(0, 0.05);
  p.net.out_of_sockets = d.chance(0.3) ? 0.01 : 0;
}
// Answers to other requests, answers that do not name their request, and cut answers.
void add_doubtful_answers(scenario& p, random_source& d) {
  p.net.stray = d.between(0, 0.05);
  p.net.cut = d.between(0, 0.1);
  p.net.unnamed = d.chance(0.5) ? d.between(0, 1) : 0;
}
void add_hidden_limits(scenario& p, random_source& d) {
  using form = sim::retry_after_form;
  static constexpr std::array forms = {form::integer,   form::decimal, form::date,    form::joined,
                                       form::two_lines, form::absent,  form::garbage, form::mix};
  auto& t = p.service.throttle;
  t.window = static_cast<sim::window_kind>(d.below(3));
  t.window_seconds = d.chance(0.7) ? 1 : 5;
  t.lane.rate = d.chance(0.7) ? std::max(2.0, std::round(d.log_between(4, 60))) : 0;
  if (d.chance(0.4)) t.organizer.rate = std::max(1.0, std::round(d.log_between(1, 6)));
  t.throttled_count = d.chance(0.5);
  t.scope_header = d.chance(0.5);
  t.form = forms[d.below(forms.size())];
}
void add_random_throttles(scenario& p, random_source& d, double longest) {
  p.service.faults[fault::throttle] = d.between(0.01, 0.15);
  p.service.faults[fault::throttle_after] = d.between(0, 0.03);
  p.service.faults[fault::throttle_503] = d.between(0, 0.03);
  p.service.throttle.random_wait = d.log_between(1, longest);
  p.service.throttle.random_scope = sim::scope_kind::mix;
}
void add_kills(scenario& p, random_source& d) {
  p.crashes = 2 + static_cast<unsigned>(d.below(6));
  p.interrupts = static_cast<unsigned>(d.below(5));
}
void add_existing_meetings(scenario& p, random_source& d) {
  p.known = d.between(0, 0.2);
  p.different = d.between(0, 0.1);
  p.shared_keys = d.chance(0.3) ? d.between(0, 0.3) : 0;
  p.skew = d.chance(0.3) ? d.between(0, 0.9) : 0;
}

void add_operations(scenario& p, random_source& d) {
  p.with_update_rule = d.between(0.3, 1);
  p.later_operation = d.between(0, 0.6);
  p.deleted_before = d.between(0, 0.4);
}

scenario no_faults(std::uint64_t seed, random_source& d) {
  auto p = baseline(seed, "no faults");
  add_existing_meetings(p, d);
  return p;
}
scenario faults(std::uint64_t seed, random_source& d) {
  auto p = baseline(seed, "faults");
  add_faults(p, d.between(0, 0.3));
  add_bad_network(p, d);
  add_doubtful_answers(p, d);
  p.service.faults[fault::false_401] = d.chance(0.2) ? 0.005 : 0;
  p.engine.max_attempts = 1 + static_cast<unsigned>(d.below(6));
  return p;
}
scenario throttles(std::uint64_t seed, random_source& d) {
  auto p = baseline(seed, "throttles");
  p.rows = 60;
  add_hidden_limits(p, d);
  add_random_throttles(p, d, d.chance(0.3) ? 3600 : 60);
  if (d.chance(0.3)) p.engine.row_deadline = seconds_of(d.log_between(5, 300));
  add_faults(p, 0.02);
  if (d.chance(0.5)) add_kills(p, d);
  return p;
}
scenario kills(std::uint64_t seed, random_source& d) {
  auto p = baseline(seed, "kills");
  p.organizers = 2 + static_cast<unsigned>(d.below(9));
  p.engine.rate = 20;
  p.engine.organizer_concurrency = 1 + static_cast<unsigned>(d.below(4));
  add_kills(p, d);
  add_faults(p, 0.05);
  add_bad_network(p, d);
  if (d.chance(0.5)) add_hidden_limits(p, d);
  p.rollbacks = d.chance(0.3) ? 1 : 0;
  p.wall_jumps = d.chance(0.3) ? 2 : 0;
  p.commit = d.chance(0.3) ? 200ms : 15ms;
  return p;
}
scenario tokens(std::uint64_t seed, random_source& d) {
  auto p = baseline(seed, "tokens");
  p.service.tokens.lifetime_seconds = d.between(4, 24);
  p.service.tokens.fault_rate = d.between(0, 0.3);
  p.refresh_early = d.chance(0.5);
  if (d.chance(0.5)) p.token_wait = 4s;
  p.engine.max_unacknowledged = 3 + static_cast<unsigned>(d.below(8));
  p.engine.max_unacknowledged_bytes = 2000 + d.below(10000);
  if (d.chance(0.5)) p.engine.organizer_rate = 5;
  add_faults(p, 0.03);
  return p;
}
scenario refusals(std::uint64_t seed, random_source& d) {
  auto p = baseline(seed, "refusals");
  p.organizers = 8;
  p.refused_organizers = static_cast<unsigned>(d.below(4));
  p.refused_rows = d.between(0, 0.1);
  if (d.chance(0.7)) add_doubtful_answers(p, d);
  add_existing_meetings(p, d);
  if (d.chance(0.5)) add_kills(p, d);
  if (d.chance(0.5)) add_faults(p, 0.05);
  return p;
}
scenario outage(std::uint64_t seed, random_source& d) {
  auto p = baseline(seed, "outage");
  p.engine.rate = 5;
  const auto from = seconds_of(d.between(1, 20));
  p.net.outages.push_back({from, from + seconds_of(d.log_between(5, 900))});
  p.net.outages_connect = d.chance(0.5);
  if (d.chance(0.3)) p.engine.max_outage = 5min;
  if (d.chance(0.3)) p.engine.row_deadline = 10min;
  if (d.chance(0.2)) p.engine.max_duration = 2min;
  return p;
}
// Throttled answers of all lengths, many of them at once.
scenario many_throttles(std::uint64_t seed, random_source& d) {
  auto p = baseline(seed, "many throttles");
  p.rows = 60;
  p.engine.connections = 24;
  p.engine.start_rate = p.engine.rate = 100;
  p.service.throttle.scope_header = d.chance(0.7);
  p.service.throttle.form = sim::retry_after_form::decimal;
  p.service.throttle.random_wait = d.log_between(0.5, 20);
  p.service.throttle.random_scope = static_cast<sim::scope_kind>(d.below(3));
  p.service.faults[fault::throttle] = d.between(0.1, 0.6);
  if (d.chance(0.5)) add_kills(p, d);
  return p;
}
// Implausible waits, beside others.
scenario implausible_waits(std::uint64_t seed, random_source& d) {
  auto p = baseline(seed, "implausible waits");
  p.rows = 60;
  p.exaggerates = true;
  p.service.throttle.scope_header = d.chance(0.7);
  p.service.throttle.form = d.chance(0.7) ? sim::retry_after_form::decimal : sim::retry_after_form::mix;
  p.service.throttle.random_wait = d.log_between(60, 1e9);
  p.service.throttle.random_scope = sim::scope_kind::mix;
  p.service.faults[fault::throttle] = d.between(0.02, 0.2);
  p.engine.max_cooldown = seconds_of(d.chance(0.5) ? d.between(2, 60) : d.log_between(60, 7200));
  p.engine.row_deadline = 24h;
  if (d.chance(0.5)) add_faults(p, 0.05);
  if (d.chance(0.5)) add_kills(p, d);
  return p;
}
// A server that closes every connection at its second request.
scenario single_use(std::uint64_t seed, random_source& d) {
  auto p = baseline(seed, "single-use connections");
  p.rows = 400;
  p.net.single_use = true;
  p.engine.rate = d.log_between(2, 200);
  if (d.chance(0.3)) p.engine.connections = 1 + static_cast<unsigned>(d.below(3));
  if (d.chance(0.3)) p.organizers = 1;
  if (d.chance(0.3)) p.interrupts = 2;
  return p;
}
scenario many(std::uint64_t seed, random_source& d) {
  auto p = baseline(seed, "many organizers");
  p.organizers = d.chance(0.5) ? 300 : 1;
  p.rows = 3000;
  p.engine.rate = 2000;
  p.engine.connections = 32;
  add_faults(p, 0.01);
  p.crashes = 2;
  if (d.chance(0.3)) add_hidden_limits(p, d);
  if (p.service.throttle.lane.rate > 0) p.service.throttle.lane.rate *= 10;
  p.service.throttle.organizer.rate = 0;
  return p;
}
scenario all_faults(std::uint64_t seed, random_source& d) {
  auto p = baseline(seed, "all faults");
  p.organizers = 2 + static_cast<unsigned>(d.below(20));
  add_existing_meetings(p, d);
  add_faults(p, d.between(0, 0.15));
  add_bad_network(p, d);
  if (d.chance(0.5)) add_doubtful_answers(p, d);
  add_hidden_limits(p, d);
  add_random_throttles(p, d, 30);
  add_kills(p, d);
  if (d.chance(0.5)) add_operations(p, d);
  p.wall_jumps = 3;
  p.refused_rows = 0.01;
  p.service.tokens.lifetime_seconds = d.between(20, 200);
  p.engine.rate = d.log_between(5, 200);
  return p;
}

// Rows that owe several operations, one after the other, or begin with another one than createOrGet.
scenario operations(std::uint64_t seed, random_source& d) {
  auto p = baseline(seed, "operations");
  add_operations(p, d);
  p.known = d.between(0.2, 0.6);
  p.different = d.between(0.1, 0.4);
  if (d.chance(0.6)) add_faults(p, d.between(0, 0.25));
  if (d.chance(0.5)) add_bad_network(p, d);
  if (d.chance(0.4)) add_doubtful_answers(p, d);
  if (d.chance(0.4)) add_hidden_limits(p, d);
  if (d.chance(0.6)) add_kills(p, d);
  if (d.chance(0.3)) p.take_overs = 1 + static_cast<unsigned>(d.below(4));
  p.commit = d.chance(0.4) ? 300ms : 15ms;
  p.refused_rows = d.chance(0.3) ? 0.02 : 0;
  p.rollbacks = d.chance(0.2) ? 1 : 0;
  return p;
}
// Another process claims rows of this one, as it may when a lease has ended.
scenario lost_leases(std::uint64_t seed, random_source& d) {
  auto p = baseline(seed, "lost leases");
  p.take_overs = 2 + static_cast<unsigned>(d.below(8));
  p.life = 10s;
  p.commit = d.chance(0.5) ? 300ms : 15ms;
  p.known = d.between(0, 0.4);
  p.different = d.between(0, 0.3);
  add_operations(p, d);
  if (d.chance(0.5)) add_faults(p, 0.1);
  if (d.chance(0.5)) add_kills(p, d);
  p.engine.max_attempts = 1 + static_cast<unsigned>(d.below(6));
  return p;
}
// Two lanes, of one application or of two, with settings and faults of their own.
scenario two_lanes(std::uint64_t seed, random_source& d) {
  auto p = baseline(seed, "two lanes");
  p.lanes = 2;
  p.organizers = 2 + static_cast<unsigned>(d.below(9));
  p.one_app = d.chance(0.5);
  add_existing_meetings(p, d);
  if (d.chance(0.5)) add_operations(p, d);
  if (d.chance(0.5)) {
    p.own = p.engine;
    p.own->rate = d.log_between(5, 100);
    p.own->connections = 1 + static_cast<unsigned>(d.below(8));
    p.own->organizer_concurrency = 1 + static_cast<unsigned>(d.below(4));
    p.own->max_attempts = 1 + static_cast<unsigned>(d.below(6));
    if (d.chance(0.3)) p.own->organizer_rate = 5;
  }
  if (d.chance(0.4)) p.wrong_credentials = 1 + static_cast<unsigned>(d.below(2));
  // The application is throttled in one lane; the other one has no faults, so that any that it reports breaks an invariant.
  p.last_service = p.service;
  if (d.chance(0.7)) {
    auto& t = p.service.throttle;
    p.service.faults[fault::throttle] = d.between(0.02, 0.2);
    t.scope_header = true;
    t.random_scope = d.chance(0.7) ? sim::scope_kind::app : sim::scope_kind::mix;
    t.random_wait = d.log_between(1, d.chance(0.3) ? 3600 : 60);
    t.form = sim::retry_after_form::decimal;
    p.last_service->throttle.scope_header = true;
  }
  if (d.chance(0.4)) {
    p.service.faults.spread(0.1);
    if (d.chance(0.5)) p.last_service->faults.spread(0.05);
  }
  if (d.chance(0.5)) add_kills(p, d);
  if (d.chance(0.3)) add_bad_network(p, d);
  return p;
}

}  // namespace

scenario safety_scenario(std::uint64_t seed) {
  random_source d(seed, 5);
  static constexpr std::array kinds = {no_faults, faults,     throttles,  kills,          tokens,     refusals,  outage,
                                       kills,     all_faults, all_faults, many_throttles, operations, two_lanes, lost_leases};
  if (seed % 97 == 0) return many(seed, d);
  // In half of the worlds calls go together into one request.
  static constexpr std::array sizes = {1U, 20U, 1U, 5U};
  auto p = seed % 13 == 5 ? single_use(seed, d) : seed % 17 == 3 ? implausible_waits(seed, d) : kinds[seed % kinds.size()](seed, d);
  if (!p.net.single_use) {
    p.engine.batch_size = sizes[seed / kinds.size() % sizes.size()];
    if (p.own) p.own->batch_size = p.engine.batch_size;
  }
  // Half of these services have faults of whole batches. Those that promise not to have any have none.
  random_source of_batches(seed, 6);
  if (p.engine.batch_size > 1 && !p.last_service && p.name != "no faults" && of_batches.chance(0.5)) {
    p.net.batch_refused = of_batches.between(0, 0.15);
    p.net.batch_damaged = of_batches.between(0, 0.1);
  }
  // A ledger owes a key once: two rows with one key are never claimed by one process and the next.
  if (p.crashes + p.interrupts + p.take_overs + p.wrong_credentials > 0 || p.later_operation > 0) p.shared_keys = 0;
  // Organizers are refused only in worlds with `refused_organizers`.
  for (unsigned i = 0; i < p.refused_organizers; ++i) {
    const auto who = organizer_guid(seed, static_cast<std::uint32_t>(d.below(p.organizers)));
    (d.chance(0.5) ? p.service.no_policy : p.service.unlicensed).insert(who);
  }
  return p;
}

safety_result simulate_safety(std::uint64_t seed, const event_log& log) {
  auto p = safety_scenario(seed);
  auto done = world(p, {}, log).run();
  safety_result r;
  r.seed = seed;
  r.name = p.name;
  r.calls = done.sends;
  r.processes = done.processes;
  r.early_by_inference = done.early_by_inference;
  r.violations = std::move(done.violations);
  if (seed % 20 == 0 && r.violations.empty() && world(p).run().digest != done.digest) {
    r.violations.emplace_back("the same seed gave another job");
  }
  return r;
}

}  // namespace convoke::simulation
