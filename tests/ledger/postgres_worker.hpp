#pragma once

// A database in the cluster of the tests, and workers on it without a store around them: each has a connection for its rows and one for
// its renewals, as a store has, and the test decides when each of them does what.

#include <string>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "ledger/postgres/connection.hpp"
#include "ledger/postgres/exchange.hpp"
#include "ledger/postgres/run_writer.hpp"
#include "ledger/postgres/sessions.hpp"
#include "ledger/postgres_database.hpp"

namespace convoke::ledger::testing {

class database : public postgres_database {
 public:
  database();
  [[nodiscard]] std::int64_t number(const std::string& query) const;  // of the first column

  // An open run in the lane of this number, whose row N (from 1) belongs to organizer `organizer_of(N)` of it and has the key N.
  run_id add_run(unsigned rows, const std::function<unsigned(unsigned)>& organizer_of, unsigned lane = 1);
  run_id add_run(unsigned rows) {
    return add_run(rows, [](unsigned) { return 1; });
  }
  // The lease of this session ends now.
  void expire(lease_token session);

 private:
  mutable postgres::connection own_;
};

lane_name lane_of(unsigned lane);

class worker {
 public:
  explicit worker(database& at) : db(at.connect()), renewals(at.connect()), at_(at) {}

  opened_run join(run_id run = all_runs, std::vector<unsigned> lanes = {1},
                  std::optional<std::chrono::nanoseconds> give_again_after = std::nullopt);
  result<claim_answer> try_claim(std::vector<page_wanted> pages, bool stale = false);
  // Of one organizer.
  claimed_page claim(organizer_id organizer, std::uint32_t count, bool stale = false);
  committed_rows write(row_writes rows);
  result<renewal> renew(std::vector<lane_report> lanes = {lane_report{}}, bool extend = false);
  result<rows_in_store> survey() { return must(sessions.survey(db, lease)); }
  void reconnect();

  postgres::connection db, renewals;
  postgres::session_list list;
  postgres::session_writer sessions{list};
  postgres::memory_writer memory{list};
  postgres::run_writer writer{list, memory};
  run_id run = all_runs;
  lease_token lease = 0;

 private:
  database& at_;
};

// Ends a claimed row.
finished_row finished(const claimed_row& row, outcome o = outcome::created);
released_row freed(const claimed_row& row, bool strike = false);
std::vector<finished_row> all_finished(const claimed_page& page);

}  // namespace convoke::ledger::testing
