#pragma once

// What a plan means for other runs: keys that it takes over, keys that stay owed elsewhere.

#include "ledger/planning/plan_store.hpp"
#include "ledger/planning/steps.hpp"

namespace convoke::ledger::planning {

class other_runs {
 public:
  explicit other_runs(const plan_context& plan) noexcept : plan_(plan) {}

  // Of a plan that verifies, before its rows are decided: finds the keys that it leaves out.
  [[nodiscard]] result<void> find_kept_calls();
  // Counts what other runs owe, takes samples, and returns the claims that rows of this plan inherit.
  [[nodiscard]] result<inherited_claims> read_owed();
  // Ends the rows of other runs whose keys this plan decides about.
  [[nodiscard]] result<void> supersede(utc_time when);

 private:
  void name_run_of_left_out(const owed_elsewhere& row);

  const plan_context& plan_;
};

}  // namespace convoke::ledger::planning
