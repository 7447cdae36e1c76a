#pragma once

// The tables of a SQLite ledger, their version, and the checks that a file is one.

#include <string>

#include <convoke/error.hpp>

#include "ledger/sqlite/connection.hpp"

namespace convoke::ledger::sqlite {

inline constexpr int schema_version = 8;
inline constexpr int application_id = 0x434e564b;  // "CNVK"

// Refuses a file that is not a ledger or is of a newer convoke. `empty`: a database without any table, which may become one.
struct identified {
  bool empty = false;
  int version = 0;
};
[[nodiscard]] result<identified> identify(connection& db);

// Creates the tables in an empty database, or brings an older ledger up to this version, in one transaction.
[[nodiscard]] result<void> prepare_schema(connection& db, const identified& found, const std::string& program_version);

// Settings of the writing connection, read back: WAL, FULL and the rest of what durability rests on.
[[nodiscard]] result<void> configure_writer(connection& db);

}  // namespace convoke::ledger::sqlite
