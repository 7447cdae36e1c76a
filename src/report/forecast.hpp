#pragma once

// Forecasts in words and as JSON. `now` is the wall time that durations are counted from.

#include <string>

#include <boost/json.hpp>

#include <convoke/summary.hpp>
#include <convoke/time.hpp>

namespace convoke::report {

// One line or two, without a line end at the end: calls, rate and where it is from, how long, until when.
[[nodiscard]] std::string forecast_text(const forecast& f, utc_time now);
[[nodiscard]] boost::json::object forecast_json(const forecast& f, utc_time now);

// `48/s`, `0.5/s`.
[[nodiscard]] std::string rate_for_people(double rate);
// `22 h`, `3 days`: how long ago, roughly.
[[nodiscard]] std::string age_for_people(std::chrono::seconds age);

}  // namespace convoke::report
