#pragma once

// Counts of outcomes as text and as JSON, for summaries and statuses.

#include <cstdint>
#include <string>

#include <boost/json.hpp>

#include <convoke/summary.hpp>

namespace convoke::report {

// `289 created, 17 existing`: the counts that are not zero.
[[nodiscard]] std::string counts_text(const outcome_counts& counts);
// Every count has a member, also where it is zero, so that programs need no special case.
[[nodiscard]] boost::json::object counts_json(const outcome_counts& counts);

// How many requests carried several calls, and how many answers in them were ignored: a line each where there were any.
[[nodiscard]] std::string batches_text(std::uint64_t batches, std::uint64_t strange);

}  // namespace convoke::report
