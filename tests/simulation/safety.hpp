#pragma once

// Small jobs in which many things fail.

#include <cstdint>
#include <string>
#include <vector>

#include "simulation/world.hpp"

namespace convoke::simulation {

[[nodiscard]] scenario safety_scenario(std::uint64_t seed);

struct safety_result {
  std::uint64_t seed = 0;
  std::string name;
  std::uint64_t calls = 0, early_by_inference = 0;
  unsigned processes = 0;
  std::vector<std::string> violations;
};
[[nodiscard]] safety_result simulate_safety(std::uint64_t seed, const event_log& log = {});

}  // namespace convoke::simulation
