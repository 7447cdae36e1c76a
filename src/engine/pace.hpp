#pragma once

// How fast a lane calls: it finds the rate that the service takes, stays just below it, and probes now and then whether more is taken.
//
// Two numbers describe the limit: `held`, a rate that was taken for a while, and `refused`, a rate that was throttled. There are five
// phases:
//
//   start   nothing was throttled yet: the rate doubles every half second (or round trip, where that is longer)
//   search  after the first throttle: from about half of the refused rate, a fifth more every second, until the next throttle
//   climb   from below the refused rate up to it, more slowly near it, so that the next throttle measures the limit closely
//   hold    just below the refused rate
//   probe   a little above, then twice as much above, and so on, until a throttle or the ceiling. A probe costs a cooldown, so probes
//           become rarer the longer a limit has stood, and none is made where too little work is left to gain from it
//
// A throttle reduces the pace at once. When its cooldown ends it is reviewed: where it is attributed to chance (noise.hpp) the reduction is
// reverted.
//
// docs/pace.md describes the law in full and compares it with simpler ones.

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <optional>

#include <convoke/time.hpp>

#include "engine/noise.hpp"
#include "engine/tally.hpp"
#include "engine/types.hpp"
#include "pacing/pacing.hpp"

namespace convoke::engine {

class pace {
 public:
  pace(const lane_settings& s, const std::optional<remembered_pace>& learnt, mono_time now);

  // Calls/s of the lane; this worker calls at its part of them.
  [[nodiscard]] double rate() const noexcept { return rate_; }
  [[nodiscard]] double own_rate() const noexcept { return part() * rate_; }
  [[nodiscard]] double part() const noexcept { return expired_ ? std::min(part_, safe_part_) : part_; }  // 0: it calls nothing
  // The own rate to expect for the next minutes.
  [[nodiscard]] double expected() const noexcept;
  [[nodiscard]] bool learning() const noexcept { return state_.what == phase::start && !fixed_ && leads_; }
  [[nodiscard]] mono_time next(mono_time now) const noexcept {
    return part() > 0 ? std::max(gate_.next(now), not_before_) : mono_time::max();
  }

  // Lets the rate follow the time. `work` is how many calls are left to make, as far as that is known.
  void advance(mono_time now, std::uint64_t work) noexcept;
  void take(mono_time now) noexcept { take(now, now); }
  // As gcra::next and gcra::take: calls that are made together, the first of which could have been made at `since`.
  [[nodiscard]] mono_time next(mono_time since, unsigned count) const noexcept { return gate_.next(since, count); }
  void take(mono_time now, mono_time since) noexcept;

  void on_success(mono_time sent, mono_time now) noexcept { tally_.answer(sent, now); }
  // The first throttle of a cooldown that ends at `until`, of a call sent at `sent`. Where it may be one organizer's alone, it is not used
  // to recognize random throttles.
  void on_throttle(mono_time sent, mono_time now, mono_time until, bool perhaps_one_organizers = false) noexcept;
  // A further throttle of the same cooldown: a call that was in flight already.
  void on_echo() noexcept;
  // The throttles since `before` were another scope's: the pace continues from there.
  void restore(const pace& before, mono_time now) noexcept;
  // Most of the last calls were faults.
  void on_brake(mono_time now) noexcept;

  // ---- several workers: pace_shared.cpp
  void share(const lane_share& s, mono_time now) noexcept;
  [[nodiscard]] bool leads() const noexcept { return leads_; }
  // The rate is published now.
  void published(mono_time now) noexcept;
  // The lane may not be called before `until`. Where several workers call, each begins at a time of its own then.
  void closed(mono_time until, mono_time now, pacing::random_engine& random) noexcept;

  // What is worth saving for the next run; absent while nothing was throttled.
  [[nodiscard]] std::optional<learnt_pace> learnt() const noexcept;

 private:
  enum class phase : std::uint8_t { start, search, climb, hold, probe };

  // Everything that a throttle changes: restored where its reduction is reverted.
  struct state {
    phase what = phase::start;
    mono_time since, step, updated;  // start of the phase and of its current step; the last time the rate moved
    double held = 0, refused = 0, credit = 0;
    double before_step = 0, excess = 0, allowed = 0;
    bool guessed = false;  // held after a careful climb, so the distance to the limit is not known
    bool careful = false;  // a climb with little work left
    bool wanted = true;    // the step before this one used its rate

    mono_time opened;                       // end of the last cooldown
    std::optional<mono_time> throttled_at;  // sending time of the last throttled call
    std::uint64_t at_step = 0, own_at_step = 0, at_phase = 0, refused_calls = 0;
    double at_throttle = 0;                 // calls up to the throttled one before
    double bad = 0;                         // the lowest rate that was held and refused
    double confirmed = 0;                   // a rate that was held until a probe
    unsigned falls = 0;                     // throttles in a row of a rate that was held for seconds only
    unsigned at_once = 0;                   // throttles in a row that came right after a cooldown
    double deep_rate = 0, deep_credit = 0;  // a probe that may have met a deep bucket instead of a higher limit
    std::chrono::nanoseconds probe_after{};
  };
  struct position {
    state was;
    double rate;
  };
  struct reduction {
    position before;
    noise::opening opening;  // that the throttle ended
    mono_time since, until;  // the cooldown
  };

  static constexpr std::chrono::seconds first_probe{22};  // after this time in hold

  // pace.cpp: how the rate follows the time
  void set_rate(double rate, mono_time now) noexcept;
  void enter(phase p, mono_time at) noexcept;
  void search(double from, double refused, mono_time at) noexcept;
  void climb(double from, mono_time at) noexcept;
  void hold(double rate, mono_time at) noexcept;
  void begin_probe(mono_time now) noexcept;
  void next_probe_step(mono_time now) noexcept;
  [[nodiscard]] double climbing(mono_time now) const noexcept;
  void grow(double factor, mono_time now) noexcept;
  [[nodiscard]] std::chrono::nanoseconds step_time() const noexcept;
  [[nodiscard]] bool probe_is_due(mono_time now, std::uint64_t work) const noexcept;
  [[nodiscard]] bool used_up(mono_time now) const noexcept;
  [[nodiscard]] double calls() const noexcept { return static_cast<double>(tally_.calls()); }

  // pace_throttles.cpp: how a throttle reduces the rate
  void reduce(mono_time sent, mono_time until) noexcept;
  void search_refused(double rate, mono_time sent, mono_time until) noexcept;
  void rate_refused(double rate, mono_time sent, mono_time until) noexcept;
  void hold_refused(double rate, mono_time sent, mono_time until) noexcept;
  void refused_at_once(double rate, mono_time sent, mono_time until) noexcept;
  void probe_refused(double rate, mono_time sent, mono_time until) noexcept;
  void review(mono_time now) noexcept;
  void revert(const position& to, std::chrono::nanoseconds closed, mono_time now) noexcept;
  [[nodiscard]] double lately(mono_time until, std::chrono::nanoseconds span) const noexcept;

  // pace_shared.cpp
  void follow(mono_time now) noexcept;
  void begin_to_lead(double published, const std::optional<learnt_pace>& learnt, mono_time now) noexcept;
  void measure_others(std::uint64_t calls, std::chrono::nanoseconds interval, mono_time now) noexcept;
  [[nodiscard]] double published_before(mono_time t) const noexcept;
  void fall_back(mono_time until, mono_time now) noexcept;
  void on_echo(mono_time until) noexcept;
  [[nodiscard]] bool used_by_all(mono_time now) const noexcept;
  [[nodiscard]] bool used_in_full() const noexcept;
  [[nodiscard]] double calls_since(mono_time sent, mono_time now) const noexcept;
  // The rate at which all workers together called then.
  [[nodiscard]] double in_effect(mono_time sent) const noexcept;
  // The time from a change of the rate until it is known whether the service takes it, beyond the round trip.
  [[nodiscard]] std::chrono::nanoseconds lag() const noexcept { return alone_ ? std::chrono::nanoseconds(0) : exchange_lag; }

  bool fixed_;
  double ceiling_;
  double rate_;  // of the lane
  pacing::gcra gate_;
  tally tally_;
  noise noise_;
  state state_;
  std::optional<reduction> reduction_;    // the last one, until its cooldown ends
  std::optional<position> before_trial_;  // where the pace continues if a trial fails
  mono_time reopened_;                    // the end of the last cooldown, whatever caused it ...
  double at_reopened_ = 0;                // ... and the calls made until then
  std::uint64_t work_ = 0;                // calls left to make
  double made_ = 0;                       // calls up to the latest throttled one

  // ---- several workers
  static constexpr std::chrono::milliseconds exchange_lag{2500};
  std::uint64_t own_calls_ = 0;
  bool leads_ = true, alone_ = true;
  double part_ = 1, safe_part_ = 1;
  mono_time part_until_ = mono_time::max();
  bool expired_ = false;
  mono_time not_before_ = mono_time::min();
  mono_time closed_until_ = mono_time::min();   // the end of the last cooldown
  mono_time careful_until_ = mono_time::min();  // as long as cooldowns may have become longer unnoticed
  std::chrono::nanoseconds spread_{0};
  mono_time shared_at_ = mono_time::min();
  mono_time settled_at_ = mono_time::min();  // from when on calls are made at the present rate by all workers
  struct publication {
    mono_time at;
    double rate;
  };
  std::array<publication, 8> publications_{};  // the latest first
  std::array<double, 3> others_use_{1, 1, 1};  // of their rate, lately
  // Of a worker that does not lead.
  double followed_ = 0;  // the rate that was published last
  std::optional<learnt_pace> followed_pace_;
  double fallback_ = 0, fell_from_ = 0;  // after a throttle, until a lower rate is published
  mono_time fallback_until_ = mono_time::min();
};

}  // namespace convoke::engine
