#pragma once

// The commands that read a ledger or close one of its runs: runs, discard, status, export. Each returns the process's exit code.

#include <string>

#include "cli/console.hpp"
#include "cli/options.hpp"

namespace convoke::cli {

[[nodiscard]] int runs_command(console& out, const settings& from);
[[nodiscard]] int discard_command(console& out, const settings& from, const std::string& run);
[[nodiscard]] int status_command(console& out, const settings& from);
[[nodiscard]] int export_command(console& out, const settings& from);

}  // namespace convoke::cli
