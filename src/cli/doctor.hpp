#pragma once

// The command that checks a set-up.

#include <stop_token>
#include <string>

#include "cli/commands.hpp"
#include "cli/console.hpp"
#include "cli/options.hpp"

namespace convoke::cli {

// `input`: the file whose organizers are read; empty: none. Prints the findings while they are made, or one object at the end. Returns the
// exit code. Errors: usage (a value of its own flags), interrupted, resources.
[[nodiscard]] result<int> doctor_command(console& out, const settings& from, const std::string& input, std::stop_token stop);

// The same where the settings cannot be read, which is the only finding. Returns the exit code.
[[nodiscard]] int doctor_without_settings(const invocation& what, const error& why);

}  // namespace convoke::cli
