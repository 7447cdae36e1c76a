#include "run/sessions.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <random>
#include <stop_token>
#include <utility>

#include <fmt/format.h>

#include "auth/user_session.hpp"
#include "os/clock.hpp"
#include "report/wording.hpp"
#include "run/cooldowns.hpp"
#include "run/foresight.hpp"

namespace convoke::run {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::nanoseconds first_pause = 1s, longest_pause = 30s;
constexpr std::chrono::nanoseconds soon = 10s;  // a session that ends earlier may be followed by many that do
constexpr unsigned most_failed_at_once = 3;

// Returns early where a stop is requested.
void wait(std::chrono::nanoseconds how_long, const stop_tokens& stop) {
  std::stop_source either;
  const auto forward = [&either] { either.request_stop(); };
  const std::stop_callback drain(stop.drain, forward), at_once(stop.at_once, forward);
  std::mutex m;
  std::unique_lock held(m);
  std::condition_variable_any never;
  never.wait_for(held, either.get_token(), how_long, [] { return false; });
}

std::uint64_t seed_of(const job& j) {
  if (j.seed != 0) return j.seed;
  std::random_device device;
  return std::uint64_t{device()} << 32U | device();
}

driven interrupted() {
  driven out;
  out.reason = engine::stop_reason::interrupted;
  return out;
}

void add(const driven& from, sessions_done& to) {
  ++to.sessions;
  to.calls += from.numbers.calls;
  to.throttled += from.numbers.throttled;
  to.faults += from.numbers.faults;
  to.early_by_inference += from.numbers.early_by_inference;
  to.batches += from.numbers.batches;
  to.strange += from.numbers.strange;
  to.rows_ended += from.rows_ended;
  to.call_time += from.call_time;
  to.lane_calls.resize(std::max(to.lane_calls.size(), from.lanes.size()));
  for (const auto& lane : from.lanes) to.lane_calls[lane.lane] += lane.calls;
}

void announce(const call_phase& with, const ledger::opened_run& opened, bool first) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(with.j.pace.attempt_timeout).count();
  if (opened.unclean && first)
    with.watch.note(fmt::format(
        "An earlier process was killed or crashed: the rows that it had claimed are sent last, and not before {} s have passed.", seconds));
  note_saved_cuts(opened, with.j.pace.max_cooldown, os::wall_now(), with.watch);
  if (first) with.watch.expected(foresee(with.j, opened, os::wall_now()));
  with.watch.entered(job_phase::calling);
}

std::uint64_t rows_to_claim(const ledger::opened_run& opened) {
  std::uint64_t rows = 0;
  for (const auto& one : opened.organizers) rows += std::uint64_t{one.fresh} + one.stale;
  return rows;
}

// One session after the other.
class sequence {
 public:
  sequence(const call_phase& with, const sessions_wanted& wanted)
      : with_(with), wanted_(wanted), seed_(seed_of(with.j)), began_(wanted.began.value_or(os::boot_now())) {}

  result<sessions_done> run() {
    for (;;) {
      const auto began = os::boot_now();
      auto opened = with_.store.join(wanted_.what);
      if (!opened) {
        if (!wait_for_ledger(opened.error())) return std::unexpected(opened.error());
      } else {
        last_seen_ = os::boot_now();
        out_.waiting = opened->waiting;
        if (wanted_.rows) {
          opened->info.rows = wanted_.rows->all;
          opened->info.counts.owed = out_.sessions == 0 ? wanted_.rows->owed : rows_to_claim(*opened);
        }
        if ((opened->info.counts.owed == 0 && !wanted_.follow) || only_waiting(*opened)) return nothing_to_do(*opened);
        note_removals(*opened);
        auto done = carry_out_one(*opened, began);
        if (!done) return std::unexpected(done.error());
        last_seen_ = os::boot_now();
        add(*done, out_);
        out_.waiting = done->waiting;
        if (done->session_over && !opened->shared) return std::unexpected(std::move(*done->session_over));
        out_.last = std::move(*done);
        waited_ = waiting_may_go() ? std::optional(out_.waiting) : std::nullopt;
        if (!waited_) {
          if (!opened->shared || !goes_on(os::boot_now() - began)) return std::move(out_);
          pause_after_session(os::boot_now() - began);
        }
      }
      if (with_.stop.requested()) {
        out_.last = interrupted();
        return std::move(out_);
      }
    }
  }

 private:
  result<sessions_done> nothing_to_do(const ledger::opened_run& opened) {
    if (opened.shared) static_cast<void>(with_.store.leave(opened.lease));
    // Where this session was begun for rows that had waited, the end of the one before it stands.
    if (!waited_) out_.last = {};
    return std::move(out_);
  }

  // Whether this session has nothing to do because rows still wait for others. A session of a ledger for several processes looks for more
  // rows; one that was begun for those that had waited takes nothing else: rows that other sessions gave up are for later commands.
  [[nodiscard]] bool only_waiting(const ledger::opened_run& opened) const {
    return opened.shared ? waited_ && opened.waiting >= *waited_ : opened.waiting > 0 && opened.organizers.empty();
  }

  // Whether all rows may have succeeded for which others wait: those are given out in a session that begins then.
  [[nodiscard]] bool waiting_may_go() const {
    return out_.waiting > 0 && !out_.last.session_over && out_.last.reason == engine::stop_reason::finished && !with_.stop.requested();
  }

  // Where the rows of this session are those that waited in the last one.
  void note_removals(const ledger::opened_run& opened) {
    if (!waited_ || *waited_ <= opened.waiting || rows_to_claim(opened) == 0) return;
    const auto rows = *waited_ - opened.waiting;
    with_.watch.note(fmt::format("All rows of the input have succeeded: {} that vanished from the feed {} removed now.",
                                 report::count_of(rows, "meeting", "meetings"), report::form(rows, "is", "are")));
  }

  result<driven> carry_out_one(const ledger::opened_run& opened, mono_time began) {
    announce(with_, opened, out_.sessions == 0);
    auto done = drive(with_.io, with_.stop, with_.tls, with_.store, opened, with_.j, seed_ + out_.sessions, with_.watch,
                      {.joined = began, .spent = began - began_, .follow = wanted_.follow, .nothing_left = wanted_.nothing_left});
    for (const auto& lane : with_.j.lanes)
      if (const auto trouble = lane.session ? lane.session->take_trouble() : std::string(); !trouble.empty())
        with_.watch.note("The sign-in could not be saved anew, and the next run may have to ask for it: " + trouble + ".");
    // Without it the rows of calls that were given up would be stale only once the lease has ended.
    if (opened.shared && done && !done->session_over) static_cast<void>(with_.store.leave(opened.lease));
    return done;
  }

  // The first join decides whether there is a ledger at all; from then on it may come back.
  bool wait_for_ledger(const error& why) {
    const auto now = os::boot_now();
    if (out_.sessions == 0 || why.code != errc::storage || now - last_seen_ > with_.j.pace.max_outage) return false;
    if (with_.j.pace.max_duration && now - began_ >= *with_.j.pace.max_duration) return false;
    if (pause_ == first_pause) with_.watch.note(fmt::format("The ledger cannot be used; it is tried again: {}", why.message));
    wait(pause_, with_.stop);
    pause_ = std::min(pause_ * 2, longest_pause);
    return true;
  }

  // Whether another session follows: where this one lost its lease, or its ledger. A ledger that fails again at once is not tried for ever.
  bool goes_on(std::chrono::nanoseconds lasted) {
    if (out_.last.session_over) return true;
    if (out_.last.reason != engine::stop_reason::storage) return false;
    failed_at_once_ = lasted < soon && out_.last.rows_ended == 0 ? failed_at_once_ + 1 : 0;
    return failed_at_once_ < most_failed_at_once;
  }

  void pause_after_session(std::chrono::nanoseconds lasted) {
    // The driver has said why.
    with_.watch.note("This session is over, and another one is begun.");
    pause_ = first_pause;
    // A call that was given up may still take effect at the service: its key is not sent before it cannot any more. Sessions that end at
    // once do not follow each other without a pause.
    const bool in_flight = out_.last.numbers.in_flight > 0;
    if (in_flight)
      wait(with_.j.pace.attempt_timeout, with_.stop);
    else if (lasted < soon)
      wait(first_pause, with_.stop);
  }

  const call_phase& with_;
  const sessions_wanted& wanted_;
  std::uint64_t seed_;
  sessions_done out_;
  mono_time began_;
  mono_time last_seen_{};
  std::chrono::nanoseconds pause_ = first_pause;
  unsigned failed_at_once_ = 0;
  std::optional<std::uint64_t> waited_;  // rows that waited in the last session, where this one was begun for them
};

}  // namespace

result<sessions_done> carry_out(const call_phase& with, const sessions_wanted& wanted) {
  return sequence(with, wanted).run();
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

template <class Report>
void add_calls(const sessions_done& from, Report& out) {
  out.end = ending_of(from.last.reason);
  out.detail = from.last.detail;
  if (from.last.come_back) {
    out.come_back = std::chrono::ceil<std::chrono::seconds>(*from.last.come_back);
    out.come_back_at = std::chrono::floor<std::chrono::seconds>(os::wall_now()) + *out.come_back;
  }
  out.lanes.clear();
  for (const auto& lane : from.last.lanes) {
    auto& to = out.lanes.emplace_back();
    to.end = ending_of(lane.reason);
    to.detail = lane.detail;
    if (lane.lane < from.lane_calls.size()) to.calls = from.lane_calls[lane.lane];
  }
  out.calls = from.calls;
  out.throttled = from.throttled;
  out.faults = from.faults;
  out.early_by_inference = from.early_by_inference;
  out.batches = from.batches;
  out.strange = from.strange;
  out.call_time = std::chrono::duration_cast<std::chrono::microseconds>(from.call_time);
}
template void add_calls(const sessions_done&, job_report&);
template void add_calls(const sessions_done&, work_report&);

}  // namespace convoke::run
