#pragma once

// The rows of this process: claimed, and not yet ended durably.

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/flat_index.hpp"
#include "engine/types.hpp"

namespace convoke::engine {

using row_index = std::uint32_t;  // of a row in the store; does not change while the row is there
inline constexpr row_index no_row = ~row_index{0};

enum class row_state : std::uint8_t {
  vacant,
  ready,       // in its organizer's queue
  waiting,     // in the retry queue, until a time
  in_flight,   // granted, not answered
  undecided,   // got a permanent answer that may be part of a streak; not recorded yet
  committing,  // recorded or released, the commit not yet acknowledged
  advancing,   // owes its next operation, which is not sent before the commit of that is acknowledged
};

struct row {
  owed_row owed{};
  std::uint32_t organizer = 0;  // an organizer_index of its lane
  lane_id lane = 0;
  row_state state = row_state::vacant;
  connection_id connection = 0;
  bool reused = false;             // that connection had carried an answer before this row's call
  bool fresh_connection = false;   // its next call is granted only on a connection that was never used
  bool shares_connection = false;  // another call of the same batch stands for the connection
  bool recreated = false;          // an update did not find the meeting, so createOrGet was owed once more
  bool deferred = false;           // counted among the rows of its lane that go to the next run
  // It waits only until its last call is over, and is released then: with its attempts used up, if `struck`.
  bool leaves = false;
  bool struck = false;
  std::uint32_t sends = 0;         // calls made, of all operations
  std::uint32_t sends_before = 0;  // of them, those of the operations before this one
  // Of the operation that is owed now:
  std::uint32_t charged = 0;  // calls that cost an attempt
  std::uint16_t conflicts = 0, stale = 0, refused = 0, unsent = 0;
  std::uint16_t doubted = 0;  // answers that would have ended the row but were not proven
  std::uint32_t weight = 0;   // bytes of the answer that waits for its commit
  row_index next = no_row;    // in its organizer's queue
  row_index sent_before = no_row, sent_after = no_row;
  mono_time first_sent{}, last_sent{};
  std::unique_ptr<answer> last;  // the latest answer that did not end it

  [[nodiscard]] bool calls_beta() const noexcept { return owed.beta && owed.op == operation::create_or_get; }

  // The row owes this operation from now on. What was counted for the operation before does not count for it.
  void begin(operation op) noexcept {
    owed.op = op;
    sends_before = sends;
    charged = 0;
    conflicts = stale = refused = unsent = doubted = 0;
    fresh_connection = false;
  }
};

class row_store {
 public:
  // no_row where the row is in the store already.
  row_index add(const owed_row& owed, lane_id lane, std::uint32_t organizer);
  void remove(row_index i) noexcept;
  [[nodiscard]] row_index find(row_id id) noexcept;
  [[nodiscard]] row& operator[](row_index i) noexcept { return rows_[i]; }
  [[nodiscard]] std::size_t size() const noexcept { return index_.size(); }
  [[nodiscard]] row_index end() const noexcept { return static_cast<row_index>(rows_.size()); }  // indexes below this may have rows

 private:
  std::vector<row> rows_;
  std::vector<row_index> free_;
  flat_index<row_index> index_;
};

// The rows of a lane that were sent, in the order of their first calls and therefore of their deadlines.
class sent_list {
 public:
  explicit sent_list(row_store& rows) noexcept : rows_(&rows) {}
  void append(row_index i) noexcept;
  void remove(row_index i) noexcept;
  [[nodiscard]] row_index front() const noexcept { return head_; }

 private:
  row_store* rows_;
  row_index head_ = no_row, tail_ = no_row;
};

// One call per key in flight, and a rest after a call whose own answer was perhaps not received.
class key_guard {
 public:
  // The earliest time this key may be sent; mono_time::max() while it is in flight.
  [[nodiscard]] mono_time free_at(key_id key) noexcept;
  void sent(key_id key) { until_[key] = mono_time::max(); }
  void answered(key_id key) noexcept { until_.erase(key); }
  void rest(key_id key, mono_time until, mono_time now);

 private:
  struct rest_end {
    mono_time until;
    key_id key;
  };
  flat_index<mono_time> until_;
  std::vector<rest_end> resting_;  // in the order of their ends
};

}  // namespace convoke::engine
