#pragma once

// Small jobs in which everything goes wrong.

#include <cstdint>
#include <string>
#include <vector>

#include "simulation/world.hpp"

namespace convoke::simulation {

[[nodiscard]] plot safety_plot(std::uint64_t seed);

struct safety_result {
  std::uint64_t seed = 0;
  std::string name;
  std::uint64_t calls = 0, early_by_inference = 0;
  unsigned processes = 0;
  std::vector<std::string> wrong;
};
[[nodiscard]] safety_result play_safety(std::uint64_t seed, const narrator& tell = {});

}  // namespace convoke::simulation
