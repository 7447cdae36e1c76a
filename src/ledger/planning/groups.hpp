#pragma once

// Rows that share a key: duplicates where they want the same meeting, a conflict where they do not.

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "ledger/key_set.hpp"
#include "ledger/planning/rows.hpp"

namespace convoke::ledger::planning {

// What is known of the keys of a plan once all rows were grouped. A group is the number of a key within the plan, in order of the hashes.
struct key_groups {
  // The first rows of a conflict, for its message. Beyond the cap a message names no line.
  static constexpr std::size_t rows_named = 6, conflicts_named = 100'000;
  struct named_row {
    std::uint32_t number = 0, line = 0;
  };
  struct conflict {
    std::vector<named_row> first;
    std::uint64_t rows = 0;
  };

  std::vector<bool> conflicting, has_duplicates;  // by group
  std::unordered_map<std::uint32_t, conflict> conflicts;
  key_set present;  // known keys that the input has, also in conflicting and in rejected rows
  key_set taken;    // known keys that this plan decides about
  // Of a plan that verifies: keys that other open runs owe a call which it does not take over (keeps_its_call), and those of its own rows
  // that it leaves out because of that.
  key_set owed, left_out;

  // The keys of rejected rows, in order. Where the dates of a row that repeats cannot be read, its key has the id without a date;
  // where its organizer is not known, it has one that stands for every organizer. Beyond the cap any key with a date may belong to such a
  // row.
  static constexpr std::size_t most_rejected = 100'000;
  std::vector<digest> rejected;
  bool more_rejected = false;
};

// Takes rows in order of (key, number) and gives each its group. Keys of rejected rows have none: they are only present.
class group_builder {
 public:
  // `takes`: the plan decides about every known key without a conflict. Else `groups.taken` is left to a later step.
  explicit group_builder(key_groups& groups, bool takes = true) noexcept : groups_(groups), takes_(takes) {}

  // True if `key` is that of the group at hand.
  [[nodiscard]] bool continues(const digest& key) const noexcept { return key_ == key; }
  // Begins the group of this key. `known`: its id, 0 where it is new.
  void begin(const digest& key, key_id known);
  // A valid row of the group at hand, the first one included.
  [[nodiscard]] matched_row add(const keyed_row& row);
  // A rejected row of the group at hand.
  void reject(const digest& key);
  // Ends the last group.
  void end();

 private:
  key_groups& groups_;
  bool takes_;
  std::optional<digest> key_;  // of the group at hand
  keyed_row first_;
  key_id known_ = 0;
  std::uint32_t group_ = 0;
  std::vector<key_groups::named_row> named_;  // of the group at hand, as many as a message names
  std::uint64_t rows_ = 0;                    // 0: no valid row has this key
  bool conflict_ = false;
};

// The reason of a row that is rejected for a conflict: it names the lines of the other rows.
[[nodiscard]] std::string conflict_message(const key_groups& groups, const matched_row& row);

}  // namespace convoke::ledger::planning
