#pragma once

// The advisory locks of a transaction, see tables.hpp.

#include <utility>

#include "ledger/postgres/connection.hpp"
#include "ledger/postgres/tables.hpp"

namespace convoke::ledger::postgres {

// Waits until no other transaction has this lock. It is held until the transaction ends.
[[nodiscard]] inline outcome_of<void> lock(connection& db, int which) {
  auto locked = db.run("SELECT pg_advisory_xact_lock($1::int, $2::int)", params().with(lock_class).with(which));
  if (!locked) return std::unexpected(std::move(locked.error()));
  return {};
}

}  // namespace convoke::ledger::postgres
