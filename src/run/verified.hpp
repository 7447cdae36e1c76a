#pragma once

// What a run that verifies has found.

#include <convoke/job.hpp>

#include "ledger/ledger.hpp"

namespace convoke::run {

// Reads the results of the run. Its digest of the results stays empty. The error is that of a ledger that cannot be read.
[[nodiscard]] result<verified_meetings> count_verified(ledger::reader& from, const ledger::run_info& run);

}  // namespace convoke::run
