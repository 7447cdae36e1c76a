#pragma once

// A scenario: settings that change at times that are known before. Pure: whoever reads the file gives the steps, and time comes with each
// call.

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <convoke/time.hpp>

#include "sim/service/behaviour.hpp"

namespace convoke::sim {

// A setting's name and the text of its value.
using setting_change = std::pair<std::string, std::string>;

struct scenario_step {
  double at = 0;     // seconds after the start
  double every = 0;  // seconds between two repetitions; 0: once
  double until = 0;  // a repeated step is not done after this many seconds; 0: it goes on for ever
  std::vector<setting_change> changes;
  std::vector<std::string> grant, revoke;  // organizers whose policies change, lower case; they take effect after policy_delay
};

struct scenario_fault {
  std::size_t step = 0;  // of the steps
  std::string setting;   // which of its changes; empty: the step as a whole
  std::string why;
};

// Does every step in the order of time, repeated ones too (10,000 in all), to a service that begins as `start`. What is wrong first.
[[nodiscard]] std::optional<scenario_fault> check_scenario(const std::vector<scenario_step>& steps, const behaviour& start);

class scenario_player {
 public:
  scenario_player() = default;
  explicit scenario_player(std::vector<scenario_step> steps) : steps_(std::move(steps)) {}

  // From now on time counts from `now`, and no step was done.
  void restart(mono_time now);
  // True where a step is due.
  [[nodiscard]] bool due(mono_time now) const noexcept { return now >= next_; }
  // Calls `apply` for every step that is due, in the order of time. It returns why a step could not be done; empty: it was.
  void advance(mono_time now, const std::function<std::string(const scenario_step&)>& apply);
  // {"seconds": since the start, "applied": [{"at", "applied_at", "changes", …}], "left": steps that are still to come}
  [[nodiscard]] std::string json(mono_time now) const;

 private:
  struct done {
    std::size_t step;
    double planned, applied;
    std::string why;
  };
  void schedule();

  std::vector<scenario_step> steps_;
  std::vector<double> next_at_;  // of each step; negative: it is over
  std::vector<done> log_;        // the latest ones
  mono_time start_{}, next_ = mono_time::max();
};

}  // namespace convoke::sim
