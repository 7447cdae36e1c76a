#pragma once

// Counts of outcomes as text and as JSON, for summaries and statuses.

#include <string>

#include <boost/json.hpp>

#include <convoke/summary.hpp>

namespace convoke::report {

[[nodiscard]] std::string counts_text(const outcome_counts& counts);
[[nodiscard]] boost::json::object counts_json(const outcome_counts& counts);

}  // namespace convoke::report
