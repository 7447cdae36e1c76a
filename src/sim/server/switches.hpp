#pragma once

// The simulator's command line as data, for the program that parses command lines: the settings of the service, and the switches that say
// where it listens and who it is.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <convoke/error.hpp>

#include "sim/server/options.hpp"

namespace convoke::sim {

struct flag {
  std::string name;        // with its dashes
  std::string_view topic;  // of setting_topics()
  std::string value;       // the placeholder of the value in help: N, P, SECONDS, FILE …; empty where it takes none
  std::string help;
  std::function<result<void>(options&, std::string_view)> set;  // a flag without a value gets an empty one
  bool takes_value = true;
};

// By topic, in the order in which help shows them. They are applied in the order in which the user gave them: `--faults` fills all kinds,
// a later `--slow 0` changes one.
[[nodiscard]] std::vector<flag> flags();

// Sets one. errc::usage names the flag and the values that it takes.
[[nodiscard]] result<void> apply_flag(options& into, std::string_view name, std::string_view value);

}  // namespace convoke::sim
