#pragma once

// The small records that a plan sorts, and what its steps share.

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "ledger/ledger.hpp"
#include "ledger/sqlite/hash.hpp"
#include "ledger/sqlite/key_set.hpp"
#include "ledger/sqlite/sorter.hpp"

namespace convoke::ledger::sqlite {

// A right row on its way to the other rows with its key.
struct keyed_row {
  digest key{}, payload{};
  std::uint32_t line = 0, organizer = 0;  // the plan's number for the organizer
  struct order {
    bool operator()(const keyed_row& a, const keyed_row& b) const noexcept { return a.key != b.key ? a.key < b.key : a.line < b.line; }
  };
};

// What is known of a row: at first only whether its key is, then what follows from what was seen of it.
enum class row_kind : std::uint32_t { wrong, fresh, known, changed, retried, unchanged, drifted };

// A row on its way back into line order; one with a known key by way of key order. `first`: the first line with this key. `group`: the
// number of its key within the plan.
struct matched_row {
  key_id key = 0;  // of a known key
  digest hash{};   // of the key
  digest payload{};
  std::uint32_t line = 0, first = 0, organizer = 0, group = 0;
  row_kind kind = row_kind::wrong;
  struct order {
    bool operator()(const matched_row& a, const matched_row& b) const noexcept { return a.line < b.line; }
  };
  struct key_order {
    bool operator()(const matched_row& a, const matched_row& b) const noexcept { return a.key != b.key ? a.key < b.key : a.line < b.line; }
  };
};

// A call that is owed, on its way into (organizer, line) order.
struct call_row {
  key_id key = 0;  // 0: a new one, which gets its id with the number of the call
  digest hash{};
  digest payload{};
  organizer_id organizer = 0;  // the ledger's number
  std::uint32_t line = 0, duplicates = 0;
  struct order {
    bool operator()(const call_row& a, const call_row& b) const noexcept {
      return a.organizer != b.organizer ? a.organizer < b.organizer : a.line < b.line;
    }
  };
};

// A new key on its way into the index of keys.
struct new_key {
  digest hash{};
  key_id id = 0;
  struct order {
    bool operator()(const new_key& a, const new_key& b) const noexcept { return a.hash < b.hash; }
  };
};

// A row that got its call, on its way back into line order.
struct placed_row {
  key_id key = 0;
  organizer_id organizer = 0;
  std::uint32_t line = 0, call = 0;
  struct order {
    bool operator()(const placed_row& a, const placed_row& b) const noexcept { return a.line < b.line; }
  };
};

using keyed_rows = external_sorter<keyed_row, keyed_row::order>;
using matched_rows = external_sorter<matched_row, matched_row::order>;
using known_rows = external_sorter<matched_row, matched_row::key_order>;
using call_rows = external_sorter<call_row, call_row::order>;
using new_keys = external_sorter<new_key, new_key::order>;
using placed_rows = external_sorter<placed_row, placed_row::order>;

// Bytes for each sorter; three are alive at a time.
inline constexpr std::size_t sort_budget = 8u << 20;

// What became of the keys: by group, a bit each.
struct key_groups {
  std::vector<bool> conflicting, has_duplicates;
  // The first lines of a conflict, for its message. Beyond the cap a message names one line only.
  static constexpr std::size_t lines_named = 6, conflicts_named = 100'000;
  struct conflict {
    std::vector<std::uint32_t> lines;
    std::uint64_t rows = 0;
  };
  std::unordered_map<std::uint32_t, conflict> conflicts;
  key_set present;  // known keys that stand in this input, also in rejected rows
  key_set taken;    // known keys that this plan decides about
};

// Numbers for organizers within a plan, in order of appearance; the ledger's own numbers are given when the plan is decided.
class organizer_numbers {
 public:
  struct entry {
    lane_id lane = 0;
    std::string object_id;
    organizer_id stored = 0;
    std::uint64_t calls = 0, fresh = 0;
  };
  std::uint32_t number(lane_id lane, std::string_view object_id) {
    name_.assign(reinterpret_cast<const char*>(&lane), sizeof lane);
    name_ += object_id;
    const auto [found, added] = numbers_.try_emplace(name_, static_cast<std::uint32_t>(entries_.size()));
    if (added) entries_.push_back({.lane = lane, .object_id = std::string(object_id)});
    return found->second;
  }
  [[nodiscard]] std::vector<entry>& entries() noexcept { return entries_; }

 private:
  std::string name_;
  std::unordered_map<std::string, std::uint32_t> numbers_;
  std::vector<entry> entries_;
};

}  // namespace convoke::ledger::sqlite
