#pragma once

// Whether the simulation notices when a rule is removed, and after how many seeds.

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "simulation/safety.hpp"

namespace convoke::simulation {

struct removal {
  std::string_view name;
  std::function<void()> remove, restore;  // of this thread
};
// Simulates the seeds from 1 on without one rule after the other, until an invariant breaks. Prints the table. True where the removal of
// each was noticed within `seeds` seeds, by one that breaks no invariant with the rule.
[[nodiscard]] bool check_removals(const std::vector<removal>& table, safety_result (*simulate)(std::uint64_t, const event_log&),
                                  unsigned seeds, unsigned jobs);

// With the safety suite's seeds.
[[nodiscard]] bool check_rules(unsigned seeds, unsigned jobs);

}  // namespace convoke::simulation
