#pragma once

// The forecast of a job or a run: what the ledger remembers of its lane, and what is owed. The one place that turns settings and memory
// into a forecast.

#include <optional>
#include <span>
#include <vector>

#include <convoke/job.hpp>

#include "ledger/ledger.hpp"

namespace convoke::run {

// Of a plan, one for each lane of the job; `memories` is what the ledger that it belongs to remembers of them, in the same order.
[[nodiscard]] std::vector<forecast> foresee(const job& j, const plan_summary& plan, std::span<const ledger::lane_memory> memories,
                                            utc_time wall);
// Of a run that is about to be carried out, of all its lanes together.
[[nodiscard]] forecast foresee(const job& j, const ledger::opened_run& opened, utc_time wall);
// Of a run that another process carries out, one for each lane of the run. The settings of that process are not known, so the learnt rate
// stands for its pace; nullopt where the lane owes nothing, or nothing was learnt. Its cooldowns are cut already (obey_limit).
[[nodiscard]] std::vector<std::optional<forecast>> foresee_lanes(const ledger::run_status& run, utc_time wall);
// Of these lanes together; nullopt where nothing is owed, or nothing was learnt of one that owes calls.
[[nodiscard]] std::optional<forecast> foresee(const ledger::run_status& run, std::span<const std::optional<forecast>> lanes);

}  // namespace convoke::run
