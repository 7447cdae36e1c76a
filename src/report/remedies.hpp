#pragma once

// What an operator can do about rows that have no meeting as wanted.

#include <span>

#include <convoke/summary.hpp>

#include "core/access_policy.hpp"
#include "ledger/types.hpp"

namespace convoke::report {

// Sets `remedy`, `fixed_by`, `commands` and `in_rows` of each reason, and takes the engine's advice out of its message, because the remedy
// says the same in full. `lanes`: those of the run; `callers`: the app of each, which need not be the one in its name; none: the names'
// apps. An app that a message of the service names is the one that called. Commands have a placeholder where an id is not a GUID.
void add_remedies(std::span<failure_reason> reasons, std::span<const ledger::lane_name> lanes,
                  std::span<const core::calling_app> callers = {});

}  // namespace convoke::report
