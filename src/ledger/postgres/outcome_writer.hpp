#pragma once

// Writes how rows of runs under way ended, set by set: outcomes of rows and of their duplicates, what was observed of the keys, and the
// counts of the runs.

#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include "ledger/ledger.hpp"
#include "ledger/postgres/memory.hpp"
#include "ledger/postgres/pipeline.hpp"

namespace convoke::ledger::postgres {

// All writes of a group, as one. The statements lock the rows in the order of their ids, so that two workers never wait for each other.
class write_set {
 public:
  // The requests must stay as they are until the answers are read.
  explicit write_set(std::span<const row_writes* const> requests);
  [[nodiscard]] bool empty() const noexcept { return rows_.empty(); }

  // slot: of the tally.
  void add(pipeline& to, std::uint32_t slot);
  // What these statements answered; the index is that of the first of them.
  void read(const std::vector<rows>& answers, std::size_t first);

  // After a commit in doubt: rows whose write was found to have taken effect then.
  [[nodiscard]] outcome_of<void> find_done(connection& db);
  // Rows whose write changed nothing because a later plan had taken them over: the row that took over inherited the token, and nothing is
  // in flight under it any more.
  [[nodiscard]] outcome_of<void> free_inherited(connection& db) const;

  // For each request its answer, without cooldowns; calls `made` for each meeting made and `released` for each row released.
  [[nodiscard]] std::vector<committed_rows> answers(memory_writer& made) const;
  [[nodiscard]] std::vector<row_id> released() const;

 private:
  enum class kind : std::uint8_t { finished, advanced, released };
  struct row {
    kind what;
    std::size_t request;
    const finished_row* finished = nullptr;
    const advanced_row* advanced = nullptr;
    const released_row* released = nullptr;
    row_id id = 0;
    organizer_id organizer = 0;
    key_id key = 0;
    lease_token token = 0;
    bool done = false, ended = false, made = false;  // took effect; has its outcome; a meeting was made by it
    std::uint64_t inputs = 0;                        // rows of the input that ended
  };
  void add_row(row added);
  [[nodiscard]] row* answered(const std::vector<std::size_t>& set, const rows& from, int at);
  void add_ends(pipeline& to, std::uint32_t slot);
  void add_advances(pipeline& to);
  void add_releases(pipeline& to);

  std::vector<row> rows_;  // in the order of the requests
  std::size_t requests_ = 0;
  std::vector<std::size_t> ends_, advances_, releases_;  // indices of rows_, sorted by id, as the statements have them
  std::deque<finished_row> third_strikes_;
};

}  // namespace convoke::ledger::postgres
