#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "cli/options.hpp"

namespace convoke::cli {

// What the command line said.
struct invocation {
  std::string command;
  std::vector<std::string> arguments;
  std::map<std::string, std::string, std::less<>> flags;
  std::vector<std::pair<std::string, std::string>> in_order;  // the simulator's switches, as they were given
};

// Carries it out; the process's exit code comes back.
[[nodiscard]] int run_command(const invocation& what);

// Says an error that came before there was a console. Returns its exit code.
int refuse(const error& why);

// The commands that are more than planning and applying.
[[nodiscard]] int simulate(const invocation& what);
[[nodiscard]] int demo(const invocation& what);

}  // namespace convoke::cli
