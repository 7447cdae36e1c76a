#pragma once

// Writes how rows ended: the outcome of a row and of its duplicates, what was observed of the key, and the counts of the run. Used by runs
// under way and by plans. On the ledger's thread, inside a transaction; errors stick to the connection.

#include <cstdint>
#include <map>
#include <string_view>
#include <utility>

#include "ledger/digest.hpp"
#include "ledger/ledger.hpp"
#include "ledger/sqlite/connection.hpp"
#include "ledger/stored.hpp"

namespace convoke::ledger::sqlite {

// What an owed row says about itself. outcome_id: the id of the outcome that it will have. duplicates: 0 where no other row of the run
// shares its key. hash: of the wanted payload. reads: it owes a get.
struct owed_call {
  row_id row = 0, outcome_id = 0;
  key_id key = 0;
  std::uint64_t duplicates = 0;
  digest hash{};
  bool reads = false;
};

class outcome_writer {
 public:
  explicit outcome_writer(connection& db) noexcept : db_(db) {}

  // The outcome of the row and of its duplicates, and the observation of their key. Returns how many rows of the input ended by it.
  //
  // A get that failed observed nothing. Where it found a difference, a key that was still to be called stays so: the observation is
  // incomplete.
  std::uint64_t answered(const owed_call& call, const finished_row& with);
  // The outcome of a row that is owed and not called any more. No observation.
  void given_up(const owed_call& call, std::string_view code, std::string_view why, utc_time when);
  // No outcome: the observation of a key whose row owes a further operation.
  void advanced(const owed_call& call, const advanced_row& with);
  // No outcome and no observation: why the last call failed, of the row and of its duplicates.
  void failed_last(const owed_call& call, const released_row& with);
  // The outcome of rows that run `by` took over. No observation.
  void superseded(const owed_call& call, run_id by, utc_time when);
  // The outcome of a row that owes no call. `code` and `why` of a rejected row, `drift` of a known one.
  void decided(row_id row, outcome o, std::string_view code, std::string_view why, std::string_view drift);

  // Adds the counts gathered since the last call to the ledger. Belongs into the same commit as the outcomes.
  void write_counts();
  void forget_counts() noexcept { counts_.clear(); }

 private:
  void write(row_id outcome_id, const finished_row& with);
  std::uint64_t write_all(const owed_call& call, const finished_row& with);
  void observe(const owed_call& call, const finished_row& with);
  [[nodiscard]] bool needs_call(key_id key);
  void observe_meeting(const owed_call& call, observed state, std::string_view drift, const meeting& stored, utc_time when);

  static const char* observe_sql();

  connection& db_;
  std::map<std::pair<run_id, outcome>, std::uint64_t> counts_;
  statement insert_{
      db_,
      "INSERT INTO outcome(id, outcome, attempts, http_status, error_code, error_message, request_id, client_request_id, drift, "
      "finished_at) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"};
  statement decide_{db_, "INSERT INTO outcome(id, outcome, error_code, error_message, drift) VALUES(?, ?, ?, ?, ?)"};
  statement state_of_{db_, "SELECT state, pending FROM observation WHERE id = ?"};
  statement duplicates_{db_, "SELECT id FROM duplicate WHERE first = ?"};
  statement meeting_{db_, observe_sql()};
  // These leave what was seen of the meeting earlier.
  statement state_{db_,
                   "INSERT INTO observation(id, state, pending, observed_at) VALUES(?, ?, 0, ?) "
                   "ON CONFLICT(id) DO UPDATE SET state = excluded.state, pending = 0, observed_at = excluded.observed_at"};
  statement comparison_{
      db_,
      "INSERT INTO observation(id, state, pending, compared_hash, observed_at, drift) VALUES(?, ?, 0, ?, ?, ?) ON CONFLICT(id) DO UPDATE "
      "SET state = excluded.state, pending = 0, compared_hash = excluded.compared_hash, observed_at = excluded.observed_at, "
      "drift = excluded.drift"};
  statement last_failure_{
      db_,
      "INSERT OR REPLACE INTO last_failure(id, number, attempts, http_status, error_code, error_message, request_id, client_request_id) "
      "VALUES(?, ?, ?, ?, ?, ?, ?, ?)"};
  statement tally_{db_, "INSERT INTO tally(run, outcome, n) VALUES(?, ?, ?) ON CONFLICT DO UPDATE SET n = n + excluded.n"};
};

}  // namespace convoke::ledger::sqlite
