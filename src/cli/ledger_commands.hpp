#pragma once

// The commands that read a ledger or close one of its runs: runs, discard, status, export. Each returns the process's exit code, except the
// one that copies a ledger.

#include <stop_token>
#include <string>
#include <vector>

#include "cli/console.hpp"
#include "cli/options.hpp"

namespace convoke::cli {

[[nodiscard]] int runs_command(console& out, const settings& from);
[[nodiscard]] int discard_command(console& out, const settings& from, const std::string& run);
[[nodiscard]] int status_command(console& out, const settings& from);
[[nodiscard]] int export_command(console& out, const settings& from);
// `copy FROM TO`.
[[nodiscard]] result<void> ledger_command(console& out, const settings& from, const std::vector<std::string>& words, std::stop_token stop);

}  // namespace convoke::cli
