#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "cli/options.hpp"

namespace convoke::cli {

// The parsed command line.
struct invocation {
  std::string command;
  std::vector<std::string> arguments;
  std::map<std::string, std::string, std::less<>> flags;
  std::vector<std::pair<std::string, std::string>> in_order;  // the simulator's switches, in the order in which they were given
};

// Carries the command out. Returns the process's exit code.
[[nodiscard]] int run_command(const invocation& what);

// Prints an error that occurs before there is a console. Returns its exit code.
int refuse(const error& why);

// Commands that use the simulator.
[[nodiscard]] int simulate(const invocation& what);
[[nodiscard]] int demo(const invocation& what);

}  // namespace convoke::cli
