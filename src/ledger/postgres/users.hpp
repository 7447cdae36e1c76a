#pragma once

// What a ledger remembers of a tenant's users: the object ids of UPNs that were looked up, and when look-ups may be made again. The ages
// are by the database's clock; times of this machine are converted when they are sent.

#include "ledger/postgres/connection.hpp"
#include "ledger/postgres/pipeline.hpp"
#include "ledger/types.hpp"
#include "ledger/users.hpp"

namespace convoke::ledger::postgres {

[[nodiscard]] outcome_of<remembered_users> read_users(connection& db, const lane_name& lane, utc_time now);
// Inside a transaction.
[[nodiscard]] outcome_of<void> write_users(connection& db, const lane_name& lane, const learnt_users& what, utc_time now);
// Forgets the names of an organizer whom the service does not know.
void add_forget_user(pipeline& to, organizer_id organizer);

}  // namespace convoke::ledger::postgres
