#pragma once

// What an operator can do about rows that have no meeting as wanted.

#include <span>

#include <convoke/summary.hpp>

#include "ledger/types.hpp"

namespace convoke::report {

// Sets `remedy` and `commands` of each reason, and takes the engine's advice out of its message, because the remedy says the same in full.
// `lanes`: those of the run. Commands have a placeholder where an id of a lane is not a GUID.
void add_remedies(std::span<failure_reason> reasons, std::span<const ledger::lane_name> lanes);

}  // namespace convoke::report
