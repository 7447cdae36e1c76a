#include "run/foresight.hpp"

#include <algorithm>

#include "engine/forecast.hpp"
#include "engine/scopes.hpp"
#include "run/driver_setup.hpp"

namespace convoke::run {
namespace {

// One lane of a run: its pace, what is owed, and what is remembered of it.
struct lane_ahead {
  engine::lane_settings settings{};
  engine::work_ahead work{};
  std::optional<ledger::saved_pace> learnt{};
  utc_time open_at{};
};

forecast make(const lane_ahead& of, utc_time wall) {
  return engine::foresee(of.settings, of.work, remembered(of.learnt, wall), std::max(of.open_at, wall) - wall);
}

utc_time obeyed(utc_time until, utc_time saved, const job& j) {
  return engine::obey_saved(until, saved, j.pace.max_cooldown).until;
}

}  // namespace

std::vector<forecast> foresee(const job& j, const plan_summary& plan, std::span<const ledger::lane_memory> memories, utc_time wall) {
  std::vector<forecast> out;
  for (std::size_t i = 0; i < memories.size(); ++i) {
    lane_ahead lane{.settings = lane_settings_of(j, j.lanes[i].pace), .work = {}, .learnt = memories[i].learnt, .open_at = wall};
    for (const auto& o : plan.organizers) {
      if (o.lane != i) continue;
      lane.work.calls += o.calls;
      lane.work.busiest = std::max(lane.work.busiest, o.calls);
    }
    for (const auto& f : memories[i].cooldowns)
      if (f.organizer.empty() && !j.pace.forget_cooldowns) lane.open_at = std::max(lane.open_at, obeyed(f.until, f.saved_at, j));
    out.push_back(make(lane, wall));
  }
  return out;
}

forecast foresee(const job& j, const ledger::opened_run& opened, utc_time wall) {
  const auto options = options_of_lanes(opened.info.header, j);
  std::vector<lane_ahead> lanes(opened.info.header.lanes.size());
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    lanes[i].settings = lane_settings_of(j, options ? (*options)[i]->pace : std::nullopt);
    lanes[i].open_at = wall;
    if (i < opened.learnt.size()) lanes[i].learnt = opened.learnt[i];
  }
  for (const auto& o : opened.organizers) {
    auto& work = lanes[o.lane].work;
    work.calls += o.fresh + o.stale;
    work.busiest = std::max<std::uint64_t>(work.busiest, o.fresh + o.stale);
  }
  for (const auto& f : opened.cooldowns)
    if (!f.organizer) lanes[f.lane].open_at = std::max(lanes[f.lane].open_at, obeyed(f.until, f.saved_at, j));
  std::vector<forecast> out;
  for (const auto& one : lanes) out.push_back(make(one, wall));
  return engine::together(out);
}

std::vector<std::optional<forecast>> foresee_lanes(const ledger::run_status& run, utc_time wall) {
  std::vector<std::optional<forecast>> out(run.lanes.size());
  for (std::size_t i = 0; i < run.lanes.size(); ++i) {
    const auto& memory = run.lanes[i];
    const auto calls = run.calls_left_of_lanes.at(i);
    if (calls == 0 || !memory.learnt) continue;
    lane_ahead lane{.settings = {}, .work = {.calls = calls}, .learnt = memory.learnt, .open_at = wall};
    lane.settings.rate = std::max(lane.settings.rate, memory.learnt->pace.rate);
    for (const auto& f : memory.cooldowns)
      if (f.organizer.empty()) lane.open_at = std::max(lane.open_at, f.until);
    out[i] = make(lane, wall);
  }
  return out;
}

std::optional<forecast> foresee(const ledger::run_status& run, std::span<const std::optional<forecast>> lanes) {
  std::vector<forecast> owing;
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    if (run.calls_left_of_lanes.at(i) == 0) continue;
    if (!lanes[i]) return std::nullopt;
    owing.push_back(*lanes[i]);
  }
  return owing.empty() ? std::nullopt : std::optional(engine::together(owing));
}

}  // namespace convoke::run
