#include "simulation/rules.hpp"

#include <array>
#include <atomic>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "engine/rules.hpp"
#include "simulation/safety.hpp"

namespace convoke::simulation {

namespace {

using engine::rule;

struct removed {
  std::string_view name;
  rule of_engine = rule::none;
  guarantee of_ledger = guarantee::none;
};

constexpr std::array table = {
    removed{"one call per key in flight", rule::one_call_per_key},
    removed{"a key waits 5 s after a timeout", rule::rest_after_timeout},
    removed{"the lane's cooldown is obeyed", rule::lane_cooldown_obeyed},
    removed{"an app's cooldown closes all lanes of the app", rule::app_cooldown_shared},
    removed{"and does not close lanes of other apps", rule::app_cooldown_bounded},
    removed{"an organizer's cooldown is obeyed", rule::organizer_cooldown_obeyed},
    removed{"of overlapping cooldowns the latest wins", rule::latest_cooldown_wins},
    removed{"jitter never shortens Retry-After", rule::never_early},
    removed{"cooldowns are saved", rule::cooldowns_saved},
    removed{"and obeyed by the next process", rule::cooldowns_restored},
    removed{"one probe after a cut cooldown", rule::cut_cooldown_probed},
    removed{"stale rows wait an attempt timeout and are sent last", rule::stale_rows_wait},
    removed{"rows whose key must wait stay claimed at the end", rule::resting_rows_stay},
    removed{"an observation is durable before the next operation", rule::advance_durable},
    removed{"rows that another process took over are dropped", rule::lost_writes_forgotten},
    removed{"a lane that stops does not stop the others", rule::lanes_stop_alone},
    removed{"a closed connection is followed by a new one", rule::new_after_stale},
    removed{"attempts are bounded", rule::attempts_bounded},
    removed{"throttles cost no attempt", rule::throttles_are_free},
    removed{"rows not acknowledged are bounded", rule::acknowledged_bounded},
    removed{"and the bytes of their answers", rule::bytes_bounded},
    removed{"the last commit is awaited", rule::acknowledged_first},
    removed{"--organizer-concurrency", rule::organizer_concurrency},
    removed{"--organizer-rate", rule::organizer_rate},
    removed{"an organizer is closed after its calls have ended", rule::closed_when_back},
    removed{"an answer to another request is a fault", rule::answers_bound},
    removed{"an unproven refusal is requested once more", rule::permanence_proven},
    removed{"a refused token is not used again", rule::refused_token_rests},
    removed{"--row-deadline", rule::deadline_kept},
    removed{"--max-duration", rule::duration_kept},
    removed{"one probe at a time in an outage", rule::outage_probes},
    removed{"no call after an interrupt", rule::nothing_after_stop},
    removed{"ledger: claims are durable before the call", rule::none, guarantee::claims_kept},
    removed{"ledger: the next operation survives a crash", rule::none, guarantee::advances_kept},
    removed{"ledger: writes check the token", rule::none, guarantee::token_checked},
    removed{"ledger: outcomes are insert-only", rule::none, guarantee::insert_only},
};
static_assert(table.size() ==
              static_cast<std::size_t>(rule::first_of_several_workers) - 1 + static_cast<std::size_t>(guarantee::count_) - 1);

struct detection {
  std::uint64_t seed = 0;  // 0: the removal was not noticed
  std::string scenario, how;
};

detection seek(const removal& r, safety_result (*simulate)(std::uint64_t, const event_log&), unsigned seeds) {
  r.remove();
  detection found;
  for (std::uint64_t seed = 1; seed <= seeds && found.seed == 0; ++seed) {
    const auto done = simulate(seed, {});
    if (!done.violations.empty()) found = {seed, done.name, done.violations.front()};
  }
  r.restore();
  // It proves something only where the same seed breaks no invariant with the rule.
  if (found.seed > 0 && !simulate(found.seed, {}).violations.empty()) found = {0, {}, {}};
  return found;
}

}  // namespace

bool check_removals(const std::vector<removal>& rules, safety_result (*simulate)(std::uint64_t, const event_log&), unsigned seeds,
                    unsigned jobs) {
  std::vector<detection> found(rules.size());
  std::atomic<std::size_t> next{0};
  std::vector<std::jthread> threads;
  for (unsigned t = 0; t < jobs; ++t)
    threads.emplace_back([&] {
      for (auto i = next++; i < rules.size(); i = next++) found[i] = seek(rules[i], simulate, seeds);
    });
  threads.clear();
  bool all = true;
  fmt::print("{:<52} {:>6}  {}\n", "rule removed", "seeds", "what was noticed");
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const auto& f = found[i];
    all = all && f.seed > 0;
    fmt::print("{:<52} {:>6}  {}\n", rules[i].name, f.seed > 0 ? std::to_string(f.seed) : "> " + std::to_string(seeds),
               f.seed > 0 ? f.scenario + ": " + f.how : "NOT NOTICED");
  }
  return all;
}

bool check_rules(unsigned seeds, unsigned jobs) {
  std::vector<removal> rules;
  for (const auto& r : table) {
    rules.push_back({r.name,
                     [r] {
                       engine::switched_off = r.of_engine;
                       disabled_guarantee = r.of_ledger;
                     },
                     [] {
                       engine::switched_off = rule::none;
                       disabled_guarantee = guarantee::none;
                     }});
  }
  return check_removals(rules, simulate_safety, seeds, jobs);
}

}  // namespace convoke::simulation
