#pragma once

// What a session can claim.

#include <string>

#include "ledger/ledger.hpp"
#include "ledger/postgres/connection.hpp"
#include "ledger/postgres/sessions.hpp"

namespace convoke::ledger::postgres {

// SQL for a time: rows that used up their attempts from then on are left to later sessions, as a run of one process leaves them to the next
// run. `session`, `after`: the parameters that hold the session, and the microseconds after which it may have such rows too (NULL: never).
[[nodiscard]] std::string struck_from(const std::string& session, const std::string& after);

// Counts it, and lets the session's claims continue where the first such rows are.
[[nodiscard]] outcome_of<rows_in_store> count_owed(connection& db, session& of);

}  // namespace convoke::ledger::postgres
