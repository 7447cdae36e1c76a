#pragma once

// How close the pace comes to a limit that is not documented: worlds without other faults, long enough to settle.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "simulation/scenario.hpp"
#include "simulation/world.hpp"

namespace convoke::simulation {

enum class pace_case : std::uint8_t { steady, two_runs, halves, doubles, disappears, one_organizer, grows_slow, random_throttles };

[[nodiscard]] std::string_view to_string(pace_case c) noexcept;

// A world of a seed with limits that do not change.
[[nodiscard]] scenario steady_scenario(std::uint64_t seed);
// The case of a seed of the pace suite.
[[nodiscard]] pace_case case_of(std::uint64_t seed) noexcept;
[[nodiscard]] scenario pace_scenario(std::uint64_t seed, pace_case c);
// The named scenarios of the plots in docs/pace.md: with round numbers. Throws std::invalid_argument for an unknown name.
struct named_scenario {
  scenario s;
  bool second_run = false;  // after a first one, whose pace it is given
};
[[nodiscard]] named_scenario find_scenario(std::string_view name, std::uint64_t seed);
[[nodiscard]] std::vector<std::string_view> scenario_names();

// The result of one seed. Shares are of the limit; -1 where a figure does not apply.
struct pace_result {
  std::uint64_t seed = 0;
  pace_case what = pace_case::steady;
  sim::window_kind window = sim::window_kind::bucket;
  double limit = 0, window_seconds = 0;
  double goodput = -1;                     // share of the limit, once settled (steady) or again (after a change)
  double throttled = -1;                   // share of the calls, once settled
  double first_run = -1, second_run = -1;  // time / ideal
  double recovered_after = -1;             // seconds until the goodput was back
  double singled_out_after = -1;           // seconds from its first throttle
  bool labelled = false;
  double slowest_answer = -1;  // seconds; where the service grows slow
  std::uint64_t early_by_inference = 0;
  std::uint64_t calls = 0;
  std::vector<std::string> violations;
};
[[nodiscard]] pace_result simulate_pace(std::uint64_t seed, const event_log& log = {});

// Prints distributions beside the thresholds. True where all of them are met.
[[nodiscard]] bool report_pace(std::vector<pace_result> results);

}  // namespace convoke::simulation
