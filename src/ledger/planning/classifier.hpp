#pragma once

// One plan, from its rows to the calls that it owes, for any store.
//
// Rows come in the order of their numbers and are sorted by the hash of their key, where rows with the same key and keys of the inventory
// meet; rows of known keys are then sorted by key id, where they meet what was observed; then all rows are sorted by number, where they are
// decided; and at last the calls are sorted by organizer. Every step is a pass over sorted records in pages, so that neither the order of
// the input nor its size makes a store look up or write in random places.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/planning/identity.hpp"
#include "ledger/planning/plan_store.hpp"
#include "ledger/planning/steps.hpp"

namespace convoke::ledger::planning {

class classifier {
 public:
  // `store` outlives the classifier.
  classifier(plan_store& store, run_id run, const run_header& header, limits bounds);
  classifier(const classifier&) = delete;
  classifier& operator=(const classifier&) = delete;

  // A valid row, in the order of the numbers. Returns the update rule that holds for it: `at_least`, and what the run's settings
  // require.
  [[nodiscard]] result<update_rule> add(const row_place& at, std::string_view payload, update_rule at_least);
  // A row that is wrong, in the order of the numbers. `present`: the keys that could be read; they count as present in the input.
  [[nodiscard]] result<void> add_invalid(const row_place& at, std::span<const digest> present = {});
  // The hashes of keys in a lane; none where the run does not have the lane. A key without an organizer stands for those of every
  // organizer.
  [[nodiscard]] std::vector<digest> hashes_of(lane_id lane, std::span<const named_key> keys);
  [[nodiscard]] std::uint64_t rows() const noexcept { return rows_; }

  // Decides about every row and writes the decisions. Once, after the last row. `now`: meetings that have ended by then do not vanish from
  // an input, and are not replaced.
  [[nodiscard]] result<plan_summary> classify(utc_time now);
  // Ends the rows of other runs whose keys this plan decides about. After classify(), before a plan is committed that opens its run.
  [[nodiscard]] result<void> supersede(utc_time when);

 private:
  [[nodiscard]] result<void> check_place(const row_place& at);
  [[nodiscard]] result<void> decide_rows();
  [[nodiscard]] result<void> number_calls(replacement_finder* replacements);
  [[nodiscard]] result<void> find_lacking();
  [[nodiscard]] result<void> list_organizers();

  plan_store& store_;
  run_id run_;
  run_kind kind_;
  operation_settings settings_;
  bool drift_fails_;
  std::string feed_;
  limits bounds_;
  row_identifier identifier_;
  organizer_numbers organizers_;
  key_groups groups_;
  plan_summary summary_;
  plan_context context_{.store = store_,
                        .settings = settings_,
                        .bounds = bounds_,
                        .organizers = organizers_,
                        .identifier = identifier_,
                        .groups = groups_,
                        .summary = summary_,
                        .kind = kind_};
  std::optional<keyed_rows> keyed_;
  std::optional<rows_by_number> matched_;
  std::optional<call_rows> calls_;
  std::uint64_t rows_ = 0;
  std::uint32_t last_number_ = 0;
};

}  // namespace convoke::ledger::planning
