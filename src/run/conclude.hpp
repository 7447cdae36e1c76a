#pragma once

// What follows a plan or the last call of a run: counts, results, the failed file, and the pruning of old runs.

#include <span>
#include <string>
#include <vector>

#include <convoke/error.hpp>
#include <convoke/job.hpp>

#include "core/access_policy.hpp"
#include "ledger/ledger.hpp"
#include "run/planner.hpp"
#include "run/stop_tokens.hpp"

namespace convoke::run {

// Whether a plan may be accepted, as accept() says. A plan that is refused is shown to the observer first.
[[nodiscard]] result<void> accept_or_refuse(const plan_summary& summary, const job& j, const std::string& failed_file, observer& watch);

// Whether the outputs that the job names can be written, as far as that is known beforehand. errc::usage names the first that cannot.
[[nodiscard]] result<void> check_outputs(const job& j, job_use use);

// Why rows of a run have no meeting as wanted, with what to do: the most frequent reasons first. `callers`: the app that calls, by lane of
// the run; may be empty where that is not known.
[[nodiscard]] result<std::vector<failure_reason>> read_reasons(ledger::reader& from, const ledger::run_info& info,
                                                               std::span<const core::calling_app> callers);

// Writes the wrong rows of a plan that is not committed yet into the failed file, and says whether the plan may be committed, as accept()
// does. A failed file that cannot be written is a note to the observer. errc::input: the plan is refused.
[[nodiscard]] result<void> conclude_plan(const planned& made, const ledger::run_header& header, const job& j, observer& watch);

// Sets what a lane is called: by the ledger, and by the job where it has this lane.
void name_lane(const ledger::lane_name& name, const job& j, lane_result& to);

// Completes `out`, whose `end` says how the call phase ended. A file that cannot be written is one of its output errors, a failed pruning
// one of its warnings. Where nothing failed, the failed file of an earlier run of this input is removed. The error is that of a ledger that
// cannot be read. A stop that was requested before this keeps the outputs from being written only where it is at_once; any stop that is
// requested meanwhile ends the writing, and pruning is left to the next run.
[[nodiscard]] result<void> conclude(ledger::store& store, const stop_tokens& stop, ledger::run_id id, const job& j, job_report& out);

}  // namespace convoke::run
