#pragma once

// The small records that a plan sorts, and the numbers that it gives to organizers while it reads its input.

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <convoke/operation.hpp>

#include "ledger/digest.hpp"
#include "ledger/ledger.hpp"
#include "ledger/planning/sorter.hpp"

namespace convoke::ledger::planning {

// The numbers of a run's rows are below this one; a store may use the numbers from here on for the outcomes of calls.
inline constexpr std::uint32_t row_limit = 0x80000000;

// The number of a feed in a store.
using feed_id = std::uint32_t;
inline constexpr feed_id no_feed = 0;

// Where a row stands: its number in the run, the line of its record in the file, and its lane.
struct row_place {
  std::uint32_t number = 0, line = 0;
  lane_id lane = 0;
};

// Numbers the rows of a run as they come: a row has the number of its line, or the number after that of the row before it where that is
// greater. So a run without occurrences has the numbers of its lines.
class row_numbers {
 public:
  // errc::internal for a row that does not follow the one before it: of an earlier line, or of the same line without being an occurrence.
  [[nodiscard]] result<std::uint32_t> next(std::uint32_t line, bool is_occurrence);
  // Of a row that is no record of the input. No row of a record follows it.
  [[nodiscard]] std::uint32_t next_without_line() noexcept { return ++last_; }

 private:
  std::uint32_t last_ = 0, line_ = 0;
};

// A valid row, or a key of a rejected one, sorted to stand beside the other rows of its key.
struct keyed_row {
  digest key{}, payload{};
  std::uint32_t number = 0;
  std::uint32_t line = 0;       // of its record in the file
  std::uint32_t organizer = 0;  // the plan's number, see organizer_numbers
  bool rejected : 1 = false;    // only the key is set: it is present in the input
  bool options : 1 = false;     // the meeting wants some
  update_rule update = update_rule::never;
  utc_time ends{};  // the wanted meeting

  struct order {
    bool operator()(const keyed_row& a, const keyed_row& b) const noexcept { return a.key != b.key ? a.key < b.key : a.number < b.number; }
  };
};

// What a row is, compared with the inventory. `known` is not final: the observation of the key is still to be read. The last five are of
// runs that verify or remove (planning/kinds.hpp): checked: its meeting is known; gone: it was removed; unknown: there is none; left_out:
// another run owes a call for it.
enum class row_class : std::uint8_t {
  invalid,
  new_key,
  known,
  changed,
  retried,
  unchanged,
  drifted,
  expired,
  checked,
  gone,
  unknown,
  other_feed,
  left_out,
};

// A row whose key was looked up: sorted by key until the row is classified, then by number.
struct matched_row {
  key_id key = 0;  // 0: the key is new
  digest hash{};   // of the key
  digest payload{};
  std::uint32_t number = 0;
  std::uint32_t first = 0;      // the number of the first row with this key
  std::uint32_t line = 0;       // of its record in the file
  std::uint32_t organizer = 0;  // the plan's number
  std::uint32_t group = 0;      // the number of the key within the plan, see key_groups
  row_class what = row_class::invalid;
  bool owes : 1 = false;                          // a call
  bool extends : 1 = false;                       // which is an update that only extends the life of the meeting
  bool options : 1 = false;                       // it wants some: an update after createOrGet sets them
  bool repairs : 1 = false;                       // see ledger::claimed_row
  operation first_op = operation::create_or_get;  // where it owes one
  update_rule update = update_rule::never;
  utc_time ends{};  // the wanted meeting

  struct number_order {
    bool operator()(const matched_row& a, const matched_row& b) const noexcept { return a.number < b.number; }
  };
  struct key_order {
    bool operator()(const matched_row& a, const matched_row& b) const noexcept {
      return a.key != b.key ? a.key < b.key : a.number < b.number;
    }
  };
};
static_assert(sizeof(matched_row) == 72, "the sort budget is planned for records of this size");

// A call that is owed, sorted by (organizer, number): the order in which calls are made.
struct call_row {
  key_id key = 0;  // 0: the key is new and gets its id with the number of the call
  digest hash{};   // of the key
  digest payload{};
  organizer_id organizer = 0;  // the ledger's number
  std::uint32_t number = 0;
  bool has_duplicates = false;
  operation op = operation::create_or_get;
  bool extends = false;  // see matched_row
  utc_time ends{};       // the wanted meeting
  bool repairs = false;  // see matched_row
  bool waits = false;    // it is not given out before every other row of the run has succeeded: see store::claim

  struct order {
    bool operator()(const call_row& a, const call_row& b) const noexcept {
      return a.organizer != b.organizer ? a.organizer < b.organizer : a.number < b.number;
    }
  };
};

// A key that the inventory does not have yet, sorted by hash: the order of the index of keys.
struct new_key {
  digest hash{};
  key_id id = 0;
  struct order {
    bool operator()(const new_key& a, const new_key& b) const noexcept { return a.hash < b.hash; }
  };
};

// A row that owes a call, with the number of the call, sorted by its own number: the order of the decisions.
struct numbered_row {
  key_id key = 0;
  organizer_id organizer = 0;
  std::uint32_t number = 0, call = 0;
  struct order {
    bool operator()(const numbered_row& a, const numbered_row& b) const noexcept { return a.number < b.number; }
  };
};

using keyed_rows = external_sorter<keyed_row, keyed_row::order>;
using rows_by_number = external_sorter<matched_row, matched_row::number_order>;
using rows_by_key = external_sorter<matched_row, matched_row::key_order>;
using call_rows = external_sorter<call_row, call_row::order>;
using new_keys = external_sorter<new_key, new_key::order>;
using numbered_rows = external_sorter<numbered_row, numbered_row::order>;

// What bounds the memory of a plan.
struct limits {
  std::string folder;                   // where records are sorted that do not fit
  std::size_t sort_bytes = 8u << 20;    // for each sorter; three exist at a time, and up to three more where keys are lacking
  std::size_t page_rows = 1024;         // that are looked up or written together
  std::size_t payload_page_rows = 256;  // the same where payloads are read
};

// An organizer of this plan. The plan numbers organizers in the order in which they appear; the store has numbers of its own.
struct plan_organizer {
  lane_id lane = 0;
  std::string object_id;
  organizer_id stored = 0;  // the store's number
  std::uint64_t calls = 0, new_keys = 0;
};

class organizer_numbers {
 public:
  std::uint32_t number(lane_id lane, std::string_view object_id) {
    name_.assign(reinterpret_cast<const char*>(&lane), sizeof lane);
    name_ += object_id;
    const auto [found, added] = numbers_.try_emplace(name_, static_cast<std::uint32_t>(entries_.size()));
    if (added) entries_.push_back({.lane = lane, .object_id = std::string(object_id)});
    return found->second;
  }
  [[nodiscard]] std::vector<plan_organizer>& entries() noexcept { return entries_; }
  [[nodiscard]] const std::vector<plan_organizer>& entries() const noexcept { return entries_; }

 private:
  std::string name_;
  std::unordered_map<std::string, std::uint32_t> numbers_;
  std::vector<plan_organizer> entries_;
};

}  // namespace convoke::ledger::planning
