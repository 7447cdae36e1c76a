#pragma once

#include <span>
#include <string>
#include <vector>

#include <convoke/spec.hpp>

namespace convoke::wire {

// The options among the fields `changed` (`option.NAME`) that are wanted, in the order of `wanted`.
[[nodiscard]] std::vector<option_value> options_named_in(std::span<const std::string> changed, std::span<const option_value> wanted);

// Appends the options as members of a JSON object, each with a comma behind it. Those that are parts of one object share it.
void append_options(std::string& out, std::span<const option_value> options);

}  // namespace convoke::wire
