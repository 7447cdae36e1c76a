#pragma once

// Gathers what the engine wants recorded into groups for the ledger. Two groups are under way at most: while the ledger commits,
// the next group fills, so groups are as large as the load makes them and a lone row waits for nothing.

#include <cstdint>
#include <functional>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "engine/types.hpp"
#include "ledger/ledger.hpp"

namespace convoke::run {

class commits {
 public:
  // What a group that is durable now has ended: the calls' rows, and how many rows of the input got their outcome by them.
  struct ended {
    std::vector<ledger::row_id> calls;
    std::uint64_t rows = 0;
  };
  using handler = std::function<void(result<ended>)>;
  // `done` runs on the io_context's thread.
  commits(boost::asio::io_context& io, ledger::store& store, handler done) : io_(io), store_(store), done_(std::move(done)) {}

  // `rows`: those of the input that share the key, itself included.
  void add(ledger::finished_row row, std::uint64_t rows) {
    finished_.push_back(std::move(row));
    rows_ += rows;
  }
  void add(ledger::released_row row) { released_.push_back(std::move(row)); }
  // Hands over what was gathered, unless two groups are under way.
  void flush();
  // Hands over what was gathered in any case.
  void flush_all();
  [[nodiscard]] bool busy() const noexcept { return under_way_ > 0 || !finished_.empty() || !released_.empty(); }

 private:
  boost::asio::io_context& io_;
  ledger::store& store_;
  handler done_;
  std::vector<ledger::finished_row> finished_;
  std::vector<ledger::released_row> released_;
  std::uint64_t rows_ = 0;
  unsigned under_way_ = 0;
};

[[nodiscard]] ledger::finished_row finished_row(engine::record_outcome&& from, engine::organizer_id organizer);
[[nodiscard]] ledger::released_row released_row(engine::release_row&& from, engine::key_id key, engine::organizer_id organizer);
// What the rows of a closed organizer end with.
[[nodiscard]] ledger::finished_row like_answer(engine::answer&& from);

}  // namespace convoke::run
