#pragma once

#include <string>
#include <vector>

namespace convoke::cli {

// The simulator's switches as the command line registers them.
struct simulator_flag {
  std::string name;   // with its dashes
  std::string value;  // what stands for the value in help
  std::string help;
  bool takes_value = true;
};
[[nodiscard]] std::vector<simulator_flag> simulator_flags();

}  // namespace convoke::cli
