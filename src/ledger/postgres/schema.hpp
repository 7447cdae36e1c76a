#pragma once

// The tables of a PostgreSQL ledger, their version, and the checks that a database holds one.

#include <string>

#include <convoke/error.hpp>

#include "ledger/postgres/connection.hpp"

namespace convoke::ledger::postgres {

struct schema_options {
  std::string program_version;
  std::string shown;       // names the ledger in messages
  bool create = true;      // where there is none
  bool temporary = false;  // nothing is committed: what is created or migrated belongs to the transaction that is left open
};

// Creates the tables in a database without a ledger, or brings an older ledger up to this version. Processes that do so at the same time
// wait for each other, and the later ones find what the first one made. Refuses a schema `convoke` that is no ledger or is damaged, and
// a ledger of a newer convoke.
[[nodiscard]] outcome_of<result<void>> prepare_schema(connection& db, const schema_options& options);

// The same checks for a reader, which changes nothing. Also refuses a ledger of an older convoke.
[[nodiscard]] outcome_of<result<void>> check_schema(connection& db, const std::string& shown);

}  // namespace convoke::ledger::postgres
