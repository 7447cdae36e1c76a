#include <convoke/job.hpp>

#include <csignal>
#include <memory>
#include <random>
#include <stop_token>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>
#include <boost/asio/io_context.hpp>

#include <convoke/version.hpp>

#include "core/text.hpp"
#include "files/same_file.hpp"
#include "ledger/ledger.hpp"
#include "net/net.hpp"
#include "report/results.hpp"
#include "run/conclude.hpp"
#include "run/context.hpp"
#include "run/cooldowns.hpp"
#include "run/driver.hpp"
#include "run/foresight.hpp"
#include "run/planner.hpp"
#include "run/signals.hpp"
#include "run/temporary_ledger.hpp"

namespace convoke {

namespace {

using namespace run;

result<std::string> sqlite_path(const std::string& url) {
  constexpr std::string_view scheme = "sqlite:";
  if (url.starts_with("postgresql:") || url.starts_with("postgres:"))
    return fail(errc::usage, "A PostgreSQL ledger is not built yet: use --ledger sqlite:PATH.");
  if (!url.starts_with(scheme) || url.size() == scheme.size())
    return fail(errc::usage, fmt::format("--ledger '{}' is no ledger: use sqlite:PATH.", core::escape_for_people(url)));
  return url.substr(scheme.size());
}

using interruption = std::function<bool()>;

result<std::unique_ptr<ledger::store>> open_ledger(const job& j, observer& watch, const interruption& interrupted, bool rehearsal = false) {
  const auto path = sqlite_path(j.ledger);
  if (!path) return std::unexpected(path.error());
  auto opened = ledger::open_sqlite(
      {.path = *path, .program_version = version, .wait_lock = j.wait_lock, .interrupted = interrupted, .rehearsal = rehearsal});
  if (!opened) return opened;
  for (const auto& warning : ledger::sqlite_exposures(*path)) watch.note(warning);
  return opened;
}

// What a job writes is neither what it reads nor anything else that it writes. Before anything is: a rename cannot be undone.
result<void> keep_files_apart(const job& j) {
  const auto ledger = sqlite_path(j.ledger);
  const files::named_file written[] = {
      {"--ledger", ledger ? *ledger : std::string()}, {"--results", j.results}, {"--failed", failed_path(j)}};
  return files::keep_apart({"the input", j.input}, written);
}

// What every command does first: read the input once, name the lane, describe the run.
struct prepared {
  scanned_input input;
  ledger::run_header header;
};

result<prepared> prepare(const job& j, const interruption& interrupted) {
  if (const auto apart = keep_files_apart(j); !apart) return std::unexpected(apart.error());
  auto lane = lane_name(j.lanes.front());
  if (!lane) return std::unexpected(lane.error());
  auto input = scan(j, interrupted);
  if (!input) return std::unexpected(input.error());
  auto header = make_header(j, *input, *lane);
  return prepared{std::move(*input), std::move(header)};
}

std::chrono::microseconds since(mono_time began) {
  return std::chrono::duration_cast<std::chrono::microseconds>(net::boot_now() - began);
}

// The run of this job that can be taken up again, if any: see "The same command again" in README.md.
struct known_run {
  std::optional<ledger::run_info> planned, open, done;
};

result<known_run> find_run(ledger::reader& from, const std::string& identity) {
  known_run out;
  auto found = from.find(identity);
  if (!found) return std::unexpected(found.error());
  if (!*found) return out;
  auto& info = **found;
  if (info.state == ledger::run_state::planned) {
    out.planned = std::move(info);
    return out;
  }
  const auto overtaken = from.overtaken(info.id);
  if (!overtaken) return std::unexpected(overtaken.error());
  if (*overtaken) return out;
  if (info.state == ledger::run_state::open)
    out.open = std::move(info);
  else if (info.counts.failed == 0)
    out.done = std::move(info);
  return out;
}

result<void> add_forecast(ledger::store& store, const ledger::lane_name& lane, const job& j, plan_summary& to) {
  const auto memory = store.read()->memory(lane);
  if (!memory) return std::unexpected(memory.error());
  to.expected = foresee(j, to, *memory, net::wall_now());
  return {};
}

// Plans, or takes up what was planned, and opens it.
result<ledger::run_id> plan_and_open(ledger::store& store, prepared& p, const job& j, const known_run& known, observer& watch,
                                     const interruption& interrupted, job_report& out) {
  auto made = known.planned ? reopen_plan(store, *known.planned, j) : make_plan(store, p.input, j, p.header, watch, interrupted);
  if (!made) return std::unexpected(made.error());
  const auto id = made->planning->commit(true);
  if (!id) return std::unexpected(id.error());
  if (const auto added = add_forecast(store, p.header.lanes.front(), j, made->summary); !added) return std::unexpected(added.error());
  watch.planned(*id, made->summary);
  out.plan = std::move(made->summary);
  out.planned_at = net::wall_now();
  return *id;
}

ending ending_of(engine::stop_reason reason, int signal) {
  switch (reason) {
    case engine::stop_reason::finished:
      return ending::finished;
    case engine::stop_reason::deferred:
      return ending::deferred;
    case engine::stop_reason::interrupted:
      return ending_by(signal);
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

// Where nothing is owed any more the run is over. What was done stands and is reported, although this cannot be written.
void close_run(ledger::store& store, ledger::run_id id, job_report& out) {
  const auto state = store.finish_run(id);
  if (state) return;
  out.end = ending::storage;
  out.detail = state.error().message;
}

// --forget-cooldowns: nothing of them is obeyed any more, and `status` does not show them.
result<void> forget_cooldowns(ledger::store& store, const ledger::run_header& header, observer& watch) {
  std::uint64_t gone = 0;
  for (const auto& lane : header.lanes) {
    const auto forgotten = store.forget_cooldowns(lane);
    if (!forgotten) return std::unexpected(forgotten.error());
    gone += *forgotten;
  }
  watch.note(gone == 0   ? std::string("--forget-cooldowns: no cooldown was saved.")
             : gone == 1 ? std::string("--forget-cooldowns: 1 saved cooldown is deleted.")
                         : fmt::format("--forget-cooldowns: {} saved cooldowns are deleted.", gone));
  return {};
}

// The driver is stopped by stop tokens: the first signal requests one, the second the other.
result<driven> drive_until_signal(boost::asio::io_context& io, signals& caught, tls_contexts& tls, ledger::store& store,
                                  const ledger::opened_run& opened, const job& j, observer& watch) {
  const signals::draining bounded_by_the_engine;
  std::stop_source drain, at_once;
  const auto forward = [&](int count) {
    if (count > 0) drain.request_stop();
    if (count > 1) at_once.request_stop();
  };
  struct listening {
    signals& to;
    ~listening() { to.stop_listening(); }
  };
  caught.on_signal(io, forward);
  const listening until_the_end{caught};
  forward(caught.count());
  return drive(io, {drain.get_token(), at_once.get_token()}, tls, store, opened, j, seed_of(j), watch);
}

result<void> carry_out(boost::asio::io_context& io, signals& caught, tls_contexts& tls, ledger::store& store, ledger::run_id id,
                       const job& j, observer& watch, job_report& out) {
  auto opened = store.resume(id);
  if (!opened) return std::unexpected(opened.error());
  if (opened->info.counts.owed == 0) {
    // Killed after its last commit: there was no time to write that it is over.
    close_run(store, id, out);
    return {};
  }
  if (opened->unclean)
    watch.note(
        fmt::format("An earlier process ended without tidying up: the rows that it had claimed go last, and not before {} s have passed.",
                    std::chrono::ceil<std::chrono::seconds>(j.pace.attempt_timeout).count()));
  note_saved_cuts(*opened, j.pace.max_cooldown, net::wall_now(), watch);
  watch.expected(foresee(j, *opened, net::wall_now()));
  const auto driven = drive_until_signal(io, caught, tls, store, *opened, j, watch);
  if (!driven) return std::unexpected(driven.error());
  out.end = ending_of(driven->reason, caught.first());
  out.detail = driven->detail;
  if (driven->come_back) {
    out.come_back = std::chrono::ceil<std::chrono::seconds>(*driven->come_back);
    out.come_back_at = std::chrono::floor<std::chrono::seconds>(net::wall_now()) + *out.come_back;
  }
  out.calls = driven->numbers.calls;
  out.throttled = driven->numbers.throttled;
  out.faults = driven->numbers.faults;
  out.early_by_inference = driven->numbers.early_by_inference;
  out.call_time = std::chrono::duration_cast<std::chrono::microseconds>(driven->call_time);
  if (out.end != ending::storage) close_run(store, id, out);
  return {};
}

result<plan_summary> check_until(const job& j, observer& watch, const interruption& interrupted) {
  job checked{.input = j.input, .plan = j.plan, .failed = j.failed};
  if (const auto apart = keep_files_apart(checked); !apart) return std::unexpected(apart.error());
  // Without a ledger the lane does not matter: a nameless one stands in.
  auto input = scan(checked, interrupted);
  if (!input) return std::unexpected(input.error());
  auto ledger = temporary_ledger::create(interrupted);
  if (!ledger) return std::unexpected(ledger.error());
  const auto header = make_header(checked, *input, {"check:", "00000000-0000-0000-0000-000000000000", ""});
  auto made = make_plan(ledger->store(), *input, checked, header, watch, interrupted, failed_rows::only_reported);
  if (!made) return std::unexpected(made.error());
  watch.planned(0, made->summary);
  return std::move(made->summary);
}

result<planned_run> plan_until(const job& j, bool open, observer& watch, const interruption& interrupted) {
  auto p = prepare(j, interrupted);
  if (!p) return std::unexpected(p.error());
  auto store = open_ledger(j, watch, interrupted);
  if (!store) return std::unexpected(store.error());
  auto known = find_run(*(*store)->read(), p->header.identity);
  if (!known) return std::unexpected(known.error());
  auto made = make_plan(**store, p->input, j, p->header, watch, interrupted);
  if (!made) return std::unexpected(made.error());
  const auto id = made->planning->commit(open);
  if (!id) return std::unexpected(id.error());
  // The same look taken twice leaves one planned run, the newer.
  if (known->planned)
    if (const auto gone = (*store)->discard(known->planned->id); !gone) return std::unexpected(gone.error());
  if (const auto added = add_forecast(**store, p->header.lanes.front(), j, made->summary); !added) return std::unexpected(added.error());
  watch.planned(*id, made->summary);
  return planned_run{*id, std::move(made->summary)};
}

result<plan_summary> rehearse_until(const job& j, observer& watch, const interruption& interrupted) {
  auto p = prepare(j, interrupted);
  if (!p) return std::unexpected(p.error());
  auto store = open_ledger(j, watch, interrupted, true);
  if (!store) return std::unexpected(store.error());
  auto made = make_plan(**store, p->input, j, p->header, watch, interrupted, failed_rows::only_reported);
  if (!made) return std::unexpected(made.error());
  if (const auto added = add_forecast(**store, p->header.lanes.front(), j, made->summary); !added) return std::unexpected(added.error());
  watch.planned(0, made->summary);
  return std::move(made->summary);
}

// Ends by a signal wherever it reads or waits, and tidies up on its way out.
template <class Command>
auto until_signal(const Command& command) {
  const signals caught;
  auto done = command([&] { return caught.raised(); });
  if (!done && done.error().code == errc::interrupted && caught.first() == SIGTERM) done.error().code = errc::terminated;
  if (!done && done.error().code == errc::interrupted && caught.first() == SIGHUP) done.error().code = errc::hung_up;
  return done;
}

}  // namespace

result<plan_summary> check(const job& j, observer& watch) {
  return until_signal([&](const interruption& interrupted) { return check_until(j, watch, interrupted); });
}

result<planned_run> plan(const job& j, bool open, observer& watch) {
  return until_signal([&](const interruption& interrupted) { return plan_until(j, open, watch, interrupted); });
}

result<plan_summary> dry_run(const job& j, observer& watch) {
  return until_signal([&](const interruption& interrupted) { return rehearse_until(j, watch, interrupted); });
}

result<job_report> apply(const job& j, observer& watch) {
  const auto context = make_context();
  if (!context) return std::unexpected(context.error());
  auto& io = **context;
  signals caught;
  const auto interrupted = [&] { return caught.raised(); };
  const auto began = net::boot_now();
  if (!j.results.empty() && j.results != "-")
    if (const auto known = report::format_of(j.results); !known) return std::unexpected(known.error());

  job_report out;
  // Before a run is open an interruption is how the job ends, like a drain, and no error.
  const auto without_run = [&](const error& why) -> result<job_report> {
    if (why.code != errc::interrupted) return std::unexpected(why);
    out.end = ending_of(engine::stop_reason::interrupted, caught.first());
    out.detail = why.message;
    return std::move(out);
  };
  auto p = prepare(j, interrupted);
  if (!p) return without_run(p.error());
  auto store = open_ledger(j, watch, interrupted);
  if (!store) return without_run(store.error());
  auto known = find_run(*(*store)->read(), p->header.identity);
  if (!known) return std::unexpected(known.error());

  // Before a plan is opened, so that it is told while nothing has happened yet.
  auto tls = known->done ? tls_contexts() : tls_contexts::create(j.lanes);
  if (!tls) return std::unexpected(tls.error());
  if (known->done || known->open || known->planned)
    if (const auto whole = check_expected_rows(p->input, j, interrupted); !whole) return without_run(whole.error());

  ledger::run_id id = 0;
  if (known->done) {
    id = known->done->id;
  } else if (known->open) {
    id = known->open->id;
    watch.resumed(id, known->open->rows, known->open->counts.owed);
  } else {
    const auto opened = plan_and_open(**store, *p, j, *known, watch, interrupted, out);
    if (!opened) return without_run(opened.error());
    id = *opened;
  }
  out.plan_time = since(began);
  if (j.pace.forget_cooldowns)
    if (const auto forgotten = forget_cooldowns(**store, p->header, watch); !forgotten) return std::unexpected(forgotten.error());

  if (!known->done) {
    const auto carried = carry_out(io, caught, *tls, **store, id, j, watch, out);
    if (!carried) return std::unexpected(carried.error());
  }
  if (const auto concluded = conclude(**store, caught, id, j, out); !concluded) {
    if (out.end != ending::storage) return std::unexpected(concluded.error());
  }
  return out;
}

}  // namespace convoke
