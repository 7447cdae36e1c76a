#include "run/cooldowns.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "engine/scopes.hpp"
#include "report/progress.hpp"

namespace convoke::run {
namespace {

std::string people(std::chrono::nanoseconds d) {
  return report::duration_for_people(std::chrono::ceil<std::chrono::milliseconds>(d));
}

}  // namespace

std::string cooldown_cut_note(std::string_view header, std::chrono::nanoseconds announced, std::string_view scope,
                              std::chrono::nanoseconds limit) {
  const auto what = header.empty() ? "A cooldown of " + people(announced) : fmt::format("Retry-After '{}'", header);
  return fmt::format("{} for {} is longer than --max-cooldown and is cut to {}. When that is over, one call is sent alone.", what, scope,
                     people(limit));
}

void note_saved_cuts(const ledger::opened_run& opened, std::chrono::nanoseconds limit, utc_time wall, observer& watch) {
  constexpr unsigned enough = 5;
  unsigned cut = 0;
  for (const auto& f : opened.cooldowns) {
    const auto obeyed = engine::obey_saved(f.until, f.saved_at, limit);
    if (!obeyed.cut || ++cut > enough) continue;
    const auto named = std::ranges::find(opened.organizers, f.organizer.value_or(0), &ledger::organizer_rows::id);
    const auto scope = !f.organizer                       ? std::string("the lane")
                       : named == opened.organizers.end() ? std::string("an organizer")
                                                          : "organizer " + named->organizer;
    const auto left = std::max<std::chrono::nanoseconds>(obeyed.until - wall, std::chrono::nanoseconds(0));
    watch.note(
        fmt::format("The saved cooldown of {} is longer than --max-cooldown and is cut to {}, of which {} are left. After that one "
                    "call is sent alone.",
                    scope, people(limit), people(left)));
  }
  if (cut > enough) watch.note(fmt::format("{} more saved cooldowns are cut in the same way.", cut - enough));
}

void obey_limit(std::vector<ledger::lane_memory>& lanes, std::chrono::nanoseconds limit, utc_time wall) {
  for (auto& lane : lanes) {
    for (auto& f : lane.cooldowns) f.until = engine::obey_saved(f.until, f.saved_at, limit).until;
    std::erase_if(lane.cooldowns, [wall](const ledger::lane_cooldown& f) { return f.until <= wall; });
  }
}

}  // namespace convoke::run
