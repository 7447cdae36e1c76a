#pragma once

// The rows the engine holds: claimed, and not yet ended durably.

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/flat_index.hpp"
#include "engine/types.hpp"

namespace convoke::engine {

using slot = std::uint32_t;  // place of a row in the store; stable while the row lives
inline constexpr slot no_slot = ~slot{0};

enum class row_state : std::uint8_t {
  vacant,
  ready,       // in its organizer's queue
  waiting,     // in the retry queue, until a time
  in_flight,   // granted, not answered
  held,        // answered permanently, not recorded while that may be part of a streak
  committing,  // recorded or released, the commit not yet acknowledged
  advancing,   // its next operation is owed; not sent before the commit that says so is acknowledged
};

struct row {
  owed_row owed{};
  std::uint32_t organizer = 0;  // index in its lane's organizers
  lane_id lane = 0;
  row_state state = row_state::vacant;
  connection_id connection = 0;
  bool reused = false;             // that connection had carried an answer before this row's call
  bool fresh_connection = false;   // its next call is granted only on a connection that was never used
  bool recreated = false;          // an update found no meeting: createOrGet was owed once more
  bool deferred = false;           // counted among the lane's rows that go to the next run
  std::uint32_t sends = 0;         // calls made, of all operations
  std::uint32_t sends_before = 0;  // of them, those of the operations before this one
  // Of the operation that is owed now:
  std::uint32_t charged = 0;  // calls that cost an attempt
  std::uint16_t conflicts = 0, stale = 0, refused = 0, unsent = 0;
  std::uint16_t doubted = 0;  // final answers that were not proven and asked for again
  std::uint32_t weight = 0;   // bytes of the answer that waits for its commit
  slot next = no_slot;        // in its organizer's queue
  slot sent_before = no_slot, sent_after = no_slot;
  mono_time first_sent{}, last_sent{};
  std::unique_ptr<answer> last;  // the latest answer that did not end it

  // Another operation is owed from now on: what was counted for the one before does not count against it.
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
  // no_slot where the row is here already.
  slot add(const owed_row& owed, lane_id lane, std::uint32_t organizer);
  void remove(slot s) noexcept;
  [[nodiscard]] slot find(row_id id) noexcept;
  [[nodiscard]] row& operator[](slot s) noexcept { return rows_[s]; }
  [[nodiscard]] std::size_t size() const noexcept { return index_.size(); }
  [[nodiscard]] slot end() const noexcept { return static_cast<slot>(rows_.size()); }  // slots below this may hold rows

 private:
  std::vector<row> rows_;
  std::vector<slot> free_;
  flat_index<slot> index_;
};

// Rows of a lane that were sent, in the order of their first call: so also in the order of their deadlines.
class sent_list {
 public:
  explicit sent_list(row_store& rows) noexcept : rows_(&rows) {}
  void append(slot s) noexcept;
  void remove(slot s) noexcept;
  [[nodiscard]] slot front() const noexcept { return head_; }

 private:
  row_store* rows_;
  slot head_ = no_slot, tail_ = no_slot;
};

// One call per key in flight, and a rest after a call whose end we did not see.
class key_guard {
 public:
  // The earliest time this key may be sent; mono_time::max() while it is in flight.
  [[nodiscard]] mono_time free_at(key_id key) noexcept;
  void sent(key_id key) { until_[key] = mono_time::max(); }
  void answered(key_id key) noexcept { until_.erase(key); }
  void rest(key_id key, mono_time until, mono_time now);

 private:
  struct nap {
    mono_time until;
    key_id key;
  };
  flat_index<mono_time> until_;
  std::vector<nap> resting_;  // in the order of their ends
};

}  // namespace convoke::engine
