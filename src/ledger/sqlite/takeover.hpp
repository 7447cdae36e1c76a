#pragma once

// What a plan means for other runs: keys it takes over, keys that stay owed elsewhere, keys that vanished.

#include <set>
#include <string>
#include <vector>

#include "ledger/ledger.hpp"
#include "ledger/sqlite/connection.hpp"
#include "ledger/sqlite/outcome_writer.hpp"
#include "ledger/sqlite/plan_rows.hpp"
#include "ledger/sqlite/runs.hpp"

namespace convoke::ledger::sqlite {

// What a row that takes another's place keeps of it: strikes count by key, and a claim that may still be in flight makes it stale.
class inheritance {
 public:
  struct entry {
    key_id key = 0;
    lease_token token = 0;
    std::uint32_t strikes = 0;
  };
  void add(const entry& e) { entries_.push_back(e); }
  void sort();
  [[nodiscard]] entry of(key_id key) const;

 private:
  std::vector<entry> entries_;
};

class takeover {
 public:
  takeover(connection& db, run_id run, const key_groups& groups, plan_summary& summary) noexcept
      : db_(db), run_(run), groups_(groups), summary_(summary) {}

  // Looks at what other runs owe: counts, samples, and what is handed down.
  [[nodiscard]] result<inheritance> look();
  // Keys of the newest other run of the same input name and lanes that was opened, and that this input lacks.
  [[nodiscard]] result<void> find_vanished(const run_header& header);
  // Ends the rows of other runs whose keys this plan decides about; runs that owe nothing then are finished.
  [[nodiscard]] result<void> supersede(outcome_writer& outcomes, utc_time now);

 private:
  [[nodiscard]] std::optional<run_id> previous(const run_header& header);
  [[nodiscard]] std::uint64_t duplicates_of(row_id row);
  [[nodiscard]] std::optional<named_key> name(key_id key);
  void sample(std::vector<named_key>& into, key_id key);

  connection& db_;
  run_id run_;
  const key_groups& groups_;
  plan_summary& summary_;
  statement duplicates_{db_, "SELECT count(*) FROM duplicate WHERE first = ?"};
  statement named_{db_, "SELECT payload FROM record WHERE id = (SELECT source FROM inventory WHERE id = ?)"};
};

}  // namespace convoke::ledger::sqlite
