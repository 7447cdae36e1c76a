#pragma once

// Whether the simulation notices when a rule is removed, and after how many seeds.

namespace convoke::simulation {

// Simulates the safety suite's seeds from the first on, with one rule after the other switched off, until an invariant breaks. Prints the
// table. True where the removal of each rule was noticed within `seeds` seeds.
[[nodiscard]] bool check_rules(unsigned seeds, unsigned jobs);

}  // namespace convoke::simulation
