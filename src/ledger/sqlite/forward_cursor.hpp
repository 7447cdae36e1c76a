#pragma once

// Looks keys up in a table, in any order. It steps forward to a key that is a few rows further on, and seeks a key that is far away or
// behind: a merge join where the keys and the table advance together, and single lookups where they do not.

#include <cstdint>

#include "ledger/digest.hpp"
#include "ledger/sqlite/connection.hpp"

namespace convoke::ledger::sqlite {

// The statement selects the key first, `WHERE key >= ? ORDER BY key`. Key: digest, or an integer id.
template <class Key>
class forward_cursor {
 public:
  forward_cursor(connection& db, const char* sql) noexcept : rows_(db, sql) {}

  // True: the key exists, and row() is its row until the next find().
  bool find(const Key& wanted) {
    if (past_end_ && wanted >= end_) return false;
    if (near(wanted)) {
      for (int steps = 0; on_row_ && steps < most_steps && at_ < wanted; ++steps) advance(wanted);
      paid_ = on_row_ && at_ >= wanted;
    }
    const bool known = on_row_ ? at_ == wanted || (after_ < wanted && wanted < at_) : past_end_ && wanted >= end_;
    if (!known) seek(wanted);
    return on_row_ && at_ == wanted;
  }
  [[nodiscard]] const statement& row() const noexcept { return rows_; }

  // Ends the reading: an open cursor keeps a snapshot, and makes writes to its table slower. The next find() seeks.
  void close() {
    rows_.reset();
    on_row_ = past_end_ = false;
  }

 private:
  static constexpr int most_steps = 8;  // about the cost of a seek

  bool near(const Key& wanted) {
    if (!on_row_) return false;
    if constexpr (std::is_same_v<Key, digest>) {
      // Hashes do not show how many keys lie between. Where stepping did not reach the last key, it is tried again once in 64 times.
      return paid_ || ++tries_ % 64 == 0;
    } else {
      return at_ < wanted && wanted - at_ <= most_steps;
    }
  }

  void seek(const Key& wanted) {
    if constexpr (std::is_same_v<Key, digest>) {
      const digest_bytes bytes(wanted);
      bound_ = bytes;
      rows_.with(blob(bound_.view()));
    } else {
      rows_.with(wanted);
    }
    after_ = wanted;
    on_row_ = false;
    advance(wanted);
  }

  void advance(const Key& wanted) {
    if (on_row_ && at_ < wanted) after_ = at_;
    on_row_ = rows_.step();
    past_end_ = !on_row_;
    if (past_end_) end_ = wanted;
    if (!on_row_) return;
    if constexpr (std::is_same_v<Key, digest>) {
      at_ = read_digest(rows_.text(0));
    } else {
      at_ = rows_.as<Key>(0);
    }
  }

  statement rows_;
  digest_bytes bound_{digest{}};
  // The table has nothing between after_ and at_, and nothing from end_ on once past_end_ is set.
  Key at_{}, after_{}, end_{};
  bool on_row_ = false, past_end_ = false, paid_ = true;
  unsigned tries_ = 0;
};

}  // namespace convoke::ledger::sqlite
