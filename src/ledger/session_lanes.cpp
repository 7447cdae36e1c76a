#include "ledger/session_lanes.hpp"

#include <string>

#include "core/text.hpp"

namespace convoke::ledger {

result<std::vector<lane_id>> take_session_lanes(run_info& of, const std::vector<lane_name>& wanted) {
  const auto& all = of.header.lanes;
  for (const auto& lane : wanted)
    if (std::ranges::find(all, lane) == all.end())
      return fail(errc::usage, "run " + std::to_string(of.id) + " has no lane for tenant " + core::escape_for_people(lane.tenant) +
                                   " and application " + core::escape_for_people(lane.app) + " at " +
                                   core::escape_for_people(lane.graph_root));
  std::vector<lane_id> positions;
  std::vector<lane_name> lanes;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (!wanted.empty() && std::ranges::find(wanted, all[i]) == wanted.end()) continue;
    positions.push_back(static_cast<lane_id>(i));
    lanes.push_back(all[i]);
  }
  of.header.lanes = std::move(lanes);
  return positions;
}

}  // namespace convoke::ledger
