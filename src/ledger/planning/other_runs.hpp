#pragma once

// What a plan means for other runs: keys that it takes over, keys that stay owed elsewhere, keys that vanished from its input.

#include <map>
#include <vector>

#include "ledger/planning/plan_store.hpp"
#include "ledger/planning/steps.hpp"

namespace convoke::ledger::planning {

class other_runs {
 public:
  explicit other_runs(const plan_context& plan) noexcept : plan_(plan) {}

  // Counts what other runs owe, takes samples, and returns the claims that rows of this plan inherit.
  [[nodiscard]] result<inherited_claims> read_owed();
  // Counts the keys of the previous run of the same input name and lanes that this input lacks. Call it once the summary lists the
  // organizers of this plan.
  [[nodiscard]] result<void> find_vanished();
  // Ends the rows of other runs whose keys this plan decides about.
  [[nodiscard]] result<void> supersede(utc_time when);

 private:
  [[nodiscard]] result<void> name_sample(const std::vector<key_id>& keys, std::vector<named_key>& into);
  [[nodiscard]] result<void> add_vanished(const std::map<organizer_id, std::uint64_t>& counts);

  const plan_context& plan_;
};

}  // namespace convoke::ledger::planning
