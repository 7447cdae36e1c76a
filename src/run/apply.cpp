#include <random>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <boost/asio/io_context.hpp>

#include <convoke/job.hpp>

#include "os/clock.hpp"
#include "run/conclude.hpp"
#include "run/context.hpp"
#include "run/cooldowns.hpp"
#include "run/driver.hpp"
#include "run/foresight.hpp"
#include "run/planner.hpp"
#include "run/tls_contexts.hpp"
#include "run/workspace.hpp"

namespace convoke {

namespace {

using namespace run;

std::chrono::microseconds since(mono_time began) {
  return std::chrono::duration_cast<std::chrono::microseconds>(os::boot_now() - began);
}

ending ending_of(engine::stop_reason reason) {
  switch (reason) {
    case engine::stop_reason::finished:
      return ending::finished;
    case engine::stop_reason::deferred:
      return ending::deferred;
    case engine::stop_reason::interrupted:
      return ending::interrupted;
    case engine::stop_reason::credentials:
      return ending::credentials;
    case engine::stop_reason::permission:
      return ending::permission;
    case engine::stop_reason::storage:
      return ending::storage;
  }
  std::unreachable();
}

std::uint64_t seed_of(const job& j) {
  if (j.seed != 0) return j.seed;
  std::random_device device;
  return std::uint64_t{device()} << 32U | device();
}

// Opens a plan: the one that was committed before, or a new one.
result<ledger::run_id> open_plan(workspace& w, const job& j, const known_run& known, observer& watch, const stop_tokens& stop,
                                 job_report& out) {
  auto made = known.planned ? reopen_plan(*w.store, *known.planned, j) : make_plan(*w.store, w.input, j, w.header, watch, stop);
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
result<ledger::run_id> choose_run(workspace& w, const job& j, const known_run& known, observer& watch, const stop_tokens& stop,
                                  job_report& out) {
  if (known.any())
    if (const auto whole = check_expected_rows(w.input, j, stop); !whole) return std::unexpected(whole.error());
  if (known.done) return known.done->id;
  if (!known.open) return open_plan(w, j, known, watch, stop, out);
  watch.resumed(known.open->id, known.open->rows, known.open->counts.owed);
  return known.open->id;
}

// Where nothing is owed any more the run is over. What was done stands and is reported, although this cannot be written.
void close_run(ledger::store& store, ledger::run_id id, job_report& out) {
  const auto state = store.finish_run(id);
  if (state) return;
  out.end = ending::storage;
  out.detail = state.error().message;
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

void add_result(driven&& from, job_report& out) {
  out.end = ending_of(from.reason);
  out.detail = std::move(from.detail);
  if (from.come_back) {
    out.come_back = std::chrono::ceil<std::chrono::seconds>(*from.come_back);
    out.come_back_at = std::chrono::floor<std::chrono::seconds>(os::wall_now()) + *out.come_back;
  }
  out.calls = from.numbers.calls;
  out.throttled = from.numbers.throttled;
  out.faults = from.numbers.faults;
  out.early_by_inference = from.numbers.early_by_inference;
  out.call_time = std::chrono::duration_cast<std::chrono::microseconds>(from.call_time);
}

// The call phase of a run that is open.
result<void> carry_out(boost::asio::io_context& io, tls_contexts& tls, ledger::store& store, ledger::run_id id, const job& j,
                       observer& watch, const stop_tokens& stop, job_report& out) {
  const auto opened = store.resume(id);
  if (!opened) return std::unexpected(opened.error());
  if (opened->info.counts.owed == 0) {
    // An earlier process was killed after its last commit, before it wrote that the run is over.
    close_run(store, id, out);
    return {};
  }
  if (opened->unclean)
    watch.note(fmt::format(
        "An earlier process was killed or crashed: the rows that it had claimed are sent last, and not before {} s have passed.",
        std::chrono::ceil<std::chrono::seconds>(j.pace.attempt_timeout).count()));
  note_saved_cuts(*opened, j.pace.max_cooldown, os::wall_now(), watch);
  watch.expected(foresee(j, *opened, os::wall_now()));
  watch.entered(job_phase::calling);
  auto done = drive(io, stop, tls, store, *opened, j, seed_of(j), watch, {});
  if (!done) return std::unexpected(done.error());
  if (done->session_over) return std::unexpected(std::move(*done->session_over));
  add_result(std::move(*done), out);
  if (out.end != ending::storage) close_run(store, id, out);
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
  const auto known = find_known_run(*w);
  if (!known) return std::unexpected(known.error());
  // A CA file that cannot be used is an error while nothing has happened yet. A finished run needs none.
  auto tls = known->done ? tls_contexts() : tls_contexts::create(j.lanes);
  if (!tls) return std::unexpected(tls.error());
  const auto id = choose_run(*w, j, *known, watch, stops, out);
  if (!id) return ended_early(id.error());
  out.plan_time = since(began);
  if (j.pace.forget_cooldowns)
    if (const auto forgotten = forget_cooldowns(*w, watch); !forgotten) return std::unexpected(forgotten.error());

  if (!known->done)
    if (const auto carried = carry_out(**context, *tls, *w->store, *id, j, watch, stops, out); !carried)
      return std::unexpected(carried.error());
  watch.entered(job_phase::concluding);
  if (const auto concluded = conclude(*w->store, stops, *id, j, out); !concluded && out.end != ending::storage)
    return std::unexpected(concluded.error());
  return out;
}

}  // namespace convoke
