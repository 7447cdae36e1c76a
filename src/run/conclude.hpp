#pragma once

// What follows the last call of a run: counts, results and failed file, and the pruning of old runs.

#include <convoke/error.hpp>
#include <convoke/job.hpp>

#include "ledger/ledger.hpp"
#include "run/signals.hpp"

namespace convoke::run {

// How a job ends that SIGINT, SIGTERM or SIGHUP interrupted.
[[nodiscard]] ending ending_by(int signal) noexcept;

// Completes `out`, whose `end` says how the run itself ended. A file that cannot be written is one of its output errors, a failed pruning
// one of its warnings. The error is that of a ledger that cannot be read.
[[nodiscard]] result<void> conclude(ledger::store& store, const signals& caught, ledger::run_id id, const job& j, job_report& out);

}  // namespace convoke::run
