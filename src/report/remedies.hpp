#pragma once

// What an operator can do about rows that have no meeting as wanted.

#include <span>
#include <string>

#include <convoke/summary.hpp>

namespace convoke::report {

// Sets `remedy` and `commands` of each reason, and takes the engine's advice out of its message, because the remedy says the same in full.
// `apps`: the client ids of the run's lanes; commands have a placeholder where one is not a GUID.
void add_remedies(std::span<failure_reason> reasons, std::span<const std::string> apps);

}  // namespace convoke::report
