#pragma once

// The long reads, page by page: results, inventory, counts. Each read() belongs into a snapshot of its own; it returns true if more
// follows.

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "ledger/ledger.hpp"
#include "ledger/page.hpp"
#include "ledger/sqlite/connection.hpp"

namespace convoke::ledger::sqlite {

// Why the last call failed of rows that are still owed. While such a row is claimed that is not known.
class last_failures {
 public:
  explicit last_failures(connection& db) noexcept : find_(db, sql) {}
  // Copies into `bytes`. Leaves `row` as it is where nothing is known.
  void show(row_id outcome_id, organizer_id organizer, result_row& row, page_bytes& bytes);

 private:
  static constexpr const char* sql =
      "SELECT l.attempts, l.http_status, l.error_code, l.error_message, l.request_id, l.client_request_id FROM last_failure l "
      "LEFT JOIN owed o ON o.run = l.id >> 32 AND o.organizer = ? AND o.number = l.number WHERE l.id = ? AND coalesce(o.token, 0) = 0";
  statement find_;
};

// Fails where the records of a run are not kept any more: another process may have pruned it since the last page.
class kept_records {
 public:
  explicit kept_records(connection& db) noexcept : db_(db) {}
  [[nodiscard]] result<void> check(run_id run);

 private:
  connection& db_;
  statement pruned_{db_, "SELECT pruned FROM run WHERE id = ?"};
};

class result_pages {
 public:
  result_pages(connection& db, run_info run, bool failed_only);
  [[nodiscard]] result<bool> read();
  [[nodiscard]] std::span<const result_row> rows() const noexcept { return rows_; }

 private:
  void take();
  void take_record(result_row& row);
  [[nodiscard]] std::uint32_t count_occurrences(row_id first);

  // The record whose rows are being read: its bytes are the same for all of them, and are kept once in a page.
  struct shared_record {
    row_id first = 0;
    std::optional<std::string_view> raw{};  // of the page
    std::uint32_t occurrences = 0;          // 0: not counted yet
  };

  connection& db_;
  run_info run_;
  bool failed_only_;
  page_limits limits_;
  page_bytes bytes_;
  std::vector<result_row> rows_;
  row_id after_;
  kept_records kept_{db_};
  statement next_;
  shared_record record_;
  statement raw_{db_, "SELECT raw FROM record WHERE id = ?"};
  statement further_{db_, "SELECT first FROM record WHERE id > ? AND id <= ? ORDER BY id"};
  last_failures last_failures_{db_};
};

class inventory_pages {
 public:
  explicit inventory_pages(connection& db);
  [[nodiscard]] result<bool> read();
  [[nodiscard]] std::span<const inventory_row> rows() const noexcept { return std::span(rows_).first(count_); }

 private:
  struct organizer_name {
    lane_name lane;
    std::string organizer;
  };
  [[nodiscard]] const organizer_name& name_of(organizer_id id);
  [[nodiscard]] const std::string& feed_name(std::int64_t id);
  [[nodiscard]] result<void> take();

  connection& db_;
  page_limits limits_;
  page_bytes bytes_;
  // As many as a page can have. They are kept from page to page, since the names of lanes in them seldom change.
  std::vector<inventory_row> rows_;
  std::size_t count_ = 0;
  key_id after_ = 0;
  std::unordered_map<organizer_id, organizer_name> names_;
  std::unordered_map<std::int64_t, std::string> feeds_;
  statement feed_{db_, "SELECT name FROM feed WHERE id = ?"};
  statement name_{db_, "SELECT l.graph_root, l.tenant, l.app, o.object_id FROM organizer o JOIN lane l ON l.id = o.lane WHERE o.id = ?"};
  statement next_;
};

class feed_counter {
 public:
  explicit feed_counter(connection& db) : db_(db) {}
  [[nodiscard]] result<bool> read();
  // In a snapshot of its own, after the last page.
  [[nodiscard]] result<std::vector<count_by>> finish();

 private:
  connection& db_;
  key_id after_ = 0;
  std::map<std::int64_t, std::uint64_t> counts_;
  statement next_{db_,
                  "SELECT feed, count(*), max(id) FROM (SELECT id, feed FROM inventory WHERE id > ? ORDER BY id LIMIT ?) GROUP BY feed"};
};

class inventory_counter {
 public:
  explicit inventory_counter(connection& db) : db_(db) {}
  [[nodiscard]] result<bool> read();
  [[nodiscard]] std::vector<count_by> counts() const;

 private:
  connection& db_;
  key_id after_ = 0;
  std::map<std::string, std::uint64_t, std::less<>> counts_;
  statement next_{db_,
                  "SELECT b.state, b.pending, count(*), max(i.id) FROM (SELECT id FROM inventory WHERE id > ? ORDER BY id LIMIT ?) i "
                  "LEFT JOIN observation b ON b.id = i.id GROUP BY b.state, b.pending"};
};

class expired_counter {
 public:
  expired_counter(connection& db, utc_time now) : db_(db), now_(now) {}
  [[nodiscard]] result<bool> read();
  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }

 private:
  connection& db_;
  utc_time now_;
  key_id after_ = 0;
  std::uint64_t count_ = 0;
  statement next_{db_,
                  "SELECT count(*), coalesce(max(id), 0), coalesce(sum(state IN (1, 2) AND coalesce(expires_at <= ?3, 0)), 0) FROM "
                  "(SELECT id, state, expires_at FROM observation WHERE id > ?1 ORDER BY id LIMIT ?2)"};
};

class status_counter {
 public:
  status_counter(connection& db, run_info info);
  [[nodiscard]] result<bool> read();
  // In a snapshot of its own, after the last page.
  [[nodiscard]] result<run_status> finish();

 private:
  connection& db_;
  run_status out_;
  row_id after_;
  std::map<std::string, std::uint64_t, std::less<>> errors_;
  std::map<organizer_id, outcome_counts> organizers_;
  statement next_{db_,
                  "SELECT r.id, d.organizer, o.outcome, o.error_code FROM record r LEFT JOIN decision d ON d.id = r.id "
                  "LEFT JOIN outcome o ON o.id = coalesce(d.outcome_id, r.id) WHERE r.id > ? AND r.id <= ? ORDER BY r.id"};
};

}  // namespace convoke::ledger::sqlite
