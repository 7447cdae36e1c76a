#include "run/foresight.hpp"

#include <algorithm>

#include "engine/forecast.hpp"
#include "engine/scopes.hpp"
#include "run/driver_setup.hpp"

namespace convoke::run {
namespace {

forecast make(const job& j, const engine::work_ahead& work, const std::optional<ledger::saved_pace>& learnt, utc_time open_at,
              utc_time wall) {
  return engine::foresee(engine_settings(j, 1), work, remembered(learnt, wall), std::max(open_at, wall) - wall);
}

utc_time obeyed(utc_time until, utc_time saved, const job& j) {
  return engine::obey_saved(until, saved, j.pace.max_cooldown).until;
}

}  // namespace

forecast foresee(const job& j, const plan_summary& plan, const ledger::lane_memory& memory, utc_time wall) {
  engine::work_ahead work{.calls = plan.calls};
  for (const auto& o : plan.organizers) work.busiest = std::max(work.busiest, o.calls);
  auto open_at = wall;
  for (const auto& f : memory.cooldowns)
    if (f.organizer.empty() && !j.pace.forget_cooldowns) open_at = std::max(open_at, obeyed(f.until, f.saved_at, j));
  return make(j, work, memory.learnt, open_at, wall);
}

forecast foresee(const job& j, const ledger::opened_run& opened, utc_time wall) {
  engine::work_ahead work{.calls = calls_owed(opened)};
  for (const auto& o : opened.organizers) work.busiest = std::max<std::uint64_t>(work.busiest, o.fresh + o.stale);
  auto open_at = wall;
  for (const auto& f : opened.cooldowns)
    if (!f.organizer) open_at = std::max(open_at, obeyed(f.until, f.saved_at, j));
  return make(j, work, opened.learnt.empty() ? std::nullopt : opened.learnt.front(), open_at, wall);
}

std::optional<forecast> foresee(const ledger::run_status& run, utc_time wall) {
  if (run.calls_left == 0 || run.lanes.empty() || !run.lanes.front().learnt) return std::nullopt;
  const auto& lane = run.lanes.front();
  job as_learnt;
  as_learnt.pace.rate = std::max(as_learnt.pace.rate, lane.learnt->pace.rate);
  auto open_at = wall;
  for (const auto& f : lane.cooldowns)
    if (f.organizer.empty()) open_at = std::max(open_at, f.until);
  return make(as_learnt, {.calls = run.calls_left}, lane.learnt, open_at, wall);
}

}  // namespace convoke::run
