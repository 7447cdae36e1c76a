#pragma once

// What a ledger remembers of a tenant's users: the object ids of UPNs that were looked up, and when look-ups may be made again.

#include "ledger/sqlite/connection.hpp"
#include "ledger/types.hpp"
#include "ledger/users.hpp"

namespace convoke::ledger::sqlite {

[[nodiscard]] result<remembered_users> read_users(connection& db, const lane_name& lane, utc_time now);
// Inside a transaction.
[[nodiscard]] result<void> write_users(connection& db, const lane_name& lane, const learnt_users& what, utc_time now);

}  // namespace convoke::ledger::sqlite
