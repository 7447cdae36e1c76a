#pragma once

#include <string>
#include <string_view>

namespace convoke::cli {

// `convoke simulate --help`: the switches by topic, each with its sentence; with the name of a topic, those of that topic. Empty: there is
// no such topic.
[[nodiscard]] std::string simulate_help(std::string_view topic);
// The names of the topics, with commas between them.
[[nodiscard]] std::string simulate_topics();

}  // namespace convoke::cli
