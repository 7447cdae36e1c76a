#pragma once

// Keys of the inventory that the input lacks: those that vanished from its feed, and those that new keys of the plan probably replace.
//
// A key is lacking if its wanted meeting has not ended, is not known to be lost or removed, and no row of the input has the key, not even a
// rejected one: a rejected row whose dates cannot be read has every key with its id and a date, and one whose organizer is not known has
// the keys with its id of every organizer. Whatever a step has nothing to do for is not read: an empty inventory costs nothing.
//
// Where vanished meetings are removed, a key that new ones replace is one of those that vanished: a new meeting is made before the old one
// is removed, because a removal waits for every other row.

#include <map>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "ledger/planning/fingerprint.hpp"
#include "ledger/planning/plan_store.hpp"
#include "ledger/planning/removals.hpp"
#include "ledger/planning/steps.hpp"

namespace convoke::ledger::planning {

// A lacking key, sorted by the record that has its payload: records are read in their order.
struct lacking_key {
  row_id source = 0;
  key_id key = 0;
  lane_id lane = 0;
  struct order {
    bool operator()(const lacking_key& a, const lacking_key& b) const noexcept {
      return a.source != b.source ? a.source < b.source : a.key < b.key;
    }
  };
};
using lacking_keys = external_sorter<lacking_key, lacking_key::order>;

// Finds the lacking keys, in order of their ids. After all rows were grouped and decided, and before new keys are written.
class lacking_finder {
 public:
  // `lacking` gets the keys where the plan has new ones that could replace them, `removed` those that vanished and are to be removed.
  lacking_finder(const plan_context& plan, lacking_keys& lacking, removed_keys& removed) noexcept
      : plan_(plan), lacking_(lacking), removed_(removed) {}

  [[nodiscard]] result<void> run();
  // Adds what vanished to the summary's list of organizers. Once the summary lists those of this plan.
  [[nodiscard]] result<void> list_organizers() const;
  // How many keys `lacking` got.
  [[nodiscard]] std::uint64_t found() const noexcept { return found_; }

 private:
  [[nodiscard]] result<void> take_page();
  void take(const live_key& key, const seen_key& seen);
  // Drops the keys of the page that may be meetings of a rejected row: of one that repeats, or whose organizer is not known.
  [[nodiscard]] result<void> drop_keys_of_rejected();
  [[nodiscard]] bool of_rejected(lane_id lane, const meeting_spec& wanted) const;

  struct vanished_keys {
    lane_id lane = 0;
    std::uint64_t all = 0, removed = 0;
  };

  const plan_context& plan_;
  lacking_keys& lacking_;
  removed_keys& removed_;
  std::uint64_t found_ = 0;
  std::vector<live_key> page_;
  std::vector<key_id> keys_;
  std::vector<seen_key> seen_;
  std::vector<row_id> sources_;
  std::vector<std::string> payloads_;
  std::vector<key_id> vanished_;  // a sample
  std::map<organizer_id, vanished_keys> vanished_by_organizer_;
};

// A key with one of its fingerprints, sorted so that lacking keys stand before the new keys that have the same one.
struct printed_key {
  digest print{};
  key_id key = 0;
  std::uint32_t number = 0;  // of the row; 0 for a lacking key
  struct order {
    bool operator()(const printed_key& a, const printed_key& b) const noexcept {
      if (a.print != b.print) return a.print < b.print;
      return a.number != b.number ? a.number < b.number : a.key < b.key;
    }
  };
};
using printed_keys = external_sorter<printed_key, printed_key::order>;

// Counts the new keys that replace a lacking one: keys with another external id that want the same meeting, and keys of another organizer
// with the same external id. A new key counts once: as the first of these where it is both.
class replacement_finder {
 public:
  replacement_finder(const plan_context& plan, run_id run);

  // Rows of the plan that owe a call, with their keys. Those of known keys are passed over.
  [[nodiscard]] result<void> add(std::span<const numbered_row> rows);
  // After the last row.
  [[nodiscard]] result<void> run(lacking_keys& lacking);

 private:
  struct pair {
    std::uint32_t number = 0;  // of the row
    key_id now = 0, before = 0;
  };
  [[nodiscard]] result<void> add_new(std::span<const numbered_row> rows);
  [[nodiscard]] result<void> add_lacking(lacking_keys& lacking);
  void push(const fingerprints& prints, key_id key, std::uint32_t number);
  static void keep_first(std::vector<pair>& pairs, const pair& found);
  template <class F>
  [[nodiscard]] result<void> for_each_pair(printed_keys& keys, F f);
  [[nodiscard]] result<void> name(const std::vector<pair>& pairs, std::vector<replaced_key>& into);

  const plan_context& plan_;
  run_id run_;
  std::unordered_map<organizer_id, lane_id> lanes_;
  fingerprinter fingerprint_;
  printed_keys meetings_, external_ids_;
  std::vector<numbered_row> new_rows_;
  std::vector<row_id> sources_;
  std::vector<std::string> payloads_;
};

}  // namespace convoke::ledger::planning
