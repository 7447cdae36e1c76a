#pragma once

// The forecast of a job: what the ledger remembers of its lane, and what it owes.

#include <convoke/job.hpp>

#include "ledger/ledger.hpp"

namespace convoke::run {

// Of a plan; `memory` is what the ledger that it belongs to knows of the lane.
[[nodiscard]] forecast foresee(const job& j, const plan_summary& plan, const ledger::lane_memory& memory, utc_time wall);
// Of a run that is about to be carried out.
[[nodiscard]] forecast foresee(const job& j, const ledger::opened_run& opened, utc_time wall);

}  // namespace convoke::run
