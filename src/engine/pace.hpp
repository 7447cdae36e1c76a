#pragma once

// How fast a lane calls: finds the rate the service takes, stays just under it, and asks now and then whether it takes more.
//
// What is known of the limit are two numbers: `held`, a rate that was taken for a while, and `refused`, one that was not. The pace is in
// one of five phases:
//
//   start   nothing was refused yet: doubles every half second (or round trip, where that is longer)
//   search  after the first refusal: from about half of the refused rate, a fifth more every second, until something is refused again
//   climb   from below the refused rate up to it, the slower the nearer, so that the next refusal tells the limit closely
//   hold    just below what was refused
//   probe   a little above, then twice as much above, and so on, until something is refused or the ceiling is reached. What that costs is
//           a cooldown, so probes grow rarer the longer a limit has stood, and none is made that has no time left to pay
//
// Each throttle is a lesson at once, and is looked at again when its cooldown ends: where chance explains it (noise.hpp), the lesson is
// undone.
//
// docs/pace.md tells it at length and compares it with simpler laws.

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

  [[nodiscard]] double rate() const noexcept { return gate_.rate(); }
  // The rate to expect for the next minutes.
  [[nodiscard]] double expected() const noexcept;
  [[nodiscard]] bool learning() const noexcept { return state_.what == phase::start && !fixed_; }
  [[nodiscard]] mono_time next(mono_time now) const noexcept { return gate_.next(now); }

  // Lets time do its work on the rate. `work` is how many calls are left to make, as far as that is known.
  void advance(mono_time now, std::uint64_t work) noexcept;
  void take(mono_time now) noexcept;

  void on_success(mono_time sent, mono_time now) noexcept { tally_.answer(sent, now); }
  // The first throttle of a cooldown that ends at `until`, for a call sent at `sent`. It may turn out to be one organizer's alone: then it
  // says nothing about chance.
  void on_throttle(mono_time sent, mono_time now, mono_time until, bool perhaps_one_organizers = false) noexcept;
  // A further throttle of the same cooldown: a call that was in flight already.
  void on_echo() noexcept;
  // The throttles since `before` were another scope's: goes on where it was then.
  void restore(const pace& before, mono_time now) noexcept;
  // Most calls are faults.
  void on_brake(mono_time now) noexcept;

  // What is worth keeping for the next night; absent while nothing was refused.
  [[nodiscard]] std::optional<learnt_pace> learnt() const noexcept;

 private:
  enum class phase : std::uint8_t { start, search, climb, hold, probe };

  // All that a throttle teaches and time does with it: put back where a lesson is undone.
  struct state {
    phase what = phase::start;
    mono_time since, step, updated;  // start of the phase and of its current step; the last time the rate moved
    double held = 0, refused = 0, credit = 0;
    double before_step = 0, excess = 0, allowed = 0;
    bool guessed = false;  // held after a careful climb: how far the limit is from it was not found out
    bool careful = false;  // a climb with little work left
    bool wanted = true;    // the step before this one used its pace

    mono_time opened;                       // end of the last cooldown
    std::optional<mono_time> throttled_at;  // sending time of the last throttled call
    std::uint64_t at_step = 0, at_phase = 0, refused_calls = 0;
    double at_throttle = 0;                 // calls up to the throttled one before
    double bad = 0;                         // the lowest rate that was held and refused
    double proven = 0;                      // a rate that was held until it was questioned
    unsigned falls = 0;                     // throttles in a row of a rate that was held for seconds only
    unsigned at_once = 0;                   // throttles in a row that came at once
    double deep_rate = 0, deep_credit = 0;  // a probe that may have met a deep bucket instead of a higher limit
    std::chrono::nanoseconds probe_after{};
  };
  struct position {
    state was;
    double rate;
  };
  struct reduction {
    position before;
    noise::opening opening;   // what the throttle ended
    mono_time learnt, until;  // the cooldown
  };

  static constexpr std::chrono::seconds first_probe{22};  // after this time in hold

  // pace.cpp: what time does
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

  // pace_throttles.cpp: what a throttle teaches
  void learn(mono_time sent, mono_time until) noexcept;
  void search_refused(double rate, mono_time sent, mono_time until) noexcept;
  void rate_refused(double rate, mono_time sent, mono_time until) noexcept;
  void hold_refused(double rate, mono_time sent, mono_time until) noexcept;
  void refused_at_once(double rate, mono_time sent, mono_time until) noexcept;
  void probe_refused(double rate, mono_time sent, mono_time until) noexcept;
  void review(mono_time now) noexcept;
  void revert(const position& to, std::chrono::nanoseconds closed, mono_time now) noexcept;
  [[nodiscard]] double lately(mono_time until, std::chrono::nanoseconds span) const noexcept;

  bool fixed_;
  double ceiling_;
  pacing::gcra gate_;
  tally tally_;
  noise noise_;
  state state_;
  std::optional<reduction> reduction_;    // the last one, until its cooldown ends
  std::optional<position> before_trial_;  // where it goes on if a trial fails
  mono_time reopened_;                    // end of the last cooldown, whoever's fault it was ...
  double at_reopened_ = 0;                // ... and the calls made until then
  std::uint64_t work_ = 0;                // calls left to make
  double made_ = 0;                       // calls up to the latest throttled one
};

}  // namespace convoke::engine
