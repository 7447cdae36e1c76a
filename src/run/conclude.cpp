#include "run/conclude.hpp"

#include <chrono>
#include <csignal>
#include <functional>

#include <fmt/format.h>

#include "core/text.hpp"
#include "net/net.hpp"
#include "report/failed.hpp"
#include "report/results.hpp"
#include "run/planner.hpp"

namespace convoke::run {
namespace {

using interruption = std::function<bool()>;

void write_outputs(ledger::reader& from, const ledger::run_info& info, const job& j, const interruption& interrupted, job_report& out) {
  const auto complain = [&](const error& e) {
    if (e.code != errc::storage) return out.output_errors.push_back(e.message);
    // The file could be written; what belongs into it could not be read.
    out.end = ending::storage;
    out.detail = e.message;
  };
  if (!j.results.empty()) {
    const auto as = j.results == "-" ? report::format::csv : report::format_of(j.results).value_or(report::format::csv);
    if (const auto written = report::write_results(from, info, j.results, as, interrupted); !written)
      complain(written.error());
    else
      out.results = j.results;
  }
  const bool some_failed = info.counts.failed + info.counts.rejected > 0 || (info.header.drift_fails && info.counts.drifted > 0);
  if (!some_failed || interrupted()) return;
  const auto rows = report::write_failed(from, info, failed_path(j), failed_naming(j));
  if (!rows)
    complain(rows.error());
  else if (*rows > 0)
    out.failed = failed_path(j);
}

// Results and failed file, unless a second signal asks to leave. One that comes while they are written ends the writing.
void write_until_signal(ledger::reader& from, const ledger::run_info& info, const job& j, const signals& caught, job_report& out) {
  const auto before = caught.count();
  if (before > 1) {
    if (!j.results.empty()) out.output_errors.emplace_back("The results were not written: `convoke export` writes them.");
    return;
  }
  const auto interrupted = [&] { return caught.count() > before; };
  write_outputs(from, info, j, interrupted, out);
  if (interrupted() && (out.end == ending::finished || out.end == ending::deferred)) {
    out.end = ending_by(caught.first());
    out.detail = "Interrupted. Run the same command again to go on.";
  }
}

// Housekeeping: the run is over, whatever comes of it.
void prune(ledger::store& store, const signals& caught, const job& j, job_report& out) {
  if (caught.raised() || out.end == ending::storage) return;
  const auto pruned = store.prune(j.keep_runs);
  if (pruned) return;
  const bool by_signal = pruned.error().code == errc::interrupted;
  out.warnings.push_back(by_signal ? "Pruning old runs was interrupted: the next run goes on with it."
                                   : "Old runs could not be pruned: " + pruned.error().message + ". The next run tries again.");
}

}  // namespace

ending ending_by(int signal) noexcept {
  return signal == SIGTERM ? ending::terminated : signal == SIGHUP ? ending::hung_up : ending::interrupted;
}

result<void> conclude(ledger::store& store, const signals& caught, ledger::run_id id, const job& j, job_report& out) {
  const auto began = net::boot_now();
  out.run = id;
  const auto reader = store.read();
  auto info = reader->run(id);
  if (!info) return std::unexpected(info.error());
  if (!*info)
    return fail(errc::storage,
                fmt::format("Run {} is not in the ledger {} any more: was its file replaced, or its log removed? Put the files "
                            "back and run the same command again.",
                            id, core::escape_for_people(j.ledger)));
  out.rows = (*info)->rows;
  out.counts = (*info)->counts;
  out.drift_fails = (*info)->header.drift_fails;
  write_until_signal(*reader, **info, j, caught, out);
  out.results_time = std::chrono::duration_cast<std::chrono::microseconds>(net::boot_now() - began);
  prune(store, caught, j, out);
  return {};
}

}  // namespace convoke::run
