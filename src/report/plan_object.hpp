#pragma once

// A plan as a JSON object, which the reports of several commands have as a member.

#include <cstdint>

#include <boost/json.hpp>

#include <convoke/summary.hpp>
#include <convoke/time.hpp>

#include "report/summary.hpp"

namespace convoke::report {

// `run`: 0 where nothing was committed, which becomes null. `now`: the wall time from which the forecast counts.
[[nodiscard]] boost::json::object plan_object(std::uint32_t run, const plan_summary& s, utc_time now);

// Adds `wrong_rows` and `wrong_rows_left_out`.
void add_wrong_rows(boost::json::object& to, const reported& more);
// The notes, as text that JSON can hold.
[[nodiscard]] boost::json::array notes_json(const std::vector<std::string>& notes);

}  // namespace convoke::report
