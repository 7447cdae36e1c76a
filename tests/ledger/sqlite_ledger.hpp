#pragma once

#include "ledger/fixture.hpp"

namespace convoke::ledger::testing {

// A place for a ledger of SQLite, empty until it is opened. Group commits do not wait for more.
struct sqlite_ledger {
  temp_folder folder;
  std::string path;

  explicit sqlite_ledger(const std::string& name = "ledger.db") : path(folder.file(name)) {}
  [[nodiscard]] result<std::unique_ptr<store>> try_open(open_options how = {}) const {
    how.path = path;
    how.program_version = "test";
    how.group_interval = {};
    return open_sqlite(how);
  }
  [[nodiscard]] std::unique_ptr<store> open(open_options how = {}) const { return must(try_open(std::move(how))); }
};

}  // namespace convoke::ledger::testing
