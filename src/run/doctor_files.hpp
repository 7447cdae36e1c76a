#pragma once

// Looks at what is on this machine: files, the ledger, the input.

#include <functional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include <convoke/doctor.hpp>

#include "diagnosis/observations.hpp"

namespace convoke::run {

[[nodiscard]] diagnosis::file_seen look_at_file(const watched_file& file);
[[nodiscard]] diagnosis::ledger_seen look_at_ledger(const std::string& url, const std::function<bool()>& interrupted);

// What is wrong with the settings of no single lane, as far as it does not depend on the input: the zone and the format of dates, the
// template of external ids, the file of skip dates (where it is a file and no pipe), the outputs.
[[nodiscard]] std::vector<error> look_at_settings(const job& j, const std::stop_token& stop);

// The organizers of the job's input, for each lane in the order of their ids; and what the check of the input found.
struct input_organizers {
  std::vector<std::vector<std::string>> by_lane;
  finding found;
};
// `known`: what look_at_settings() found, which is not reported again.
[[nodiscard]] input_organizers look_at_input(const job& j, std::span<const error> known, std::stop_token stop);

}  // namespace convoke::run
