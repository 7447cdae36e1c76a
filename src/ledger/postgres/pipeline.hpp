#pragma once

// The statements of one round trip, with their values.

#include <deque>
#include <utility>
#include <vector>

#include "ledger/postgres/connection.hpp"
#include "ledger/postgres/tables.hpp"

namespace convoke::ledger::postgres {

class pipeline {
 public:
  // The values are to be added to what is returned. It stays valid as long as the pipeline.
  params& add(const char* sql) {
    sql_.push_back(sql);
    return values_.emplace_back();
  }
  // The index that the answer of the statement added next will have.
  [[nodiscard]] std::size_t size() const noexcept { return sql_.size(); }
  // What the statements changed is undone where this fails, unless fault::lost: then nothing is known.
  [[nodiscard]] outcome_of<std::vector<rows>> run(connection& db) {
    std::vector<connection::step> steps;
    steps.reserve(sql_.size());
    for (std::size_t i = 0; i < sql_.size(); ++i) steps.push_back({sql_[i], &values_[i]});
    auto answers = db.run_all(steps);
    if (!answers && db.usable() && db.in_transaction()) db.roll_back();
    return answers;
  }

 private:
  std::vector<const char*> sql_;
  std::deque<params> values_;
};

inline constexpr const char* begin_transaction = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE";
inline constexpr const char* commit_transaction = "COMMIT";
// See lock_class. A statement after it reads what was committed while it waited.
inline constexpr const char* share_writes_lock = "SELECT pg_advisory_xact_lock_shared(1668247158, 1)";
static_assert(lock_class == 1668247158 && lock_writes == 1);

}  // namespace convoke::ledger::postgres
