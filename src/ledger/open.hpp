#pragma once

// Opening a ledger by its URL.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <convoke/error.hpp>

namespace convoke::ledger {

class reader;
class store;

// The stores that a URL can name.
enum class store_kind : std::uint8_t { sqlite, postgres };

struct ledger_url {
  store_kind kind = store_kind::sqlite;
  // sqlite: of the file; never empty. postgres: the whole URL, which can hold a password and must never be shown.
  std::string path;
};

// `sqlite:PATH`, `postgresql://…` or `postgres://…`. errc::usage for everything else, with a message that names --ledger; also for
// PostgreSQL in a build without libpq.
[[nodiscard]] result<ledger_url> parse_ledger_url(std::string_view url);

struct open_options {
  std::string path{};  // open_ledger takes it from the URL
  std::string program_version;
  std::chrono::milliseconds wait_lock{0};
  // Ends that wait, the check of the pages, classify() and prune() with errc::interrupted. Called often, also on the ledger's thread, for
  // as long as the store exists.
  std::function<bool()> interrupted = [] { return false; };
  bool create = true;
  // Nothing is written, neither to the ledger nor beside it: what is planned, and what brings an old ledger up to date, goes into unnamed
  // files under TMPDIR and is gone with the store. A missing ledger counts as an empty one.
  bool rehearsal = false;
  // Group commit: a group ends with so many rows, or so long after the last commit.
  std::size_t group_rows = 1024;
  std::chrono::microseconds group_interval = std::chrono::milliseconds(10);
};

// errc::usage for a URL that is none; errc::busy if another process holds the ledger (the message names it); errc::interrupted;
// errc::storage for everything else. A SQLite ledger is refused if it is not a regular file, if it has several names (hard links), or if
// its lock file belongs to another user.
[[nodiscard]] result<std::unique_ptr<store>> open_ledger(std::string_view url, open_options options);
// A reader takes no lock and writes nothing: it also reads ledgers of older versions, without an upgrade.
[[nodiscard]] result<std::unique_ptr<reader>> read_ledger(std::string_view url);
// One sentence for each way in which other users of the machine may read, change or replace the ledger. Empty for a URL that is none.
[[nodiscard]] std::vector<std::string> ledger_exposures(std::string_view url);

// The same for the file of a SQLite ledger.
[[nodiscard]] result<std::unique_ptr<store>> open_sqlite(const open_options& options);
[[nodiscard]] result<std::unique_ptr<reader>> read_sqlite(const std::string& path);
[[nodiscard]] std::vector<std::string> sqlite_exposures(const std::string& path);

// How messages name a ledger: its URL without a password and without parameters that can hold one, escaped.
[[nodiscard]] std::string shown_ledger(std::string_view url);

// The same for a PostgreSQL ledger. `options.path` is the URL. Its schema is made, or brought up to date, where it is missing or old.
// options.wait_lock is not used: no process excludes another one. A rehearsal plans in a transaction that is rolled back.
// These are defined only in a build with libpq (CONVOKE_POSTGRES).
[[nodiscard]] result<std::unique_ptr<store>> open_postgres(const open_options& options);
[[nodiscard]] result<std::unique_ptr<reader>> read_postgres(const std::string& url);

}  // namespace convoke::ledger
