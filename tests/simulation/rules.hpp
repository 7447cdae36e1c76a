#pragma once

// Is every rule missed when it is taken away? And how soon?

namespace convoke::simulation {

// Plays the safety suite's seeds from the first on, with one rule after the other switched off, until an invariant breaks. Prints the
// table. True where each was noticed within `seeds` seeds.
[[nodiscard]] bool play_rules(unsigned seeds, unsigned jobs);

}  // namespace convoke::simulation
