#pragma once

// The values of the simulator's flags, and the flags that have a file of their own.

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <convoke/error.hpp>

#include "sim/server/switches.hpp"

namespace convoke::sim {

// errc::usage where the text is no such number.
[[nodiscard]] result<double> read_real(std::string_view text, double least, double most);
[[nodiscard]] result<std::uint64_t> read_whole(std::string_view text, std::uint64_t most);
// Seconds from `10ms`, `1.5s`, `2`.
[[nodiscard]] result<double> read_seconds(std::string_view text);
// Adds GUIDs, separated by commas, or those of a file that is named.
[[nodiscard]] result<void> read_ids(std::string_view given, std::set<std::string>& into);

// Those of people who sign in.
void add_sign_ins(std::vector<flag>& all);

}  // namespace convoke::sim
