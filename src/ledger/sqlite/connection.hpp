#pragma once

// A thin owner of one SQLite connection and of prepared statements.
//
// The first error sticks: after it every step does nothing and reports no more rows, and the caller checks ok() once at the end of its unit
// of work. A writer must stop then anyway: after a write or sync error nothing on this handle can be trusted. A connection and its
// statements belong to one thread at a time.

#include <concepts>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <convoke/error.hpp>

struct sqlite3;
struct sqlite3_stmt;

namespace convoke::ledger::sqlite {

struct bytes_view {
  std::string_view bytes;
};
inline bytes_view blob(std::string_view bytes) {
  return {bytes};
}
// Empty text is stored as NULL: most rows have no error.
struct text_or_null {
  std::string_view text;
};
inline text_or_null or_null(std::string_view text) {
  return {text};
}

class connection {
 public:
  connection() = default;
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;
  ~connection();

  // rehearsal: as read_write, but what is written goes into unnamed files and is gone with the connection; see overlay_vfs.hpp.
  enum class mode : std::uint8_t { read_write, read_only, immutable, rehearsal };
  [[nodiscard]] result<void> open(const std::string& path, mode how);
  void close() noexcept;
  // Leaves the log as it is: after a failed sync nothing may be synced again.
  void close_without_checkpoint() noexcept;

  [[nodiscard]] bool ok() const noexcept { return !failure_.has_value(); }
  [[nodiscard]] const error& failure() const { return *failure_; }
  [[nodiscard]] result<void> status() const;
  [[nodiscard]] int code() const noexcept { return code_; }  // SQLite's extended code of the failure
  void fail_with(std::string message, errc code = errc::storage);
  void note_failure(const char* doing);
  void forget_failure() noexcept;  // readers only: a reader that could not read once may try again

  // While one exists, a statement that is running ends soon after `interrupted` returns true, with errc::interrupted as the failure. SQLite
  // calls it on this thread, every few thousand steps of its virtual machine.
  class interruptible {
   public:
    interruptible(connection& db, const std::function<bool()>& interrupted) noexcept;
    ~interruptible();
    interruptible(const interruptible&) = delete;
    interruptible& operator=(const interruptible&) = delete;

   private:
    connection& db_;
  };
  // After an interruption: rolls back the transaction that was open, and makes the connection usable again. Does nothing after any other
  // failure.
  void undo_interrupted() noexcept;
  [[nodiscard]] bool in_transaction() const noexcept;

  void exec(const char* sql);
  // The first column of the first row, as text; empty where there is none.
  [[nodiscard]] std::string ask(const char* sql);
  [[nodiscard]] std::int64_t changes() const noexcept;
  [[nodiscard]] sqlite3* handle() const noexcept { return db_; }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  sqlite3* db_ = nullptr;
  std::string path_;
  std::optional<error> failure_;
  int code_ = 0;
};

// Prepared at its first use, finalised when it is destroyed, which must be before the connection closes. Values are bound without a copy
// and must stay valid until the statement has run. Views of columns are valid until the next step.
class statement {
 public:
  statement(connection& db, const char* sql) noexcept : db_(db), sql_(sql) {}
  statement(const statement&) = delete;
  statement& operator=(const statement&) = delete;
  ~statement();

  template <class... A>
  statement& with(const A&... values) {
    start();
    int index = 0;
    (bind(++index, values), ...);
    return *this;
  }
  // True: there is a row. False: there is no further row, or the statement failed.
  bool step();
  void run() {
    while (step()) {
    }
  }
  void reset() noexcept;

  [[nodiscard]] std::int64_t integer(int column) const noexcept;
  [[nodiscard]] double real(int column) const noexcept;
  [[nodiscard]] std::string_view text(int column) const noexcept;
  [[nodiscard]] bool null(int column) const noexcept;
  template <std::integral T>
  [[nodiscard]] T as(int column) const noexcept {
    return static_cast<T>(integer(column));
  }

 private:
  void start();
  void bind_integer(int index, std::int64_t value) noexcept;
  void bind(int index, double value) noexcept;
  void bind(int index, std::string_view value) noexcept;
  void bind(int index, bytes_view value) noexcept;
  void bind(int index, text_or_null value) noexcept;
  void bind(int index, std::nullopt_t) noexcept;
  template <std::integral T>
  void bind(int index, T value) noexcept {
    bind_integer(index, static_cast<std::int64_t>(value));
  }
  template <class T>
  void bind(int index, const std::optional<T>& value) noexcept {
    if (value) {
      bind(index, *value);
    } else {
      bind(index, std::nullopt);
    }
  }
  void bind(int index, const std::string& value) noexcept { bind(index, std::string_view(value)); }
  void bind(int index, const char* value) noexcept { bind(index, std::string_view(value)); }

  connection& db_;
  const char* sql_;
  sqlite3_stmt* stmt_ = nullptr;
  bool running_ = false;
};

}  // namespace convoke::ledger::sqlite
