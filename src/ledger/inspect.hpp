#pragma once

// A look at a ledger before it is needed: whether it can be used, without using it. Nothing is made, changed or upgraded.

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <convoke/error.hpp>

namespace convoke::ledger {

struct inspection {
  bool several_processes = false;
  bool exists = true;
  std::string not_writable;          // why; empty: this user may write it, or make it
  std::string holder;                // the process that holds a SQLite ledger; empty: none
  int version = 0, own_version = 0;  // of the schema; 0: there is none
  std::string pages;                 // what quick_check found sound; empty: nothing was checked
  std::string server;                // of PostgreSQL: its version
  std::optional<bool> encrypted;     // of PostgreSQL: this connection
};

// errc::usage for a URL that is none; errc::credentials, storage for a ledger that cannot be used: damaged, of a newer convoke, no ledger
// at all, not readable. A SQLite ledger is read in one short snapshot, as by a reader: up to 64 MiB are checked in full, of a larger one
// the small tables. Its lock is tried for an instant, shared, so a run that begins in that instant can find it busy. `interrupted` ends the
// check of the pages.
[[nodiscard]] result<inspection> inspect_ledger(std::string_view url, const std::function<bool()>& interrupted);

[[nodiscard]] result<inspection> inspect_sqlite(const std::string& path, const std::function<bool()>& interrupted);
// Only in a build with libpq.
[[nodiscard]] result<inspection> inspect_postgres(const std::string& url, const std::function<bool()>& interrupted);

}  // namespace convoke::ledger
