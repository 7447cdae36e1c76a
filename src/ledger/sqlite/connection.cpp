#include "ledger/sqlite/connection.hpp"

#include <sqlite3.h>

#include <cerrno>
#include <filesystem>
#include <utility>

#include "core/text.hpp"
#include "ledger/shortage.hpp"
#include "ledger/sqlite/ledger_file.hpp"
#include "ledger/sqlite/overlay_vfs.hpp"

namespace convoke::ledger::sqlite {
namespace {

// What the user can do about it, by SQLite's primary result code.
std::string_view remedy(int code) {
  switch (code & 0xff) {
    case SQLITE_FULL:
      return "make room on this file system and run the same command again: what was committed is kept";
    case SQLITE_IOERR:
      return "check the disk and its free space, then run the same command again: what was committed is kept";
    case SQLITE_CORRUPT:
      return "put an earlier copy of the ledger in its place: an old copy costs repeated calls, never a second meeting";
    case SQLITE_NOTADB:
      return "this file is not a ledger: choose another path with --ledger";
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
      return "check that the file and its directory exist and may be written";
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return "another program holds the file locked: end it and run the same command again";
    default:
      return "run the same command again; what was committed is kept";
  }
}

// SQLite's message can quote the file, which can hold any bytes.
std::string describe(const std::string& path, const char* doing, int code, const char* detail, int system_error) {
  std::string text =
      "ledger " + shown(path) + ": " + doing + ": " + core::escape_for_people(detail) + " (SQLite " + std::to_string(code) + "); ";
  if (const auto too_many = shortage(system_error); !too_many.empty()) return text + too_many;
  return text.append(remedy(code));
}

// SQLite also reports a database as malformed if the disk did not return a page. The file has the system's error then.
bool failed_to_read(sqlite3* db) {
  int last = 0;
  if (sqlite3_file_control(db, "main", SQLITE_FCNTL_LAST_ERRNO, &last) == SQLITE_OK && last == EIO) return true;
  sqlite3_file* log = nullptr;
  if (sqlite3_file_control(db, "main", SQLITE_FCNTL_JOURNAL_POINTER, static_cast<void*>(&log)) != SQLITE_OK) return false;
  if (log == nullptr || log->pMethods == nullptr) return false;
  last = 0;
  return log->pMethods->xFileControl(log, SQLITE_FCNTL_LAST_ERRNO, &last) == SQLITE_OK && last == EIO;
}

// An absolute path: SQLite takes none for one of its special names or for a URI.
std::string plain_path(const std::string& path) {
  std::error_code ignored;
  const auto absolute = std::filesystem::absolute(path, ignored);
  return ignored ? path : absolute.string();
}

std::string immutable_uri(const std::string& path) {
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string uri = "file://";
  for (const char c : plain_path(path)) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '%' || c == '?' || c == '#') {
      uri += {'%', digits[byte >> 4], digits[byte & 15]};
    } else {
      uri += c;
    }
  }
  return uri + "?immutable=1";
}

}  // namespace

connection::~connection() {
  close();
}

result<void> connection::open(const std::string& path, mode how) {
  path_ = path;
  int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  flags |= how == mode::read_write  ? SQLITE_OPEN_READWRITE
           : how == mode::rehearsal ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
                                    : SQLITE_OPEN_READONLY;
  if (how == mode::immutable) flags |= SQLITE_OPEN_URI;
  const std::string name = how == mode::immutable ? immutable_uri(path) : plain_path(path);
  const int rc = sqlite3_open_v2(name.c_str(), &db_, flags, how == mode::rehearsal ? overlay_vfs() : nullptr);
  if (rc != SQLITE_OK) {
    const char* detail = db_ != nullptr ? sqlite3_errmsg(db_) : sqlite3_errstr(rc);
    code_ = rc;
    failure_ = error{errc::storage, describe(path_, "cannot open it", rc, detail, db_ != nullptr ? sqlite3_system_errno(db_) : 0)};
    const auto failed = *failure_;
    close();
    return std::unexpected(failed);
  }
  sqlite3_busy_timeout(db_, 5000);
  // The log has no index in shared memory, and is never checkpointed.
  if (how == mode::rehearsal) {
    exec("PRAGMA locking_mode = EXCLUSIVE");
    sqlite3_db_config(db_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  }
  return status();
}

void connection::close() noexcept {
  if (db_ != nullptr) sqlite3_close_v2(std::exchange(db_, nullptr));
}

void connection::close_without_checkpoint() noexcept {
  if (db_ != nullptr) sqlite3_db_config(db_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  close();
}

result<void> connection::status() const {
  if (failure_) return std::unexpected(*failure_);
  return {};
}

void connection::fail_with(std::string message, errc code) {
  if (!failure_) failure_ = error{code, "ledger " + shown(path_) + ": " + std::move(message)};
}

void connection::note_failure(const char* doing) {
  if (failure_) return;
  code_ = sqlite3_extended_errcode(db_);
  if ((code_ & 0xff) == SQLITE_INTERRUPT) {
    failure_ = error{errc::interrupted, "Interrupted while the ledger " + shown(path_) + " was at work. Run the same command again."};
    return;
  }
  const char* detail = sqlite3_errmsg(db_);
  if ((code_ & 0xff) == SQLITE_CORRUPT && failed_to_read(db_)) {
    code_ = SQLITE_IOERR_CORRUPTFS;
    detail = sqlite3_errstr(SQLITE_IOERR);
  }
  failure_ = error{errc::storage, describe(path_, doing, code_, detail, sqlite3_system_errno(db_))};
}

void connection::forget_failure() noexcept {
  failure_.reset();
  code_ = 0;
}

connection::interruptible::interruptible(connection& db, const std::function<bool()>& interrupted) noexcept : db_(db) {
  constexpr int steps = 2000;  // well below a millisecond
  const auto poll = [](void* function) { return (*static_cast<const std::function<bool()>*>(function))() ? 1 : 0; };
  // SQLite passes the pointer back unchanged.
  sqlite3_progress_handler(db_.db_, steps, poll, const_cast<std::function<bool()>*>(&interrupted));
}

connection::interruptible::~interruptible() {
  sqlite3_progress_handler(db_.db_, 0, nullptr, nullptr);
}

void connection::undo_interrupted() noexcept {
  if (!failure_ || failure_->code != errc::interrupted) return;
  forget_failure();
  // SQLite rolls back by itself if the statement was one that writes.
  if (in_transaction()) exec("ROLLBACK");
}

bool connection::in_transaction() const noexcept {
  return sqlite3_get_autocommit(db_) == 0;
}

void connection::exec(const char* sql) {
  if (!ok()) return;
  if (sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) note_failure("a statement failed");
}

std::string connection::ask(const char* sql) {
  statement query(*this, sql);
  std::string answer;
  if (query.with().step()) answer = query.text(0);
  return answer;
}

std::int64_t connection::changes() const noexcept {
  return sqlite3_changes64(db_);
}

statement::~statement() {
  sqlite3_finalize(stmt_);
}

void statement::start() {
  if (!db_.ok()) return;
  if (stmt_ == nullptr) {
    if (sqlite3_prepare_v3(db_.handle(), sql_, -1, SQLITE_PREPARE_PERSISTENT, &stmt_, nullptr) != SQLITE_OK) {
      db_.note_failure("a statement could not be prepared");
    }
  } else if (running_) {
    reset();
  }
}

bool statement::step() {
  if (!db_.ok()) return false;
  running_ = true;
  const int rc = sqlite3_step(stmt_);
  if (rc == SQLITE_ROW) return true;
  if (rc != SQLITE_DONE) db_.note_failure("reading or writing failed");
  reset();
  return false;
}

void statement::reset() noexcept {
  // The result repeats the error of the last step, which was recorded there.
  if (stmt_ != nullptr) sqlite3_reset(stmt_);
  running_ = false;
}

std::int64_t statement::integer(int column) const noexcept {
  return sqlite3_column_int64(stmt_, column);
}

double statement::real(int column) const noexcept {
  return sqlite3_column_double(stmt_, column);
}

std::string_view statement::text(int column) const noexcept {
  // column_blob also for text: the bytes are the same, and no copy is made to append a NUL.
  const void* data = sqlite3_column_blob(stmt_, column);
  if (data == nullptr) return {};
  return {static_cast<const char*>(data), static_cast<std::size_t>(sqlite3_column_bytes(stmt_, column))};
}

bool statement::null(int column) const noexcept {
  return sqlite3_column_type(stmt_, column) == SQLITE_NULL;
}

void statement::bind_integer(int index, std::int64_t value) noexcept {
  if (stmt_ != nullptr) sqlite3_bind_int64(stmt_, index, value);
}

void statement::bind(int index, double value) noexcept {
  if (stmt_ != nullptr) sqlite3_bind_double(stmt_, index, value);
}

void statement::bind(int index, std::string_view value) noexcept {
  if (stmt_ == nullptr) return;
  // A null pointer would be bound as NULL.
  sqlite3_bind_text64(stmt_, index, value.data() != nullptr ? value.data() : "", value.size(), SQLITE_STATIC, SQLITE_UTF8);
}

void statement::bind(int index, bytes_view value) noexcept {
  if (stmt_ == nullptr) return;
  sqlite3_bind_blob64(stmt_, index, value.bytes.data() != nullptr ? value.bytes.data() : "", value.bytes.size(), SQLITE_STATIC);
}

void statement::bind(int index, text_or_null value) noexcept {
  if (value.text.empty()) {
    bind(index, std::nullopt);
  } else {
    bind(index, value.text);
  }
}

void statement::bind(int index, std::nullopt_t) noexcept {
  if (stmt_ != nullptr) sqlite3_bind_null(stmt_, index);
}

}  // namespace convoke::ledger::sqlite
