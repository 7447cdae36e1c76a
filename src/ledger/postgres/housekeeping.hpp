#pragma once

// Discarding and pruning runs.

#include <vector>

#include "ledger/ledger.hpp"
#include "ledger/postgres/connection.hpp"

namespace convoke::ledger::postgres {

// Each of these runs inside a transaction, and may be repeated after a commit that is in doubt.
[[nodiscard]] outcome_of<result<void>> discard_run(connection& db, run_id id);
[[nodiscard]] outcome_of<result<std::vector<run_id>>> runs_to_prune(connection& db, unsigned keep);
[[nodiscard]] outcome_of<result<void>> prune_run(connection& db, run_id id);

}  // namespace convoke::ledger::postgres
