#pragma once

// In which lane of a run the keys of another lane are called.
//
// A key has the Graph root, the tenant and the organizer, and not the app that called it last: where the app of a configuration is replaced
// by another one, the meetings stay known, and runs of the new app are about them too.

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "ledger/numbers.hpp"

namespace convoke::ledger::planning {

// A lane of a store, and its position among the lanes of the run.
struct known_lane {
  std::int64_t id = 0;
  lane_name name;
  std::optional<lane_id> position;
};

// The part of an app's name that names the user who signed in; empty for an app that signs in itself. The meetings of one user are out of
// the reach of another one.
[[nodiscard]] inline std::string_view user_of(const lane_name& lane) noexcept {
  const auto at = lane.app.find('/');
  return at == std::string_view::npos ? std::string_view() : std::string_view(lane.app).substr(at);
}

// The lane itself where the run has it; else the first lane of the run with the same Graph root, tenant and user; nothing where it has
// none.
[[nodiscard]] inline std::optional<lane_id> position_in_run(const known_lane& lane, std::span<const known_lane> all) {
  auto out = lane.position;
  for (const auto& other : all) {
    if (lane.position || !other.position || (out && *out <= *other.position)) continue;
    const bool same = other.name.graph_root == lane.name.graph_root && other.name.tenant == lane.name.tenant;
    if (same && user_of(other.name) == user_of(lane.name)) out = other.position;
  }
  return out;
}

// The lanes whose keys a run is about, each with the position of the lane in which it calls them.
[[nodiscard]] inline std::vector<std::pair<std::int64_t, lane_id>> lanes_of_keys(std::span<const known_lane> all) {
  std::vector<std::pair<std::int64_t, lane_id>> out;
  for (const auto& lane : all)
    if (const auto position = position_in_run(lane, all)) out.emplace_back(lane.id, *position);
  return out;
}

}  // namespace convoke::ledger::planning
