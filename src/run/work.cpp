#include <algorithm>
#include <chrono>
#include <iterator>
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
#include "run/owed.hpp"
#include "run/sessions.hpp"
#include "run/validate.hpp"
#include "run/worked_lanes.hpp"

namespace convoke {

namespace {

using namespace run;

worked_run worked(const ledger::run_info& info) {
  return {.run = info.id, .rows = info.rows, .counts = info.counts, .drift_fails = info.header.drift_fails};
}

// Until a worker that follows tries rows again that it gave up.
constexpr auto again_after = std::chrono::minutes(10);

constexpr const char* left_by_a_stop = "Interrupted before everything that open runs owe was reached.";

// The runs of a ledger as a worker sees them.
class worker {
 public:
  worker(const call_phase& with, std::vector<ledger::lane_name> lanes) : with_(with), lanes_(std::move(lanes)) {}

  // All open runs at once, with other workers.
  result<void> share(bool follow) {
    sessions_wanted wanted{
        .what = {.run = ledger::all_runs, .lanes = lanes_.names()}, .follow = follow, .nothing_left = [this] { finish_runs(); }};
    // There may be no other worker, and no later session for days.
    if (follow) wanted.what.give_again_after = again_after;
    const auto done = carry_out(with_, wanted);
    if (!done) return std::unexpected(done.error());
    add(*done, lanes_.names());
    return {};
  }

  // One open run after the other. What is left of one does not keep the next one from being carried out. A lane that was refused stays out
  // of those that follow. A run that has other lanes too is carried out in those of this worker, and stays open.
  result<void> one_after_the_other() {
    const auto began = os::boot_now();
    const auto runs = open_runs();
    if (!runs) return std::unexpected(runs.error());
    for (auto at = runs->begin(); at != runs->end(); ++at) {
      const auto own = own_part_of(*at);
      if (!own) return std::unexpected(own.error());
      if (own->rows.owed == 0) continue;
      with_.watch.resumed(at->id, own->rows.all, own->rows.owed);
      const auto done = carry_out(with_, {.what = {.run = at->id, .lanes = own->lanes}, .rows = own->rows, .began = began});
      if (!done) return std::unexpected(done.error());
      add(*done, own->lanes);
      const bool failed = done->last.reason == engine::stop_reason::storage;
      if (failed || with_.stop.requested()) {
        const bool said_of_each = !failed && !done->last.lanes.empty();
        leave({said_of_each ? std::next(at) : at, runs->end()});
        break;
      }
    }
    if (out_.end != ending::deferred) out_.come_back.reset(), out_.come_back_at.reset();
    return {};
  }

  // Closes the runs that owe nothing, whoever has carried them out. What was done stands, although this cannot be written.
  void finish_runs() {
    auto runs = open_runs();
    if (!runs) return fail_with(runs.error());
    out_.left.clear();
    for (auto& info : *runs) {
      // Also of a run that owes rows: where these wait for others that have not all succeeded, they end here.
      const auto state = with_.store.finish_run(info.id);
      if (!state) return fail_with(state.error());
      if (*state == ledger::run_state::open && info.counts.owed > 0) out_.left.push_back(worked(info));
      if (*state != ledger::run_state::finished) continue;
      if (const auto counted = count_anew(info); !counted) return fail_with(counted.error());
      out_.finished.push_back(worked(info));
      with_.watch.note(fmt::format("Run {} is finished.", info.id));
    }
  }

  // The engine knows only of the runs of its session, and of rows that it gave up itself. A lane is finished where no open run owes it any.
  void note_left_rows() {
    if (out_.end == ending::storage || out_.left.empty() || with_.stop.at_once.stop_requested()) return;
    const auto runs = open_runs();
    if (!runs) return fail_with(runs.error());
    const bool stopped = with_.stop.requested();
    for (const auto& info : *runs) {
      const auto owing = owing_lanes_of(info);
      if (!owing) return fail_with(owing.error());
      for (const auto& lane : *owing)
        owes(lane, stopped ? ending::interrupted : ending::deferred, stopped ? left_by_a_stop : left_by_others);
    }
  }

  // Deletes the raw records of old runs. Another worker may do so at the same time.
  void prune() {
    if (with_.stop.requested() || out_.finished.empty() || out_.end == ending::storage) return;
    const auto pruned = with_.store.prune(with_.j.keep_runs);
    if (!pruned && pruned.error().code != errc::interrupted)
      out_.warnings.push_back("Old runs could not be pruned: " + pruned.error().message + ". The next run tries again.");
  }

  [[nodiscard]] const work_report& report() const noexcept { return out_; }
  [[nodiscard]] work_report take() {
    out_.lanes = lanes_.take();
    return std::move(out_);
  }

 private:
  // What a run has of the lanes that this worker can use.
  struct own_part {
    std::vector<ledger::lane_name> lanes;  // in the order of the run
    rows_of_lanes rows;
  };

  // Only of a run that has other lanes too the rows are read.
  result<own_part> own_part_of(const ledger::run_info& info) {
    own_part out;
    for (const auto& lane : info.header.lanes)
      if (lanes_.usable(lane)) out.lanes.push_back(lane);
    if (out.lanes.empty()) return out;
    if (out.lanes.size() == info.header.lanes.size()) {
      out.rows = {.all = info.rows, .owed = info.counts.owed};
      return out;
    }
    const auto status = with_.store.read()->status(info.id);
    if (!status) return std::unexpected(status.error());
    for (const auto& o : status->organizers) {
      if (!lanes_.usable(info.header.lanes[o.lane])) continue;
      out.rows.all += ledger::ended(o.counts) + o.counts.owed;
      out.rows.owed += o.counts.owed;
    }
    return out;
  }

  // The lanes of this worker that a run owes rows, of those that seem to be done. Only of a run of several lanes the rows are read.
  result<std::vector<ledger::lane_name>> owing_lanes_of(const ledger::run_info& info) {
    std::vector<ledger::lane_name> out;
    const auto& names = info.header.lanes;
    const auto seems_done = [this](const ledger::lane_name& lane) { return lanes_.done(lane); };
    if (info.counts.owed == 0 || std::ranges::none_of(names, seems_done)) return out;
    if (names.size() == 1) return names;
    const auto status = with_.store.read()->status(info.id);
    if (!status) return std::unexpected(status.error());
    for (const auto& o : status->organizers)
      if (o.counts.owed > 0 && seems_done(names[o.lane]) && std::ranges::find(out, names[o.lane]) == out.end())
        out.push_back(names[o.lane]);
    return out;
  }

  // These runs were not carried out to their end. Where the ledger cannot be read, or a second signal leaves no time for it, each of their
  // lanes may be owed rows.
  void leave(std::span<const ledger::run_info> runs) {
    const bool storage = out_.end == ending::storage;
    if (!storage && !with_.stop.at_once.stop_requested()) return;
    const auto detail = storage ? out_.detail : std::string(left_by_a_stop);
    for (const auto& info : runs)
      for (const auto& lane : info.header.lanes)
        if (info.counts.owed > 0 && lanes_.done(lane)) owes(lane, storage ? ending::storage : ending::interrupted, detail);
  }

  // A lane that seemed to be done is not, and neither is the work.
  void owes(const ledger::lane_name& lane, ending why, const std::string& detail) {
    lanes_.owes(lane, why, detail);
    end_with(why, detail);
  }

  // Of a run that is finished: rows may have ended since it was read.
  result<void> count_anew(ledger::run_info& info) {
    if (info.counts.owed == 0) return {};
    auto found = with_.store.read()->run(info.id);
    if (!found) return std::unexpected(found.error());
    if (*found) info = std::move(**found);
    return {};
  }

  // The worst end counts, of several the first.
  void end_with(ending why, const std::string& detail) {
    if (!outranks(why, out_.end) && !(why == out_.end && out_.detail.empty())) return;
    out_.end = why;
    out_.detail = detail;
  }

  result<std::vector<ledger::run_info>> open_runs() {
    auto all = with_.store.read()->runs();
    if (!all) return all;
    std::erase_if(*all, [](const ledger::run_info& info) { return info.state != ledger::run_state::open; });
    return all;
  }

  void add(const sessions_done& done, std::span<const ledger::lane_name> names) {
    work_report one;
    add_calls(done, one);
    for (std::size_t i = 0; i < std::min(one.lanes.size(), names.size()); ++i) name_lane(names[i], with_.j, one.lanes[i]);
    lanes_.add(names, std::move(one.lanes));
    out_.rows += done.rows_ended;
    out_.sessions += done.sessions;
    out_.calls += one.calls;
    out_.throttled += one.throttled;
    out_.faults += one.faults;
    out_.early_by_inference += one.early_by_inference;
    out_.batches += one.batches;
    out_.strange += one.strange;
    out_.call_time += one.call_time;
    end_with(one.end, one.detail);
    // Of several runs that are left the earliest time to come back.
    const bool earlier = one.come_back_at && (!out_.come_back_at || *one.come_back_at < *out_.come_back_at);
    if (earlier) out_.come_back = one.come_back, out_.come_back_at = one.come_back_at;
  }

  void fail_with(const error& why) {
    out_.end = ending::storage;
    out_.detail = why.message;
  }

  const call_phase& with_;
  worked_lanes lanes_;
  work_report out_;
};

bool lacks_sign_in(const lane_options& lane) {
  return lane.delegated() && !lane.session;
}

// Where nothing is owed no person has to sign in: see convoke::sign_in.
result<void> check_nothing_owed(ledger::store& store, const job& j) {
  const auto owed = owes_rows_to(*store.read(), j);
  if (!owed) return std::unexpected(owed.error());
  if (!*owed) return {};
  return fail(errc::credentials,
              "The ledger owes rows, and no person has signed in to a tenant that calls for one: run the same command again. (A program "
              "calls convoke::sign_in for this job first.)");
}

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
  const bool idle = !how.follow && std::ranges::any_of(j.lanes, lacks_sign_in);
  if (const auto valid = idle ? validate_before_sign_in(j, job_use::work) : validate(j, job_use::work); !valid)
    return std::unexpected(valid.error());
  if (const auto possible = check_follow(j, how); !possible) return std::unexpected(possible.error());
  const bool shared = ledger::parse_ledger_url(j.ledger)->kind != ledger::store_kind::sqlite;
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
  if (const auto nothing = idle ? check_nothing_owed(**store, j) : result<void>(); !nothing) return std::unexpected(nothing.error());

  const call_phase with{.io = **context, .tls = *tls, .store = **store, .j = j, .watch = watch, .stop = stops};
  worker one(with, std::move(lanes));
  if (!idle)
    if (const auto worked = shared ? one.share(how.follow) : one.one_after_the_other(); !worked) return std::unexpected(worked.error());
  watch.entered(job_phase::concluding);
  if (one.report().end != ending::storage) one.finish_runs();
  one.note_left_rows();
  one.prune();
  return one.take();
}

}  // namespace convoke
