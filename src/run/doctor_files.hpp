#pragma once

// Looks at what is on this machine: files, the ledger, the input.

#include <functional>
#include <string>
#include <vector>

#include <convoke/doctor.hpp>

#include "diagnosis/observations.hpp"

namespace convoke::run {

[[nodiscard]] diagnosis::file_seen look_at_file(const watched_file& file);
[[nodiscard]] diagnosis::ledger_seen look_at_ledger(const std::string& url, const std::function<bool()>& interrupted);

// The organizers of the job's input, for each lane in the order of their ids; and what the check of the input found.
struct input_organizers {
  std::vector<std::vector<std::string>> by_lane;
  finding found;
};
[[nodiscard]] input_organizers look_at_input(const job& j, std::stop_token stop);

}  // namespace convoke::run
