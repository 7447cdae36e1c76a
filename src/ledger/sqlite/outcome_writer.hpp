#pragma once

// Writes how rows ended: the outcome of a row and of its duplicates, what was observed, and the counts. Used by the run and by plans.

#include <cstdint>
#include <map>
#include <utility>

#include "ledger/digest.hpp"
#include "ledger/ledger.hpp"
#include "ledger/planning/rules.hpp"
#include "ledger/sqlite/connection.hpp"

namespace convoke::ledger::sqlite {

// What an owed row says about itself. outcome_id: the id of the outcome that it will have. duplicates: 0 where no other row of the run
// shares its key. hash: of the wanted payload.
struct owed_call {
  row_id row = 0, outcome_id = 0;
  key_id key = 0;
  std::uint64_t duplicates = 0;
  digest hash{};
};

class outcome_writer {
 public:
  explicit outcome_writer(connection& db) noexcept : db_(db) {}

  // A call's answer: outcome of the row and its duplicates, and the observation of its key.
  // The rows of the input that ended by it.
  std::uint64_t answered(const owed_call& row, const finished_row& with);
  // No end: the row and its duplicates stay owed, and this was the matter with their call.
  void failed_last(const owed_call& row, const released_row& with);
  // Taken over by another run: no observation.
  void superseded(const owed_call& row, run_id by, utc_time when);
  // Decided by a plan. `why` and `code` of a rejected row, `drift` of a known one.
  void decided(row_id row, outcome o, std::string_view code, std::string_view why, std::string_view drift);

  // Adds the counts gathered since the last call to the ledger: part of the same commit as the outcomes.
  void write_counts();
  void forget_counts() noexcept { counts_.clear(); }

 private:
  void write(row_id outcome_id, const finished_row& with);
  void observe(const owed_call& row, const finished_row& with);
  std::uint64_t write_all(const owed_call& row, const finished_row& with);

  connection& db_;
  std::map<std::pair<run_id, outcome>, std::uint64_t> counts_;
  statement insert_{
      db_,
      "INSERT INTO outcome(id, outcome, attempts, http_status, error_code, error_message, request_id, client_request_id, drift, "
      "finished_at) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"};
  statement decide_{db_, "INSERT INTO outcome(id, outcome, error_code, error_message, drift) VALUES(?, ?, ?, ?, ?)"};
  statement duplicates_{db_, "SELECT id FROM duplicate WHERE first = ?"};
  statement saw_{db_,
                 "INSERT OR REPLACE INTO observation(id, state, pending, compared_hash, observed_at, drift, meeting_id, join_web_url, "
                 "join_meeting_id, passcode, dial_in_number, conference_id) VALUES(?, ?, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?)"};
  statement last_failure_{
      db_,
      "INSERT OR REPLACE INTO last_failure(id, line, attempts, http_status, error_code, error_message, request_id, client_request_id) "
      "VALUES(?, ?, ?, ?, ?, ?, ?, ?)"};
  statement state_{db_,
                   "INSERT INTO observation(id, state, pending, observed_at) VALUES(?, ?, 0, ?) "
                   "ON CONFLICT(id) DO UPDATE SET state = excluded.state, pending = 0, observed_at = excluded.observed_at"};
  statement tally_{db_, "INSERT INTO tally(run, outcome, n) VALUES(?, ?, ?) ON CONFLICT DO UPDATE SET n = n + excluded.n"};
};

// The states of an observation, as stored.
using observed = planning::observed_state;

}  // namespace convoke::ledger::sqlite
