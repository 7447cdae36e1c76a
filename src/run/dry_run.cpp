#include <utility>

#include <convoke/job.hpp>

#include "run/conclude.hpp"
#include "run/planner.hpp"
#include "run/workspace.hpp"

namespace convoke {

using namespace run;

result<plan_summary> dry_run(const job& j, observer& watch, std::stop_token stop) {
  if (const auto valid = validate(j, job_use::plan); !valid) return std::unexpected(valid.error());
  const stop_tokens stops{.drain = std::move(stop), .at_once = {}};
  auto w = workspace::open(j, watch, stops, ledger_use::rehearsal);
  if (!w) return std::unexpected(w.error());
  looked_up_organizers organizers(*w->store, j, w->header.lanes, watch, stops, looked_up_organizers::use::rehearsal);
  auto made = make_plan(*w->store, w->input, j, w->header, watch, stops, organizers);
  if (!made) return std::unexpected(made.error());
  if (const auto accepted = accept_or_refuse(made->summary, j, {}, watch); !accepted) return std::unexpected(accepted.error());
  if (const auto added = add_forecast(*w, j, made->summary); !added) return std::unexpected(added.error());
  watch.planned(0, made->summary);
  return std::move(made->summary);
}

}  // namespace convoke
