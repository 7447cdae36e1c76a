#pragma once

// What a plan removes: the meetings of keys that vanished from its feed, where the run's settings ask for it.
//
// A removal is an extra row of the run, which has no record in the input. It waits for every other row of the run: see call_row::waits.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "ledger/planning/plan_store.hpp"
#include "ledger/planning/steps.hpp"

namespace convoke::ledger::planning {

// Why a plan removes nothing, whatever vanished from its feed. `so_far`: the rows of the input are counted.
//
// What is wrong with a row may hide what it wants, and a run with such a row does not succeed as a whole: a meeting that moved would be
// removed although its new row is wrong. An input without rows is a failed export more often than the end of everything.
//
// `drift_fails`: a run with drifted rows does not succeed. Where the plan knows of such rows, its removals would only wait for nothing.
[[nodiscard]] removal_bar bar_of_removals(const operation_settings& settings, feed_id feed, const plan_summary& so_far,
                                          bool drift_fails = false) noexcept;

// Whether the meeting of a vanished key can be removed: it was made or found, and its id is known. One that is known to be lost or removed
// does not vanish, see is_gone.
[[nodiscard]] bool is_removable(const seen_key& seen) noexcept;

// A vanished key whose meeting is to be removed.
struct removed_key {
  key_id key = 0;
  row_id source = 0;  // the record with its payload
  lane_id lane = 0;
  struct order {
    bool operator()(const removed_key& a, const removed_key& b) const noexcept { return a.key < b.key; }
  };
};
using removed_keys = external_sorter<removed_key, removed_key::order>;

// Plans the removals, in order of the keys' ids. After the rows of the input were decided, and before the calls are numbered: removals are
// calls, and keys that other runs owe are taken over.
class removal_planner {
 public:
  // `last_number`: that of the last row of the input.
  removal_planner(const plan_context& plan, std::uint32_t last_number, call_rows& calls) noexcept
      : plan_(plan), number_(last_number), calls_(calls) {}

  [[nodiscard]] result<void> run(removed_keys& found);

 private:
  [[nodiscard]] result<void> take_page(std::span<const removed_key> page);
  [[nodiscard]] result<void> take(const removed_key& key, const std::string& payload);
  [[nodiscard]] result<organizer_id> organizer_of(lane_id lane, const std::string& object_id);

  const plan_context& plan_;
  std::uint32_t number_;
  call_rows& calls_;
  std::vector<row_id> sources_;
  std::vector<std::string> payloads_;
  std::vector<inventory_row_copy> copies_;  // of the page at hand
  std::vector<key_id> removed_;             // a sample
};

}  // namespace convoke::ledger::planning
