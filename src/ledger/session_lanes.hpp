#pragma once

// Which lanes of a run a session carries out, and what they are called in it: a session numbers its own lanes from 0.

#include <algorithm>
#include <utility>
#include <vector>

#include "ledger/types.hpp"

namespace convoke::ledger {

// The positions, among the lanes of the run, of those that the session carries out, in the order of the run. `of.header.lanes` become these
// lanes. No lane in `wanted`: all of them. errc::usage for a lane that the run does not have.
[[nodiscard]] result<std::vector<lane_id>> take_session_lanes(run_info& of, const std::vector<lane_name>& wanted);

// Keeps what is of the session's lanes, with their numbers in the session.
template <class T>
void keep_session_lanes(std::vector<T>& of_run, const std::vector<lane_id>& positions) {
  std::vector<T> kept;
  for (auto& one : of_run) {
    const auto found = std::ranges::find(positions, one.lane);
    if (found == positions.end()) continue;
    one.lane = static_cast<lane_id>(found - positions.begin());
    kept.push_back(std::move(one));
  }
  of_run = std::move(kept);
}

}  // namespace convoke::ledger
