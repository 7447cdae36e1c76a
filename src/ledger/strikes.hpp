#pragma once

// The end of a row whose attempts were used up again and again: design.md section 6.

#include "ledger/types.hpp"

namespace convoke::ledger {

// Runs in a row that end with a row's attempts used up, until the row fails.
inline constexpr int strikes_to_fail = 3;

// The outcome of a row that is released with its last strike.
[[nodiscard]] finished_row third_strike(const released_row& row);

}  // namespace convoke::ledger
