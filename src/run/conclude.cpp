#include "run/conclude.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "core/text.hpp"
#include "files/output.hpp"
#include "files/same_file.hpp"
#include "os/clock.hpp"
#include "report/failed.hpp"
#include "report/remedies.hpp"
#include "report/results.hpp"
#include "run/lane_parts.hpp"
#include "run/validate.hpp"
#include "run/verified.hpp"

namespace convoke::run {
namespace {

using interruption = std::function<bool()>;

// The failed file of a plan. The error of the outer result is the ledger's, that of the inner one the file's.
result<result<std::string>> write_rejected(ledger::plan_builder& plan, const ledger::run_header& header, const job& j) {
  auto path = failed_path(j);
  auto file = report::failed_file::create(path, header, failed_naming(j));
  if (!file) return result<std::string>(std::unexpected(file.error()));
  result<void> written;
  const auto read = plan.for_each_rejected([&](std::uint32_t line, std::string_view raw, std::string_view why) {
    if (written) written = file->add({.line = line, .raw = raw, .why = why});
  });
  if (!read) return std::unexpected(read.error());
  if (written) written = file->commit();
  if (!written) return result<std::string>(std::unexpected(written.error()));
  return result<std::string>(std::move(path));
}

// The failed file of an earlier run of this input, which would lead to rows that are right by now. Another file of that name stays.
void remove_old_failed(const ledger::run_info& info, const job& j, job_report& out) {
  const auto path = failed_path(j);
  const bool provisions = j.plan.kind == run_kind::provision;
  // What --failed names may be the file of an `apply`, which is none of the business of a run of another kind.
  if (path.empty() || (!provisions && !j.failed.empty())) return;
  // From a pipe come inputs that have nothing to do with each other.
  const bool others_may_own_it = j.failed.empty() && (provisions ? feed_of(j).empty() : is_pipe(j.input));
  if (others_may_own_it || path == "-" || files::same_file(j.input == "-" ? "/dev/stdin" : j.input, path)) return;
  const auto beginning = report::failed_file_beginning(info.header);
  if (!beginning) return;
  const auto removed = files::remove_file_that_begins(path, *beginning);
  if (!removed)
    out.warnings.push_back("The failed file of an earlier run stays: " + removed.error().message + ".");
  else if (*removed)
    out.removed_failed = path;
}

// The apps that call, by lane of the run.
std::vector<core::calling_app> callers_of(const ledger::run_info& info, const job& j) {
  std::vector<core::calling_app> out;
  for (const auto& name : info.header.lanes) {
    auto& caller = out.emplace_back(core::calling_app{.id = name.app});
    for (const auto& lane : j.lanes)
      if (const auto own = lane_name(lane); own && *own == name) caller = calling_app_of(lane);
  }
  return out;
}

void write_outputs(ledger::reader& from, const ledger::run_info& info, const job& j, const interruption& interrupted, job_report& out) {
  const auto complain = [&](const error& e) {
    if (e.code != errc::storage) return out.output_errors.push_back(e.message);
    // The file could be written, but the ledger could not be read.
    out.end = ending::storage;
    out.detail = e.message;
  };
  if (!j.results.empty()) {
    std::string digest;
    const auto as = j.results == "-" ? report::format::csv : report::format_of(j.results).value_or(report::format::csv);
    if (const auto written = report::write_results(from, info, j.results, as, j.dialect, interrupted, &digest); !written)
      complain(written.error());
    else
      out.results = j.results;
    if (out.verified && !out.results.empty()) out.verified->results_sha256 = std::move(digest);
  }
  const bool some_failed =
      info.counts.failed + info.counts.rejected + info.counts.lost > 0 || (info.header.drift_fails && info.counts.drifted > 0);
  if (interrupted()) return;
  if (!some_failed) {
    if (out.end == ending::finished && info.counts.owed == 0) remove_old_failed(info, j, out);
    return;
  }
  auto reasons = read_reasons(from, info, callers_of(info, j));
  if (!reasons) return complain(reasons.error());
  out.reasons = std::move(*reasons);
  if (failed_path(j).empty()) return;
  const auto rows = report::write_failed(from, info, failed_path(j), failed_naming(j), interrupted);
  if (!rows)
    complain(rows.error());
  else if (*rows > 0)
    out.failed = failed_path(j);
}

void write_until_stop(ledger::reader& from, const ledger::run_info& info, const job& j, const stop_tokens& stop, job_report& out) {
  if (stop.at_once.stop_requested()) {
    if (!j.results.empty()) out.output_errors.emplace_back("The results were not written: `convoke export` writes them.");
    return;
  }
  const bool drained = stop.drain.stop_requested();
  const auto interrupted = [&] { return stop.at_once.stop_requested() || (!drained && stop.drain.stop_requested()); };
  write_outputs(from, info, j, interrupted, out);
  if (interrupted() && (out.end == ending::finished || out.end == ending::deferred)) {
    out.end = ending::interrupted;
    out.detail = "Interrupted. Run the same command again to continue.";
  }
}

// Housekeeping: its failure changes nothing of the run's outcome.
void prune(ledger::store& store, const stop_tokens& stop, const job& j, job_report& out) {
  if (stop.requested() || out.end == ending::storage) return;
  const auto pruned = store.prune(j.keep_runs);
  if (pruned) return;
  out.warnings.push_back(pruned.error().code == errc::interrupted
                             ? "Pruning old runs was interrupted: the next run continues it."
                             : "Old runs could not be pruned: " + pruned.error().message + ". The next run tries again.");
}

// How often each field is among those of the updated rows.
result<void> count_updates(ledger::reader& from, const ledger::run_info& info, job_report& out) {
  out.updated_fields.clear();
  if (info.counts.updated == 0) return {};
  const auto groups = from.updates(info.id);
  if (!groups) return std::unexpected(groups.error());
  std::map<std::string, std::uint64_t, std::less<>> rows;
  for (const auto& [fields, count] : *groups)
    for (std::string_view rest = fields; !rest.empty();) {
      const auto end = std::min(rest.find(';'), rest.size());
      rows[std::string(rest.substr(0, end))] += count;
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  for (auto& [name, count] : rows) out.updated_fields.push_back({name, count});
  return {};
}

// A run of several lanes is also reported lane by lane.
result<void> count_lanes(ledger::reader& from, const ledger::run_info& info, const job& j, job_report& out) {
  const auto& names = info.header.lanes;
  out.lanes.resize(names.size());
  for (std::size_t i = 0; i < names.size(); ++i) name_lane(names[i], j, out.lanes[i]);
  if (names.size() < 2) {
    if (!names.empty()) out.lanes.front().counts = info.counts;
    return {};
  }
  const auto status = from.status(info.id);
  if (!status) return std::unexpected(status.error());
  for (const auto& o : status->organizers) out.lanes[o.lane].counts += o.counts;
  return {};
}

}  // namespace

void name_lane(const ledger::lane_name& name, const job& j, lane_result& to) {
  to.tenant = name.tenant;
  to.app = name.app;
  for (const auto& lane : j.lanes)
    if (const auto own = lane_name(lane); own && *own == name) to.name = lane.name;
}

result<void> accept_or_refuse(const plan_summary& summary, const job& j, const std::string& failed_file, observer& watch) {
  auto accepted = accept(summary, j, failed_file);
  if (!accepted) watch.refused(summary);
  return accepted;
}

result<void> check_outputs(const job& j, job_use use) {
  // The name that is derived from the input's needs no check: where that file cannot be made, a note says so, and the ledger has its rows.
  const std::pair<std::string_view, const std::string&> outputs[] = {{"--results", j.results}, {"--failed", j.failed}};
  for (const auto& [flag, path] : outputs) {
    if (path.empty() || (flag == "--results" && use != job_use::apply)) continue;
    if (const auto possible = files::check_output(path); !possible)
      return fail(possible.error().code, fmt::format("{}: {}", flag, possible.error().message));
  }
  return {};
}

result<std::vector<failure_reason>> read_reasons(ledger::reader& from, const ledger::run_info& info,
                                                 std::span<const core::calling_app> callers) {
  constexpr std::size_t most = 20;
  auto reasons = from.reasons(info.id, most);
  if (!reasons) return std::unexpected(reasons.error());
  const auto& lanes = info.header.lanes;
  report::add_remedies(*reasons, lanes, callers);
  if (lanes.size() > 1)
    for (auto& why : *reasons)
      if (why.lane < lanes.size()) why.tenant = lanes[why.lane].tenant;
  return reasons;
}

result<void> conclude_plan(const planned& made, const ledger::run_header& header, const job& j, observer& watch) {
  std::string file;
  if (made.summary.rejected > 0) {
    auto written = write_rejected(*made.planning, header, j);
    if (!written) return std::unexpected(written.error());
    if (*written)
      file = std::move(**written);
    else
      watch.note(written->error().message);
  }
  return accept_or_refuse(made.summary, j, file, watch);
}

result<void> conclude(ledger::store& store, const stop_tokens& stop, ledger::run_id id, const job& j, job_report& out) {
  const auto began = os::boot_now();
  out.run = id;
  const auto reader = store.read();
  auto info = reader->run(id);
  if (!info) return std::unexpected(info.error());
  if (!*info)
    return fail(errc::storage,
                fmt::format("Run {} is not in the ledger {} any more: was its file replaced, or its log removed? Put the files "
                            "back and run the same command again.",
                            id, ledger::shown_ledger(j.ledger)));
  out.rows = (*info)->rows;
  out.counts = (*info)->counts;
  out.drift_fails = (*info)->header.drift_fails;
  out.kind = (*info)->header.kind;
  out.of_inventory = j.input.empty();
  if (out.kind == run_kind::verify && !stop.at_once.stop_requested()) {
    auto found = count_verified(*reader, **info);
    if (!found) return std::unexpected(found.error());
    out.verified = std::move(*found);
  }
  if (const auto counted = count_updates(*reader, **info, out); !counted) return std::unexpected(counted.error());
  if (const auto counted = count_lanes(*reader, **info, j, out); !counted) return std::unexpected(counted.error());
  write_until_stop(*reader, **info, j, stop, out);
  out.results_time = std::chrono::duration_cast<std::chrono::microseconds>(os::boot_now() - began);
  prune(store, stop, j, out);
  return {};
}

}  // namespace convoke::run
