#pragma once

// A ledger as a file, and as any SQLite tool sees it.

#include <sqlite3.h>
#include <sys/stat.h>

#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

#include <boost/test/unit_test.hpp>

#include <convoke/error.hpp>

namespace convoke::ledger::testing {

inline std::string content(const std::string& path) {
  std::ostringstream bytes;
  bytes << std::ifstream(path, std::ios::binary).rdbuf();
  return bytes.str();
}

inline mode_t mode_of(const std::string& path) {
  struct stat there{};
  BOOST_REQUIRE(::stat(path.c_str(), &there) == 0);
  return there.st_mode & 0777;
}

inline bool mentions(const error& e, std::string_view word) {
  return e.message.find(word) != std::string::npos;
}

// The first column of the last row, or what went wrong.
inline std::string ask(const std::string& path, const std::string& sql) {
  sqlite3* db = nullptr;
  BOOST_REQUIRE(sqlite3_open(path.c_str(), &db) == SQLITE_OK);
  // For tests that make a damaged schema.
  sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 0, nullptr);
  std::string out;
  const auto keep = [](void* to, int, char** values, char**) {
    *static_cast<std::string*>(to) = values[0] != nullptr ? values[0] : "";
    return 0;
  };
  char* message = nullptr;
  if (sqlite3_exec(db, sql.c_str(), keep, &out, &message) != SQLITE_OK) out = message != nullptr ? message : "failed";
  sqlite3_free(message);
  sqlite3_close(db);
  return out;
}

}  // namespace convoke::ledger::testing
