#include <algorithm>
#include <chrono>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <convoke/job.hpp>
#include <convoke/version.hpp>

#include "ledger/stored.hpp"
#include "run/conclude.hpp"
#include "run/context.hpp"
#include "run/sessions.hpp"
#include "run/validate.hpp"

namespace convoke {

namespace {

using namespace run;

worked_run worked(const ledger::run_info& info) {
  return {.run = info.id, .rows = info.rows, .counts = info.counts, .drift_fails = info.header.drift_fails};
}

// Until a worker that follows tries rows again that it gave up.
constexpr auto again_after = std::chrono::minutes(10);

// The runs of a ledger as a worker sees them.
class worker {
 public:
  worker(const call_phase& with, std::vector<ledger::lane_name> lanes) : with_(with), lanes_(std::move(lanes)) {}

  // All open runs at once, with other workers.
  result<void> share(bool follow) {
    sessions_wanted wanted{.what = {.run = ledger::all_runs, .lanes = lanes_}, .follow = follow, .nothing_left = [this] { finish_runs(); }};
    // There may be no other worker, and no later session for days.
    if (follow) wanted.what.give_again_after = again_after;
    const auto done = carry_out(with_, wanted);
    if (!done) return std::unexpected(done.error());
    add(*done, lanes_);
    return {};
  }

  // One open run after the other. What is left of one does not keep the next one from being carried out; what stops a lane does. A run that
  // has other lanes too is carried out in those of this worker, and stays open.
  result<void> one_after_the_other() {
    const auto began = os::boot_now();
    const auto runs = open_runs();
    if (!runs) return std::unexpected(runs.error());
    for (const auto& info : *runs) {
      const auto own = own_part_of(info);
      if (!own) return std::unexpected(own.error());
      if (own->rows.owed == 0) continue;
      with_.watch.resumed(info.id, own->rows.all, own->rows.owed);
      const auto done = carry_out(with_, {.what = {.run = info.id, .lanes = own->lanes}, .rows = own->rows, .began = began});
      if (!done) return std::unexpected(done.error());
      add(*done, own->lanes);
      if (out_.end != ending::finished && out_.end != ending::deferred) break;
    }
    return {};
  }

  // Closes the runs that owe nothing, whoever has carried them out. What was done stands, although this cannot be written.
  void finish_runs() {
    const auto runs = open_runs();
    if (!runs) return fail_with(runs.error());
    out_.left.clear();
    for (const auto& info : *runs) {
      if (info.counts.owed > 0) {
        out_.left.push_back(worked(info));
        continue;
      }
      const auto state = with_.store.finish_run(info.id);
      if (!state) return fail_with(state.error());
      if (*state != ledger::run_state::finished) continue;
      out_.finished.push_back(worked(info));
      with_.watch.note(fmt::format("Run {} is finished.", info.id));
    }
  }

  // The engine knows only of rows that it gave up itself.
  void note_left_rows() {
    if (out_.end != ending::finished || out_.left.empty()) return;
    const auto runs = open_runs();
    if (!runs) return fail_with(runs.error());
    for (const auto& info : *runs) {
      if (info.counts.owed == 0) continue;
      const auto own = own_part_of(info);
      if (!own) return fail_with(own.error());
      if (own->rows.owed == 0) continue;
      out_.end = ending::deferred;
      out_.detail = left_by_others;
      return;
    }
  }

  // Deletes the raw records of old runs. Another worker may do so at the same time.
  void prune() {
    if (with_.stop.requested() || out_.finished.empty() || out_.end == ending::storage) return;
    const auto pruned = with_.store.prune(with_.j.keep_runs);
    if (!pruned && pruned.error().code != errc::interrupted)
      out_.warnings.push_back("Old runs could not be pruned: " + pruned.error().message + ". The next run tries again.");
  }

  [[nodiscard]] work_report& report() noexcept { return out_; }

 private:
  // What a run has of the lanes of this worker.
  struct own_part {
    std::vector<ledger::lane_name> lanes;  // in the order of the run
    rows_of_lanes rows;
  };

  [[nodiscard]] bool has(const ledger::lane_name& lane) const { return std::ranges::find(lanes_, lane) != lanes_.end(); }

  // Only of a run that has other lanes too the rows are read.
  result<own_part> own_part_of(const ledger::run_info& info) {
    own_part out;
    for (const auto& lane : info.header.lanes)
      if (has(lane)) out.lanes.push_back(lane);
    if (out.lanes.empty()) return out;
    if (out.lanes.size() == info.header.lanes.size()) {
      out.rows = {.all = info.rows, .owed = info.counts.owed};
      return out;
    }
    const auto status = with_.store.read()->status(info.id);
    if (!status) return std::unexpected(status.error());
    for (const auto& o : status->organizers) {
      if (!has(info.header.lanes[o.lane])) continue;
      out.rows.all += ledger::ended(o.counts) + o.counts.owed;
      out.rows.owed += o.counts.owed;
    }
    return out;
  }

  result<std::vector<ledger::run_info>> open_runs() {
    auto all = with_.store.read()->runs();
    if (!all) return all;
    std::erase_if(*all, [](const ledger::run_info& info) { return info.state != ledger::run_state::open; });
    return all;
  }

  void add(const sessions_done& done, std::span<const ledger::lane_name> names) {
    const bool was_left = out_.end == ending::deferred;
    work_report one;
    add_calls(done, one);
    for (std::size_t i = 0; i < std::min(one.lanes.size(), names.size()); ++i) {
      name_lane(names[i], with_.j, one.lanes[i]);
      add_lane(std::move(one.lanes[i]));
    }
    out_.rows += done.rows_ended;
    out_.sessions += done.sessions;
    out_.calls += one.calls;
    out_.throttled += one.throttled;
    out_.faults += one.faults;
    out_.early_by_inference += one.early_by_inference;
    out_.call_time += one.call_time;
    // Of several runs the one that is left counts, and the earliest time to come back.
    if (was_left && one.end == ending::finished) return;
    const bool earlier = !out_.come_back || (one.come_back && *one.come_back < *out_.come_back);
    out_.end = one.end;
    out_.detail = std::move(one.detail);
    if (earlier) out_.come_back = one.come_back, out_.come_back_at = one.come_back_at;
  }

  // Of several runs the worse end of a lane counts.
  void add_lane(lane_result lane) {
    const auto same = [&](const lane_result& other) { return other.tenant == lane.tenant && other.app == lane.app; };
    const auto found = std::ranges::find_if(out_.lanes, same);
    if (found == out_.lanes.end()) return out_.lanes.push_back(std::move(lane));
    lane.calls += found->calls;
    if (found->end == ending::finished)
      *found = std::move(lane);
    else
      found->calls = lane.calls;
  }

  void fail_with(const error& why) {
    out_.end = ending::storage;
    out_.detail = why.message;
  }

  const call_phase& with_;
  std::vector<ledger::lane_name> lanes_;
  work_report out_;
};

result<std::unique_ptr<ledger::store>> open_ledger_of(const job& j, bool create, observer& watch, const stop_tokens& stop) {
  auto opened = ledger::open_ledger(
      j.ledger,
      {.program_version = version, .wait_lock = j.wait_lock, .interrupted = [stop] { return stop.requested(); }, .create = create});
  if (!opened) return opened;
  for (const auto& warning : ledger::ledger_exposures(j.ledger)) watch.note(warning);
  return opened;
}

}  // namespace

result<work_report> work(const job& j, const work_options& how, observer& watch, std::stop_token stop, std::stop_token at_once) {
  if (const auto valid = validate(j, job_use::work); !valid) return std::unexpected(valid.error());
  const bool shared = ledger::parse_ledger_url(j.ledger)->kind != ledger::store_kind::sqlite;
  if (how.follow && !shared)
    return fail(errc::usage,
                "--follow needs a PostgreSQL ledger: while this process has a SQLite ledger no other one could plan a run. Leave --follow "
                "out, or use `convoke apply`.");
  std::vector<ledger::lane_name> lanes;
  for (const auto& lane : j.lanes) lanes.push_back(*lane_name(lane));
  const auto context = make_context();
  if (!context) return std::unexpected(context.error());
  auto tls = tls_contexts::create(j.lanes);
  if (!tls) return std::unexpected(tls.error());
  const stop_tokens stops{.drain = std::move(stop), .at_once = std::move(at_once)};
  watch.entered(job_phase::planning);
  const auto store = open_ledger_of(j, how.follow, watch, stops);
  if (!store) return std::unexpected(store.error());

  const call_phase with{.io = **context, .tls = *tls, .store = **store, .j = j, .watch = watch, .stop = stops};
  worker one(with, std::move(lanes));
  const auto worked = shared ? one.share(how.follow) : one.one_after_the_other();
  if (!worked) return std::unexpected(worked.error());
  watch.entered(job_phase::concluding);
  if (one.report().end != ending::storage) one.finish_runs();
  one.note_left_rows();
  one.prune();
  return std::move(one.report());
}

}  // namespace convoke
