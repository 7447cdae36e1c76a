#include "run/driver_setup.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/text.hpp"
#include "engine/scopes.hpp"
#include "run/validate.hpp"

namespace convoke::run {

namespace {

void set_pace(engine::lane_settings& to, const lane_pace_options& from) {
  to.rate = from.rate;
  to.start_rate = from.start_rate;
  to.fixed_rate = from.fixed_rate;
  to.organizer_rate = from.organizer_rate;
  to.organizer_concurrency = from.organizer_concurrency;
  to.connections = from.connections;
  to.batch_size = from.batch_size;
}

// Also where it is called for a person.
std::string_view application_of(const ledger::lane_name& lane) {
  return std::string_view(lane.app).substr(0, lane.app.find('/'));
}

}  // namespace

engine::settings engine_settings(const job& j, std::uint64_t seed, const session_terms& of) {
  engine::settings s;
  set_pace(s, j.pace);
  s.max_attempts = j.pace.max_attempts;
  s.attempt_timeout = j.pace.attempt_timeout;
  s.row_deadline = j.pace.row_deadline;
  if (j.pace.max_duration) s.max_duration = std::max(std::chrono::nanoseconds(0), *j.pace.max_duration - of.spent);
  s.max_outage = j.pace.max_outage;
  s.max_cooldown = j.pace.max_cooldown;
  s.drain = j.pace.drain;
  s.seed = seed;
  s.shared = of.shared;
  s.follow = of.shared && of.follow;
  return s;
}

engine::lane_settings lane_settings_of(const job& j, const std::optional<lane_pace_options>& own) {
  engine::lane_settings out = engine_settings(j, 0);
  if (own) set_pace(out, *own);
  return out;
}

std::optional<engine::remembered_pace> remembered(const std::optional<ledger::saved_pace>& saved, utc_time wall) {
  if (!saved) return std::nullopt;
  const auto& [pace, when] = *saved;
  return engine::remembered_pace{.pace = {.rate = pace.rate, .refused = pace.refused, .credit = pace.credit},
                                 .age = std::max<std::chrono::nanoseconds>(wall - when, std::chrono::nanoseconds(0))};
}

std::uint64_t calls_owed(const ledger::opened_run& opened) noexcept {
  std::uint64_t calls = 0;
  for (const auto& o : opened.organizers) calls += o.fresh + o.stale;
  return calls;
}

std::uint64_t calls_owed(const ledger::opened_run& opened, engine::lane_id lane) noexcept {
  std::uint64_t calls = 0;
  for (const auto& o : opened.organizers)
    if (o.lane == lane) calls += o.fresh + o.stale;
  return calls;
}

std::vector<std::uint32_t> app_numbers(std::span<const ledger::lane_name> lanes) {
  std::vector<std::uint32_t> out;
  for (std::uint32_t i = 0; i < lanes.size(); ++i) {
    const auto same_app = [&](const ledger::lane_name& other) {
      const auto app = application_of(other);
      return !app.empty() && app == application_of(lanes[i]) && other.graph_root == lanes[i].graph_root;
    };
    const auto first = std::ranges::find_if(lanes.first(i), same_app);
    out.push_back(static_cast<std::uint32_t>(first - lanes.begin()));
  }
  return out;
}

std::vector<engine::lane_setup> lane_setups(const ledger::opened_run& opened, const job& j, mono_time now, utc_time wall,
                                            std::span<const std::optional<lane_pace_options>> paces) {
  const auto apps = app_numbers(opened.info.header.lanes);
  std::vector<engine::lane_setup> lanes(apps.size());
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    lanes[i].lane = static_cast<engine::lane_id>(i);
    lanes[i].app = apps[i];
    if (i < paces.size() && paces[i]) lanes[i].own = lane_settings_of(j, paces[i]);
    if (i < opened.learnt.size()) lanes[i].learnt = remembered(opened.learnt[i], wall);
  }
  for (const auto& o : opened.organizers) lanes[o.lane].organizers.push_back({o.id, o.fresh, o.stale});
  for (const auto& saved : opened.cooldowns) {
    const auto [until, cut] = engine::obey_saved(saved.until, saved.saved_at, j.pace.max_cooldown);
    if (until > wall || cut) lanes[saved.lane].cooldowns.push_back({saved.organizer, now + std::max(until - wall, ticks(0)), cut});
  }
  return lanes;
}

result<std::vector<const lane_options*>> options_of_lanes(const ledger::run_header& run, const job& j) {
  std::vector<ledger::lane_name> names;
  for (const auto& lane : j.lanes) {
    auto name = lane_name(lane);
    if (!name) return std::unexpected(std::move(name.error()));
    names.push_back(std::move(*name));
  }
  std::vector<const lane_options*> out;
  for (const auto& wanted : run.lanes) {
    const auto found = std::ranges::find(names, wanted);
    if (found == names.end())
      return fail(errc::usage, fmt::format("The run needs a lane for tenant {} and application {} at {}, and none is configured.",
                                           core::escape_for_people(wanted.tenant), core::escape_for_people(wanted.app),
                                           core::escape_for_people(wanted.graph_root)));
    out.push_back(&j.lanes[static_cast<std::size_t>(found - names.begin())]);
  }
  return out;
}

}  // namespace convoke::run
