#pragma once

// A thin owner of one PostgreSQL connection. All values go to the server and come back in binary form, as unnamed parameters of unnamed
// statements: nothing lives in a connection's state beyond a transaction, so PgBouncer may pool transactions.
//
// Unlike a SQLite handle, a connection can be lost and replaced: an error is a value of each call and does not stick. A connection belongs
// to one thread at a time.

#include <chrono>
#include <concepts>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <convoke/error.hpp>

struct pg_conn;
struct pg_result;

namespace convoke::ledger::postgres {

// What can be done about a failure.
enum class fault : std::uint8_t {
  none,
  lost,       // the connection is gone: shut down, cut, timed out, or the server is starting. What was under way may have been committed
  again,      // the transaction was rolled back and may be tried again as it was: deadlock, serialization, too many connections, full disk
  read_only,  // the server is a standby: another host of the URL may be the primary
  interrupted,  // the caller's `interrupted` ended it
  refused,      // wrong password, unknown database, no privilege: trying again is of no use
  wrong,        // everything else: an error of ours or of the data
};

struct failure {
  fault kind = fault::none;
  std::string state;                     // SQLSTATE, empty where the server sent none
  std::string message;                   // for people: without secrets and control characters
  [[nodiscard]] error to_error() const;  // errc::interrupted, errc::credentials (a wrong password) or errc::storage
};
template <class T>
using outcome_of = std::expected<T, failure>;

// The parameters of one statement, $1 first. Text and bytes are copied.
class params {
 public:
  params() = default;
  template <std::integral T>
  params& with(T value) {
    return integer(static_cast<std::int64_t>(value));  // bigint
  }
  params& with(bool value);
  params& with(double value);
  params& with(std::string_view value);  // text
  params& with(const char* value) { return with(std::string_view(value)); }
  params& with(const std::string& value) { return with(std::string_view(value)); }
  params& bytes(std::string_view value);  // bytea
  params& null();                         // of any type that the statement gives it
  template <class T>
  params& with(const std::optional<T>& value) {
    return value ? with(*value) : null();
  }
  // Arrays, for unnest(): bigint[], float8[], text[] and bytea[]. An absent element is NULL.
  params& integers(std::span<const std::int64_t> values);
  params& integers(std::span<const std::optional<std::int64_t>> values);
  params& reals(std::span<const double> values);
  params& texts(std::span<const std::string_view> values);
  params& texts(std::span<const std::optional<std::string_view>> values);
  params& many_bytes(std::span<const std::string_view> values);
  params& many_bytes(std::span<const std::optional<std::string_view>> values);

  [[nodiscard]] std::size_t size() const noexcept { return parts_.size(); }
  [[nodiscard]] std::size_t bytes_in_all() const noexcept { return bytes_.size(); }

 private:
  friend class connection;
  struct part {
    std::uint32_t type = 0;  // OID
    bool null = false;
    std::size_t begin = 0, size = 0;  // in bytes_
  };
  params& integer(std::int64_t value);
  template <class Append>
  params& add(std::uint32_t type, const Append& append_value);

  std::string bytes_;
  std::vector<part> parts_;
};

// The rows that a statement returned. Views are valid as long as the object.
class rows {
 public:
  rows() = default;
  explicit rows(pg_result* taken) noexcept;
  [[nodiscard]] int size() const noexcept { return count_; }
  [[nodiscard]] bool empty() const noexcept { return count_ == 0; }
  [[nodiscard]] std::uint64_t changed() const noexcept { return changed_; }  // by INSERT, UPDATE, DELETE
  [[nodiscard]] bool null(int row, int column) const noexcept;
  // smallint, integer, bigint and boolean columns; 0 for NULL.
  [[nodiscard]] std::int64_t integer(int row, int column) const noexcept;
  [[nodiscard]] double real(int row, int column) const noexcept;            // float8; 0 for NULL
  [[nodiscard]] std::string_view text(int row, int column) const noexcept;  // text and bytea; empty for NULL
  template <std::integral T>
  [[nodiscard]] T as(int row, int column) const noexcept {
    return static_cast<T>(integer(row, column));
  }

 private:
  struct clear {
    void operator()(pg_result* r) const noexcept;
  };
  std::unique_ptr<pg_result, clear> result_;
  int count_ = 0;
  std::uint64_t changed_ = 0;
};

struct connect_options {
  std::string url;
  std::string application_name = "convoke";
  std::chrono::milliseconds connect_timeout{10'000};
  // How long one statement may take before the connection counts as lost. A half-open connection is found by this and by
  // tcp_user_timeout (25 s).
  std::chrono::milliseconds statement_timeout{120'000};
  // Asked before a statement is sent, and about ten times a second while the server is waited for. Not asked by commit() and roll_back().
  std::function<bool()> interrupted = [] { return false; };
};

class connection {
 public:
  connection() noexcept;
  connection(connection&&) noexcept;
  connection& operator=(connection&&) noexcept;
  ~connection();

  // Prefers a host of the URL that takes writes (target_session_attrs=read-write unless the URL says otherwise).
  [[nodiscard]] static outcome_of<connection> open(const connect_options& options);
  // Whether a statement can be run: false after fault::lost.
  [[nodiscard]] bool usable() const noexcept;

  // One statement. Outside of begin()/commit() it is a transaction of its own.
  [[nodiscard]] outcome_of<rows> run(const char* sql, const params& values = {});

  // Any number of statements without parameters, for example those that create tables. Their rows are dropped.
  [[nodiscard]] outcome_of<void> script(const char* sql);

  // A statement of a pipeline. `sql` and `values` must stay valid until run_all returns.
  struct step {
    const char* sql;
    const params* values;
  };
  // All of them in one round trip, in pipeline mode and in order. The first failure ends the rest, which the server skips. A transaction
  // that one of them began is still there then: roll_back() ends it.
  [[nodiscard]] outcome_of<std::vector<rows>> run_all(std::span<const step> steps);

  [[nodiscard]] outcome_of<void> begin();
  [[nodiscard]] outcome_of<void> commit();
  // Ends a transaction where there is one. Where that is not possible the connection is given up, which ends it too.
  void roll_back() noexcept;
  [[nodiscard]] bool in_transaction() const noexcept;
  // Replaces connect_options::statement_timeout.
  void set_statement_timeout(std::chrono::milliseconds timeout) noexcept;

 private:
  struct impl;
  explicit connection(std::unique_ptr<impl> made) noexcept;
  std::unique_ptr<impl> impl_;
};

// Opens connections to one URL, and a new one after one was lost, with increasing pauses (0.1 s doubling to 5 s, with jitter) until
// `give_up` is reached. Everything of a store that talks to the server goes through one of these.
class connector {
 public:
  explicit connector(connect_options options) : options_(std::move(options)) {}
  // The connection that is open, or a new one.
  [[nodiscard]] outcome_of<connection*> get(std::chrono::steady_clock::time_point give_up);
  // The next get() opens a new one.
  void drop() noexcept { open_.reset(); }
  [[nodiscard]] const connect_options& options() const noexcept { return options_; }

 private:
  connect_options options_;
  std::optional<connection> open_;
};

}  // namespace convoke::ledger::postgres
