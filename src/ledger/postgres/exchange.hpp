#pragma once

// Renewals: the lease of a session is extended, and the workers of a lane exchange what they know of it.

#include "ledger/ledger.hpp"
#include "ledger/postgres/connection.hpp"
#include "ledger/postgres/sessions.hpp"

namespace convoke::ledger::postgres {

// On the thread of the renewals, with its own connection: one round trip and one transaction. After fault::lost it may be repeated as it
// was. The inner error is errc::busy: the lease has ended.
[[nodiscard]] outcome_of<result<renewal>> renew(connection& db, session_list& list, const renewal_request& wanted);

// The terms of a session that begins, in the transaction of its begin. Only then it is not on the thread of the renewals.
[[nodiscard]] outcome_of<std::vector<lane_terms>> first_terms(connection& db, session& begun);

}  // namespace convoke::ledger::postgres
