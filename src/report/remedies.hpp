#pragma once

// What an operator can do about rows that have no meeting as wanted.

#include <span>
#include <string>

#include <convoke/summary.hpp>

namespace convoke::report {

// Sets `remedy` and `commands` of each reason, and takes the engine's advice out of its message, because the remedy says the same in full.
// `app`: the client id of the run's app; commands have a placeholder where it is not a GUID.
void add_remedies(std::span<failure_reason> reasons, const std::string& app);

}  // namespace convoke::report
