#pragma once

// The question before meetings are deleted.

#include <convoke/job.hpp>

#include "ledger/ledger.hpp"
#include "run/workspace.hpp"

namespace convoke::run {

// Whether the observer is asked before the job deletes meetings.
[[nodiscard]] bool asks_before_removal(const job& j) noexcept;

// Asks about a plan that removes, which the ledger does not hold any more; or about an open run that is resumed. Errors: those of
// observer::confirm_removal, and of a ledger that cannot be read.
[[nodiscard]] result<void> confirm_plan(const workspace& w, const plan_summary& plan, const job& j, observer& watch);
[[nodiscard]] result<void> confirm_resumed(const workspace& w, const ledger::run_info& run, const job& j, observer& watch);

}  // namespace convoke::run
