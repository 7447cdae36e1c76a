#pragma once

// Reads a scenario of the simulator from a TOML file.

#include <string>
#include <string_view>
#include <vector>

#include <convoke/error.hpp>

#include "sim/service/scenario.hpp"

namespace convoke::cli {

// `[[step]]` with `at`, perhaps `every` and `until`, `grant` and `revoke`, and settings by name. `path` is for messages. The steps are done
// to a service that begins as `start`, in the order of time, so that a wrong value is found now. errc::usage with line and column.
[[nodiscard]] result<std::vector<sim::scenario_step>> parse_scenario(std::string_view text, const std::string& path,
                                                                     const sim::behaviour& start);
// The same from a file.
[[nodiscard]] result<std::vector<sim::scenario_step>> read_scenario_file(const std::string& path, const sim::behaviour& start);

}  // namespace convoke::cli
