#pragma once

// Collects what the engine wants written into groups for the ledger. At most two groups are under way: while the ledger commits one, the
// next one fills. So the size of the groups follows the load, and a single row does not wait.

#include <cstdint>
#include <functional>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "engine/types.hpp"
#include "ledger/ledger.hpp"
#include "run/mailbox.hpp"

namespace convoke::run {

class commits {
 public:
  using handler = std::function<void(result<ledger::committed_rows>)>;
  // `done` runs on the io_context's thread, and not after this object's end.
  commits(boost::asio::io_context& io, ledger::store& store, handler done) : mail_(io, *this), store_(store), done_(std::move(done)) {}

  void add(ledger::finished_row row) { rows_.finished.push_back(std::move(row)); }
  void add(ledger::advanced_row row) { rows_.advanced.push_back(std::move(row)); }
  void add(ledger::released_row row) { rows_.released.push_back(std::move(row)); }
  // Hands the collected rows to the ledger, unless two groups are under way.
  void flush();
  // Hands the collected rows to the ledger in any case.
  void flush_all();
  [[nodiscard]] bool busy() const noexcept { return under_way_ > 0 || !rows_.empty(); }

 private:
  void on_written(result<ledger::committed_rows> done);

  mailbox<commits> mail_;
  ledger::store& store_;
  handler done_;
  ledger::row_writes rows_;
  unsigned under_way_ = 0;
};

[[nodiscard]] ledger::finished_row finished_row(engine::record_outcome&& from, engine::organizer_id organizer);
[[nodiscard]] ledger::advanced_row advanced_row(engine::advance_row&& from, engine::organizer_id organizer);
[[nodiscard]] ledger::released_row released_row(engine::release_row&& from, engine::key_id key, engine::organizer_id organizer);
// The end of the remaining rows of a closed organizer.
[[nodiscard]] ledger::finished_row like_answer(engine::answer&& from);

}  // namespace convoke::run
