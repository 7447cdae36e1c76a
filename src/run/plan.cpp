#include <utility>

#include <convoke/job.hpp>

#include "run/conclude.hpp"
#include "run/planner.hpp"
#include "run/workspace.hpp"

namespace convoke {

using namespace run;

result<planned_run> plan(const job& j, bool open, observer& watch, std::stop_token stop) {
  if (const auto valid = validate(j, job_use::plan); !valid) return std::unexpected(valid.error());
  if (const auto possible = check_outputs(j, job_use::plan); !possible) return std::unexpected(possible.error());
  const stop_tokens stops{.drain = std::move(stop), .at_once = {}};
  auto w = workspace::open(j, watch, stops, ledger_use::write);
  if (!w) return std::unexpected(w.error());
  const auto known = find_known_run(*w);
  if (!known) return std::unexpected(known.error());
  looked_up_organizers organizers(*w->store, j, w->header.lanes, watch, stops);
  auto made = make_plan(*w->store, w->input, j, w->header, watch, stops, organizers);
  if (!made) return std::unexpected(made.error());
  if (const auto accepted = conclude_plan(*made, w->header, j, watch); !accepted) return std::unexpected(accepted.error());
  if (open && shared_ledger(j)) {
    // From its classification to its commit a plan excludes all others. A run of this input that is open by now is carried out by workers.
    const auto found = find_known_run(*w);
    if (!found) return std::unexpected(found.error());
    if (found->open) return planned_run{found->open->id, std::move(made->summary)};
  }
  const auto id = made->planning->commit(open);
  if (!id) return std::unexpected(id.error());
  // Of two plans of one identity only the newer one stays.
  if (known->planned)
    if (const auto gone = w->store->discard(known->planned->id); !gone) return std::unexpected(gone.error());
  if (const auto added = add_forecast(*w, j, made->summary); !added) return std::unexpected(added.error());
  watch.planned(*id, made->summary);
  return planned_run{*id, std::move(made->summary)};
}

}  // namespace convoke
