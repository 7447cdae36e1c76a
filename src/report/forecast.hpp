#pragma once

// Forecasts as text and as JSON. `now` is the wall time from which durations count.

#include <cstdint>
#include <optional>
#include <string>

#include <boost/json.hpp>

#include <convoke/summary.hpp>
#include <convoke/time.hpp>

namespace convoke::report {

// The calls, the rate and its source, the duration and the end. One or two sentences, without a line end.
[[nodiscard]] std::string forecast_text(const forecast& f, utc_time now);
// The same of calls that are left to another process; `f` absent: nothing is known of the rate.
[[nodiscard]] std::string forecast_text(std::uint64_t calls_left, const std::optional<forecast>& f, utc_time now);
[[nodiscard]] boost::json::object forecast_json(const forecast& f, utc_time now);

// `48/s`, `0.5/s`.
[[nodiscard]] std::string rate_for_people(double rate);
// `22 h`, `3 days`: how long ago, in the largest unit that fits.
[[nodiscard]] std::string age_for_people(std::chrono::seconds age);

}  // namespace convoke::report
