#include "ledger/planning/other_runs.hpp"

#include <utility>
#include <vector>

#include "ledger/planning/samples.hpp"

namespace convoke::ledger::planning {
namespace {

// Calls `f` with pages of what other runs owe.
template <class F>
result<void> for_each_owed_page(const plan_context& plan, F f) {
  std::vector<owed_elsewhere> page;
  owed_place at;
  do {
    if (auto read = plan.store.read_owed(at, plan.bounds.page_rows, page); !read) return read;
    if (page.empty()) return {};
    at = {.run = page.back().run, .organizer = page.back().organizer, .number = page.back().number};
    const bool last = page.size() < plan.bounds.page_rows;
    if (auto done = f(page); !done || last) return done;
  } while (true);
}

}  // namespace

result<void> other_runs::find_kept_calls() {
  return for_each_owed_page(plan_, [&](const std::vector<owed_elsewhere>& page) -> result<void> {
    for (const auto& row : page)
      if (keeps_its_call(row)) plan_.groups.owed.insert(row.key);
    return {};
  });
}

// Rows come in the order of their runs.
void other_runs::name_run_of_left_out(const owed_elsewhere& row) {
  auto& runs = plan_.summary.left_out_runs;
  if (!plan_.groups.left_out.contains(row.key) || !keeps_its_call(row)) return;
  if (runs.size() < sample_size && (runs.empty() || runs.back() != row.run)) runs.push_back(row.run);
}

result<inherited_claims> other_runs::read_owed() {
  auto& summary = plan_.summary;
  inherited_claims inherited;
  std::vector<key_id> elsewhere;
  const auto take = [&](const std::vector<owed_elsewhere>& page) -> result<void> {
    for (const auto& row : page) {
      const auto taken = take_over(row, plan_.groups, plan_.kind);
      name_run_of_left_out(row);
      if (taken == takeover::elsewhere) {
        ++summary.owed_elsewhere;
        sample(elsewhere, row.key);
      } else if (taken != takeover::none) {
        if (taken == takeover::superseded) summary.superseded += 1 + row.duplicates;
        inherited.add(row.key, claim_of(row));
      }
    }
    return {};
  };
  if (auto read = for_each_owed_page(plan_, take); !read) return std::unexpected(std::move(read.error()));
  if (auto named = name_sample(plan_.store, elsewhere, summary.owed_elsewhere_sample); !named)
    return std::unexpected(std::move(named.error()));
  inherited.sort();
  return inherited;
}

result<void> other_runs::supersede(utc_time when) {
  std::vector<owed_elsewhere> taken;
  return for_each_owed_page(plan_, [&](const std::vector<owed_elsewhere>& page) -> result<void> {
    taken.clear();
    for (const auto& row : page) {
      const auto what = take_over(row, plan_.groups, plan_.kind);
      if (what == takeover::superseded || what == takeover::claim_only) taken.push_back(row);
    }
    if (taken.empty()) return {};
    return plan_.store.write_superseded(taken, when);
  });
}

}  // namespace convoke::ledger::planning
