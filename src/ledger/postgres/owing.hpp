#pragma once

// What a session can claim.

#include "ledger/ledger.hpp"
#include "ledger/postgres/connection.hpp"
#include "ledger/postgres/sessions.hpp"

namespace convoke::ledger::postgres {

// Counts it, and lets the session's claims continue where the first such rows are.
[[nodiscard]] outcome_of<rows_in_store> count_owed(connection& db, session& of);

}  // namespace convoke::ledger::postgres
