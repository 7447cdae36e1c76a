#pragma once

// How the rate of a lane is divided among its workers. Used by the worker that leads the lane.

#include <cstdint>
#include <span>
#include <vector>

namespace convoke::engine {

// One worker of a lane. `session` says which; the numbers mean nothing else.
struct sharer {
  std::uint64_t session = 0;
  double wants = 0;     // calls/s that it could use
  double weight = 1;    // > 0
  double part = 0;      // as last granted, 0 to 1; 0: it has just joined
  bool settled = true;  // false: it joined while the lane was learning, and gets no more than a safe part until it is settled
  bool leads = false;
};
struct granted_part {
  std::uint64_t session = 0;
  double part = 0, safe_part = 0;
};

// By weight, and no worker gets more than it wants while another wants more (max-min fairness). The parts add up to 1 at most; the safe
// parts to half of that, so workers that cannot renew leave room to those that can.
[[nodiscard]] std::vector<granted_part> divide(double rate, std::span<const sharer> among);

}  // namespace convoke::engine
