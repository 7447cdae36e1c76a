#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <system_error>

#include "ledger/inspect.hpp"
#include "ledger/sqlite/connection.hpp"
#include "ledger/sqlite/file_access.hpp"
#include "ledger/sqlite/file_watch.hpp"
#include "ledger/sqlite/housekeeping.hpp"
#include "ledger/sqlite/ledger_file.hpp"
#include "ledger/sqlite/lock_file.hpp"
#include "ledger/sqlite/old_schemas.hpp"
#include "ledger/sqlite/schema.hpp"

namespace convoke::ledger::sqlite {
namespace {

namespace fs = std::filesystem;

// Why `path` may not be written; empty: it may. Unlike the mode this also knows file systems that are mounted read-only.
std::string refusal_to_write(const std::string& path, int how) {
  if (::faccessat(AT_FDCWD, path.c_str(), how, AT_EACCESS) == 0) return {};
  return shown(path) + ": " + std::generic_category().message(errno);
}

// The folder that exists and in which the missing ones, and the ledger, would be made.
std::string folder_for_new(const std::string& path) {
  std::error_code unknown;
  auto folder = fs::absolute(path, unknown).lexically_normal().parent_path();
  while (!folder.empty() && folder != folder.root_path() && !fs::exists(folder, unknown)) folder = folder.parent_path();
  return folder.empty() ? "." : folder.string();
}

result<std::string> holder_of(const std::string& path) {
  const auto shared = lock_file::share(path, std::chrono::milliseconds(0), [] { return false; });
  if (shared) return std::string();
  if (shared.error().code != errc::busy) return std::unexpected(shared.error());
  const auto& text = shared.error().message;
  return text.substr(0, text.find(" uses this ledger"));
}

// Reads version and pages in one snapshot.
result<void> look_inside(connection& db, const std::function<bool()>& interrupted, inspection& into) {
  db.exec("PRAGMA cache_size = -16384; PRAGMA mmap_size = 0; PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY");
  const connection::interruptible guard(db, interrupted);
  const auto found = identify(db);
  if (!found) return std::unexpected(found.error());
  if (found->empty) return {};
  into.version = found->version;
  show_present_tables(db, found->version);
  db.exec("PRAGMA query_only = ON");
  if (!db.ok()) return db.status();
  if (const auto sound = check_pages(db, false); !sound) return sound;
  into.pages = file_size(db.path()) <= small_ledger ? "all pages" : "the tables that every run begins with";
  return {};
}

result<void> open_and_look(const std::string& path, connection::mode how, const std::function<bool()>& interrupted, inspection& into) {
  connection db;
  const auto opened = db.open(path, how);
  return opened ? look_inside(db, interrupted, into) : opened;
}

}  // namespace
}  // namespace convoke::ledger::sqlite

namespace convoke::ledger {

result<inspection> inspect_sqlite(const std::string& wanted, const std::function<bool()>& interrupted) {
  using namespace sqlite;
  const auto path = true_name(wanted);
  inspection out{.own_version = schema_version};
  out.exists = exists(path);
  if (const auto readable = check_access(path, file_use::read); !readable) return std::unexpected(readable.error());
  if (const auto alone = check_writable_alone(path); !alone) return std::unexpected(alone.error());
  if (!out.exists) {
    out.not_writable = refusal_to_write(folder_for_new(path), W_OK | X_OK);
    return out;
  }
  if (const auto writable = check_access(path, file_use::write); !writable)
    out.not_writable = writable.error().message;
  else
    out.not_writable = refusal_to_write(path, R_OK | W_OK);
  // A user who may not write may not open the lock file either, and waits for no other process.
  if (out.not_writable.empty()) {
    auto holder = holder_of(path);
    if (!holder) return std::unexpected(holder.error());
    out.holder = std::move(*holder);
  }
  // To read beside a writer, SQLite makes a log and its index, and leaves them behind. Without a log no process writes, so the file is read
  // as it is; where a process began to write meanwhile, what was read may be torn and is read again.
  const auto without_log = [&] { return !exists(path + "-wal"); };
  if (without_log()) {
    const auto read = open_and_look(path, connection::mode::immutable, interrupted, out);
    if (without_log()) return read ? result<inspection>(std::move(out)) : std::unexpected(read.error());
  }
  const auto read = open_and_look(path, connection::mode::read_only, interrupted, out);
  return read ? result<inspection>(std::move(out)) : std::unexpected(read.error());
}

}  // namespace convoke::ledger
