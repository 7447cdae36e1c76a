#pragma once

// How the lanes of a job ended, where it has several.

#include <span>
#include <string>

#include <boost/json.hpp>

#include <convoke/job.hpp>

namespace convoke::report {

// `north (11111111-…)`, or the tenant's id alone.
[[nodiscard]] std::string lane_text(const std::string& name, const std::string& tenant);
// A line for each lane; empty where there are fewer than two.
[[nodiscard]] std::string lanes_text(std::span<const lane_result> lanes);
[[nodiscard]] boost::json::array lanes_json(std::span<const lane_result> lanes);

}  // namespace convoke::report
