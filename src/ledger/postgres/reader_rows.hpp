#pragma once

// The long reads, page by page: results, inventory, counts. Each read() is one statement, which sees one snapshot; it returns true if more
// follows. A page that could not be read may be read again.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "ledger/page.hpp"
#include "ledger/planning/reasons.hpp"
#include "ledger/postgres/connection.hpp"
#include "ledger/postgres/row.hpp"
#include "ledger/reader.hpp"
#include "ledger/stored.hpp"

namespace convoke::ledger::postgres {

// What a page says: true if more follows, or why it could not be read. `pruned`: the records are not kept any more.
struct page_read {
  bool more = false;
  bool pruned = false;
};
using page_outcome = outcome_of<page_read>;

class result_pages {
 public:
  result_pages(const run_info& run, bool failed_only) : run_(run), failed_only_(failed_only), after_(first_row(run.id)) {}
  [[nodiscard]] page_outcome read(connection& c);
  [[nodiscard]] const std::vector<result_row>& page() const noexcept { return page_; }

 private:
  void take(const row_view& from);

  const run_info& run_;
  bool failed_only_;
  row_id after_;
  rows found_;  // the texts of `page_`
  std::vector<result_row> page_;
  // Of the record whose rows are being read: the server sends them once for all its rows in a page.
  std::string_view raw_;
  std::uint32_t occurrences_ = 0;
};

class inventory_pages {
 public:
  [[nodiscard]] outcome_of<page_read> read(connection& c);
  [[nodiscard]] const std::vector<inventory_row>& page() const noexcept { return page_; }
  // Why a payload could not be decoded. After it the page ends.
  [[nodiscard]] const result<void>& decoded() const noexcept { return decoded_; }

 private:
  key_id after_ = 0;
  rows found_;
  page_bytes bytes_;
  std::vector<inventory_row> page_;
  result<void> decoded_;
};

// Keys by state or by feed.
class key_counter {
 public:
  enum class by : std::uint8_t { state, feed };
  explicit key_counter(by what) noexcept : by_(what) {}
  [[nodiscard]] page_outcome read(connection& c);
  [[nodiscard]] std::vector<count_by> counts() const;

 private:
  by by_;
  key_id after_ = 0;
  std::map<std::string, std::uint64_t, std::less<>> counts_;
};

class expired_counter {
 public:
  explicit expired_counter(utc_time now) noexcept : now_(now) {}
  [[nodiscard]] page_outcome read(connection& c);
  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }

 private:
  utc_time now_;
  key_id after_ = 0;
  std::uint64_t count_ = 0;
};

class status_counter {
 public:
  explicit status_counter(const run_info& run) : run_(run), after_(first_row(run.id)) {}
  [[nodiscard]] page_outcome read(connection& c);
  // After the last page. Everything but `info` and `lanes`.
  [[nodiscard]] outcome_of<run_status> finish(connection& c) const;

 private:
  const run_info& run_;
  row_id after_;
  std::map<std::string, std::uint64_t, std::less<>> errors_;
  std::map<organizer_id, outcome_counts> organizers_;
};

class reason_counter {
 public:
  explicit reason_counter(const run_info& run) : run_(run), after_(first_row(run.id)) {}
  [[nodiscard]] page_outcome read(connection& c);
  [[nodiscard]] outcome_of<std::vector<failure_reason>> finish(connection& c, std::size_t most) const;

 private:
  const run_info& run_;
  row_id after_;
  bool decided_ = true;  // the rows with a key come first, then those without
  planning::reason_groups groups_;
};

}  // namespace convoke::ledger::postgres
