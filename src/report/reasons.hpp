#pragma once

// Why rows of a run have no meeting as wanted, as text and as JSON.

#include <span>
#include <string>

#include <boost/json.hpp>

#include <convoke/summary.hpp>

namespace convoke::report {

// The most frequent reasons, an example and the remedy of each; several lines with their line ends, nothing where there is no reason.
[[nodiscard]] std::string reasons_text(std::span<const failure_reason> reasons);
[[nodiscard]] boost::json::array reasons_json(std::span<const failure_reason> reasons);

}  // namespace convoke::report
