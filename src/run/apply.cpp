#include <string>
#include <utility>

#include <fmt/format.h>

#include <convoke/job.hpp>

#include "os/clock.hpp"
#include "report/wording.hpp"
#include "run/conclude.hpp"
#include "run/confirm.hpp"
#include "run/context.hpp"
#include "run/planner.hpp"
#include "run/sessions.hpp"
#include "run/tls_contexts.hpp"
#include "run/workspace.hpp"

namespace convoke {

namespace {

using namespace run;

std::chrono::microseconds since(mono_time began) {
  return std::chrono::duration_cast<std::chrono::microseconds>(os::boot_now() - began);
}

// A plan that is not committed: the one that was committed before, or a new one.
result<planned> make(workspace& w, const job& j, const known_run& known, observer& watch, const stop_tokens& stop) {
  if (known.planned) return reopen_plan(*w.store, *known.planned, j);
  if (!w.input.source) return plan_inventory(*w.store, w.header, stop);
  // What was planned before keeps the organizers that it has.
  looked_up_organizers organizers(*w.store, j, w.header.lanes, watch, stop);
  return make_plan(*w.store, w.input, j, w.header, watch, stop, organizers);
}

// Asks whether the meetings of a plan may be deleted. Nothing of the ledger is held while a person thinks, so the plan is made once more
// afterwards; what was reported of it is not reported again.
result<void> ask(planned& made, workspace& w, const job& j, const known_run& known, observer& watch, const stop_tokens& stop) {
  const auto accepted = known.planned ? accept_or_refuse(made.summary, j, {}, watch) : conclude_plan(made, w.header, j, watch);
  if (!accepted) return accepted;
  made.planning.reset();
  if (auto confirmed = confirm_plan(w, made.summary, j, watch); !confirmed) return confirmed;
  observer silent;
  auto again = make(w, j, known, silent, stop);
  if (!again) return std::unexpected(std::move(again.error()));
  if (again->summary.remove_keys > made.summary.remove_keys)
    return std::unexpected(in_file(
        j.input,
        {errc::input, fmt::format("{} to delete now, and {} when the question was asked: the ledger has changed meanwhile. Nothing is "
                                  "deleted. Run the same command again.",
                                  report::count_of(again->summary.remove_keys, "meeting is", "meetings are"),
                                  report::grouped(made.summary.remove_keys))}));
  again->summary.look_ups = made.summary.look_ups;
  made = std::move(*again);
  return {};
}

// Opens a plan: the one that was committed before, or a new one. 0: another process has opened a run of this input meanwhile.
result<ledger::run_id> open_plan(workspace& w, const job& j, const known_run& known, observer& watch, const stop_tokens& stop,
                                 job_report& out) {
  auto made = make(w, j, known, watch, stop);
  if (made && asks_before_removal(j) && made->summary.remove_keys > 0)
    if (const auto confirmed = ask(*made, w, j, known, watch, stop); !confirmed) return std::unexpected(confirmed.error());
  if (shared_ledger(j)) {
    // From its classification to its commit a plan excludes all others, so what is found now is still so at the commit.
    const auto found = find_known_run(w);
    if (!found) return std::unexpected(found.error());
    if (found->open || found->done) return 0;
  }
  if (!made) return std::unexpected(made.error());
  const auto accepted = known.planned ? accept_or_refuse(made->summary, j, {}, watch) : conclude_plan(*made, w.header, j, watch);
  if (!accepted) return std::unexpected(accepted.error());
  const auto id = made->planning->commit(true);
  if (!id) return std::unexpected(id.error());
  if (const auto added = add_forecast(w, j, made->summary); !added) return std::unexpected(added.error());
  watch.planned(*id, made->summary);
  out.plan = std::move(made->summary);
  out.planned_at = os::wall_now();
  return *id;
}

// The run that this job carries out: an open one, or the one that it plans. A finished one if all of its rows are satisfied.
result<ledger::run_id> choose_run(workspace& w, const job& j, known_run& known, observer& watch, const stop_tokens& stop, job_report& out) {
  if (known.any())
    if (const auto whole = check_expected_rows(w.input, j, stop); !whole) return std::unexpected(whole.error());
  while (!known.done && !known.open) {
    const auto opened = open_plan(w, j, known, watch, stop, out);
    if (!opened || *opened != 0) return opened;
    auto found = find_known_run(w);
    if (!found) return std::unexpected(found.error());
    known = std::move(*found);
  }
  if (known.done) return known.done->id;
  // Whoever began the run may not be the one who resumes it.
  if (asks_before_removal(j))
    if (const auto confirmed = confirm_resumed(w, *known.open, j, watch); !confirmed) return std::unexpected(confirmed.error());
  watch.resumed(known.open->id, known.open->rows, known.open->counts.owed);
  return known.open->id;
}

// Where nothing is owed any more the run is over. What was done stands and is reported, although this cannot be written. Returns whether
// the run is still open.
bool close_run(ledger::store& store, ledger::run_id id, job_report& out) {
  const auto state = store.finish_run(id);
  if (!state) {
    out.end = ending::storage;
    out.detail = state.error().message;
  } else if (*state == ledger::run_state::discarded && out.end == ending::finished) {
    out.end = ending::deferred;
    out.detail = fmt::format("Run {} was discarded while it was carried out: its other rows are not sent.", id);
  } else if (*state == ledger::run_state::open && out.end == ending::finished) {
    out.end = ending::deferred;
    out.detail = left_by_others;
  }
  return state && *state == ledger::run_state::open;
}

// --forget-cooldowns: none of them is obeyed any more, and `status` does not show them.
result<void> forget_cooldowns(const workspace& w, observer& watch) {
  std::uint64_t gone = 0;
  for (const auto& lane : w.header.lanes) {
    const auto forgotten = w.store->forget_cooldowns(lane);
    if (!forgotten) return std::unexpected(forgotten.error());
    gone += *forgotten;
  }
  watch.note(gone == 0   ? std::string("--forget-cooldowns: no cooldown was saved.")
             : gone == 1 ? std::string("--forget-cooldowns: 1 saved cooldown is deleted.")
                         : fmt::format("--forget-cooldowns: {} saved cooldowns are deleted.", gone));
  return {};
}

// The call phase of a run that is open. It may owe nothing: where an earlier process was killed after its last commit, before it wrote that
// the run is over.
result<void> carry_out_run(const call_phase& with, ledger::run_id id, job_report& out) {
  const auto done = carry_out(with, {.what = {.run = id, .lanes = {}}});
  if (!done) return std::unexpected(done.error());
  add_calls(*done, out);
  const bool open = out.end == ending::storage || close_run(with.store, id, out);
  if (out.end != ending::finished && open && done->waiting > 0)
    out.warnings.push_back(fmt::format(
        "{} that vanished from the feed {} not removed yet: that waits until every other row of the run has succeeded. The same command "
        "goes on with it.",
        report::count_of(done->waiting, "meeting", "meetings"), report::form(done->waiting, "is", "are")));
  return {};
}

// Before a run is open an interruption is how the job ends, like a drain, and no error.
result<job_report> ended_early(error why) {
  if (why.code != errc::interrupted) return std::unexpected(std::move(why));
  job_report out;
  out.end = ending::interrupted;
  out.detail = std::move(why.message);
  return out;
}

}  // namespace

result<job_report> apply(const job& j, observer& watch, std::stop_token stop, std::stop_token at_once) {
  if (const auto valid = validate(j, job_use::apply); !valid) return std::unexpected(valid.error());
  if (const auto possible = check_outputs(j, job_use::apply); !possible) return std::unexpected(possible.error());
  const auto context = make_context();
  if (!context) return std::unexpected(context.error());
  const stop_tokens stops{.drain = std::move(stop), .at_once = std::move(at_once)};
  const auto began = os::boot_now();
  watch.entered(job_phase::planning);

  job_report out;
  auto w = workspace::open(j, watch, stops, ledger_use::write);
  if (!w) return ended_early(w.error());
  auto known = find_known_run(*w);
  if (!known) return std::unexpected(known.error());
  // A CA file that cannot be used is an error while nothing has happened yet. A finished run needs none.
  auto tls = known->done ? tls_contexts() : tls_contexts::create(j.lanes);
  if (!tls) return std::unexpected(tls.error());
  const auto id = choose_run(*w, j, *known, watch, stops, out);
  if (!id) return ended_early(id.error());
  out.plan_time = since(began);
  if (j.pace.forget_cooldowns)
    if (const auto forgotten = forget_cooldowns(*w, watch); !forgotten) return std::unexpected(forgotten.error());

  if (!known->done) {
    const call_phase with{.io = **context, .tls = *tls, .store = *w->store, .j = j, .watch = watch, .stop = stops};
    if (const auto carried = carry_out_run(with, *id, out); !carried) return std::unexpected(carried.error());
  }
  watch.entered(job_phase::concluding);
  if (const auto concluded = conclude(*w->store, stops, *id, j, out); !concluded && out.end != ending::storage)
    return std::unexpected(concluded.error());
  return out;
}

}  // namespace convoke
