#pragma once

// The command that settles open questions on a tenant.

#include <functional>
#include <stop_token>
#include <string>

#include <convoke/probe.hpp>

#include "cli/console.hpp"
#include "cli/options.hpp"

namespace convoke::cli {

// `file`: --out. errc::usage, which names the setting.
[[nodiscard]] result<probe_options> probe_options_of(const settings& from, const std::string& file);

// Prints the findings and writes the probe file. Returns the exit code; `interrupted`: the one after a signal. Errors: those of
// convoke::probe, and output (the probe file).
[[nodiscard]] result<int> probe_command(console& out, const settings& from, std::stop_token stop, const std::function<int()>& interrupted);

}  // namespace convoke::cli
