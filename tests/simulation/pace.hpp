#pragma once

// How closely the pace holds a limit that nobody publishes: worlds without misfortunes, long enough to settle.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "simulation/plot.hpp"
#include "simulation/world.hpp"

namespace convoke::simulation {

enum class scene : std::uint8_t { steady, nights, halves, doubles, disappears, one_organizer, grows_slow, by_chance };

[[nodiscard]] std::string_view to_string(scene s) noexcept;

// A world of steady limits by the seed.
[[nodiscard]] plot steady_plot(std::uint64_t seed);
// Which scene a seed of the pace suite plays.
[[nodiscard]] scene scene_of(std::uint64_t seed) noexcept;
[[nodiscard]] plot pace_plot(std::uint64_t seed, scene s);
// The named scenarios that are drawn: with round numbers. Throws std::invalid_argument for a name that is none.
struct named_scenario {
  plot p;
  bool second_night = false;  // after a first one, whose pace it is given
};
[[nodiscard]] named_scenario scenario(std::string_view name, std::uint64_t seed);
[[nodiscard]] std::vector<std::string_view> scenario_names();

// What came of one seed. Shares are of the limit; -1 where it does not apply.
struct pace_result {
  std::uint64_t seed = 0;
  scene what = scene::steady;
  sim::window_kind window = sim::window_kind::bucket;
  double limit = 0, window_seconds = 0;
  double goodput = -1;                         // share of the limit, once settled (steady) or again (after a change)
  double throttled = -1;                       // share of the calls, once settled
  double first_night = -1, second_night = -1;  // time / ideal
  double recovered_after = -1;                 // seconds until the goodput was back
  double singled_out_after = -1;               // seconds from its first throttle
  bool labelled = false;
  double slowest_answer = -1;  // seconds; where the service grows slow
  std::uint64_t early_by_inference = 0;
  std::uint64_t calls = 0;
  std::vector<std::string> wrong;
};
[[nodiscard]] pace_result play_pace(std::uint64_t seed, const narrator& tell = {});

// Prints distributions beside the thresholds. True where all of them are met.
[[nodiscard]] bool report_pace(std::vector<pace_result> results);

}  // namespace convoke::simulation
