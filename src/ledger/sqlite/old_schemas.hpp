#pragma once

// Ledgers of older versions: how a writer brings one up to date, and how a reader reads one as it is.

#include "ledger/sqlite/connection.hpp"

namespace convoke::ledger::sqlite {

// Takes the tables of schema `version` to the present ones. Inside a transaction, which also sets the new version.
void upgrade_tables(connection& db, int version);

// Lays temporary views over the tables of schema `version`, so that statements for the present tables can read them. Views are a matter of
// this connection and write nothing; a version that is up to date needs none.
void show_present_tables(connection& db, int version);
// Removes these views: a writer has brought the ledger up to date.
void hide_present_tables(connection& db);

}  // namespace convoke::ledger::sqlite
