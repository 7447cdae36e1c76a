// The plan of a run that has no input: its rows are the meetings that the ledger knows.

#include <string>
#include <utility>

#include "files/digest.hpp"
#include "os/clock.hpp"
#include "run/feeder.hpp"
#include "run/planner.hpp"

namespace convoke::run {

scanned_input no_input() {
  scanned_input out;
  out.sha256 = files::sha256_hex({});
  return out;
}

result<planned> plan_inventory(ledger::store& store, const ledger::run_header& header, const stop_tokens& stop) {
  auto plan = store.begin_plan(header);
  if (!plan) return std::unexpected(plan.error());
  const auto now = os::wall_now();
  if (const auto added = (*plan)->add_inventory(now); !added) return std::unexpected(in_planning(added.error()));
  if (stop.requested()) return fail(errc::interrupted, interrupted_planning);
  auto summary = (*plan)->classify(now);
  if (!summary) return std::unexpected(in_planning(summary.error()));
  summary->kind = header.kind;
  return planned{.planning = std::move(*plan), .summary = std::move(*summary)};
}

error in_planning(error why) {
  if (why.code == errc::interrupted) why.message = interrupted_planning;
  return why;
}

void keep_warnings_of_kind(plan_summary& summary) {
  using enum input_warning_kind;
  if (summary.kind == run_kind::provision) return;
  // What the meetings are to be like is not what such a run is about.
  std::erase_if(summary.warnings, [](const input_warning& w) {
    return w.kind != id_null_word && w.kind != id_scientific && w.kind != id_apostrophe && w.kind != id_decimal &&
           w.kind != utf8_in_windows_1252 && w.kind != unnamed_column;
  });
}

}  // namespace convoke::run
