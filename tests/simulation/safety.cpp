#include "simulation/safety.hpp"

#include <algorithm>
#include <array>

namespace convoke::simulation {

using namespace std::chrono_literals;

namespace {

using sim::fault;

plot calm(std::uint64_t seed, const char* name) {
  plot p;
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
  p.net.idle_drop = 0.01;
  p.net.refused = 0.03;
  return p;
}

// 5xx, cut, unbelievable and lost answers, before and after the meeting was made.
void add_faults(plot& p, double total) {
  p.service.faults.spread(total);
}
void add_bad_network(plot& p, dice& d) {
  p.net.lost = d.between(0, 0.02);
  p.net.deaf = d.between(0, 0.03);
  p.net.duplicated = d.between(0, 0.03);
  p.net.stale = d.between(0, 0.05);
  p.net.starved = d.chance(0.3) ? 0.01 : 0;
}
// Answers to other requests, answers that do not say which one they are for, and half answers.
void add_doubtful_answers(plot& p, dice& d) {
  p.net.stray = d.between(0, 0.05);
  p.net.cut = d.between(0, 0.1);
  p.net.unnamed = d.chance(0.5) ? d.between(0, 1) : 0;
}
void add_hidden_limits(plot& p, dice& d) {
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
void add_random_throttles(plot& p, dice& d, double longest) {
  p.service.faults[fault::throttle] = d.between(0.01, 0.15);
  p.service.faults[fault::throttle_after] = d.between(0, 0.03);
  p.service.faults[fault::throttle_503] = d.between(0, 0.03);
  p.service.throttle.random_wait = d.log_between(1, longest);
  p.service.throttle.random_scope = sim::scope_kind::mix;
}
void add_kills(plot& p, dice& d) {
  p.crashes = 2 + static_cast<unsigned>(d.below(6));
  p.interrupts = static_cast<unsigned>(d.below(5));
}
void add_the_past(plot& p, dice& d) {
  p.known = d.between(0, 0.2);
  p.drifted = d.between(0, 0.1);
  p.shared_keys = d.chance(0.3) ? d.between(0, 0.3) : 0;
  p.skew = d.chance(0.3) ? d.between(0, 0.9) : 0;
}

plot good_day(std::uint64_t seed, dice& d) {
  auto p = calm(seed, "good day");
  add_the_past(p, d);
  return p;
}
plot faults(std::uint64_t seed, dice& d) {
  auto p = calm(seed, "faults");
  add_faults(p, d.between(0, 0.3));
  add_bad_network(p, d);
  add_doubtful_answers(p, d);
  p.service.faults[fault::false_401] = d.chance(0.2) ? 0.005 : 0;
  p.engine.max_attempts = 1 + static_cast<unsigned>(d.below(6));
  return p;
}
plot throttles(std::uint64_t seed, dice& d) {
  auto p = calm(seed, "throttles");
  p.rows = 60;
  add_hidden_limits(p, d);
  add_random_throttles(p, d, d.chance(0.3) ? 3600 : 60);
  if (d.chance(0.3)) p.engine.row_deadline = seconds_of(d.log_between(5, 300));
  add_faults(p, 0.02);
  if (d.chance(0.5)) add_kills(p, d);
  return p;
}
plot kills(std::uint64_t seed, dice& d) {
  auto p = calm(seed, "kills");
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
plot tokens(std::uint64_t seed, dice& d) {
  auto p = calm(seed, "tokens");
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
plot refusals(std::uint64_t seed, dice& d) {
  auto p = calm(seed, "refusals");
  p.organizers = 8;
  p.lost_organizers = static_cast<unsigned>(d.below(4));
  p.refused_rows = d.between(0, 0.1);
  if (d.chance(0.7)) add_doubtful_answers(p, d);
  add_the_past(p, d);
  if (d.chance(0.5)) add_kills(p, d);
  if (d.chance(0.5)) add_faults(p, 0.05);
  return p;
}
plot outage(std::uint64_t seed, dice& d) {
  auto p = calm(seed, "outage");
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
plot storm(std::uint64_t seed, dice& d) {
  auto p = calm(seed, "storm");
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
plot absurd_waits(std::uint64_t seed, dice& d) {
  auto p = calm(seed, "absurd waits");
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
plot used_once(std::uint64_t seed, dice& d) {
  auto p = calm(seed, "used once");
  p.rows = 400;
  p.net.used_once = true;
  p.engine.rate = d.log_between(2, 200);
  if (d.chance(0.3)) p.engine.connections = 1 + static_cast<unsigned>(d.below(3));
  if (d.chance(0.3)) p.organizers = 1;
  if (d.chance(0.3)) p.interrupts = 2;
  return p;
}
plot many(std::uint64_t seed, dice& d) {
  auto p = calm(seed, "many organizers");
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
plot everything(std::uint64_t seed, dice& d) {
  auto p = calm(seed, "everything");
  p.organizers = 2 + static_cast<unsigned>(d.below(20));
  add_the_past(p, d);
  add_faults(p, d.between(0, 0.15));
  add_bad_network(p, d);
  if (d.chance(0.5)) add_doubtful_answers(p, d);
  add_hidden_limits(p, d);
  add_random_throttles(p, d, 30);
  add_kills(p, d);
  p.wall_jumps = 3;
  p.refused_rows = 0.01;
  p.service.tokens.lifetime_seconds = d.between(20, 200);
  p.engine.rate = d.log_between(5, 200);
  return p;
}

}  // namespace

plot safety_plot(std::uint64_t seed) {
  dice d(seed, 5);
  static constexpr std::array plots = {good_day, faults, throttles, kills, tokens, refusals, outage, kills, everything, everything, storm};
  if (seed % 97 == 0) return many(seed, d);
  auto p = seed % 13 == 5 ? used_once(seed, d) : seed % 17 == 3 ? absurd_waits(seed, d) : plots[seed % plots.size()](seed, d);
  // A ledger owes a key once: two rows of it meet in one process only, never in one and the next.
  if (p.crashes + p.interrupts > 0) p.shared_keys = 0;
  // Who does not exist, has no policy or no licence: only such worlds know of organizers that are refused.
  for (unsigned i = 0; i < p.lost_organizers; ++i) {
    const auto who = organizer_guid(seed, static_cast<std::uint32_t>(d.below(p.organizers)));
    (d.chance(0.5) ? p.service.no_policy : p.service.unlicensed).insert(who);
  }
  return p;
}

safety_result play_safety(std::uint64_t seed, const narrator& tell) {
  auto p = safety_plot(seed);
  auto told = world(p, {}, tell).run();
  safety_result r;
  r.seed = seed;
  r.name = p.name;
  r.calls = told.sends;
  r.processes = told.processes;
  r.early_by_inference = told.early_by_inference;
  r.wrong = std::move(told.wrong);
  if (seed % 20 == 0 && r.wrong.empty() && world(p).run().digest != told.digest) {
    r.wrong.emplace_back("the same seed made another job of it");
  }
  return r;
}

}  // namespace convoke::simulation
