#pragma once

// Wall time for people, in the zone of this machine, always with its offset.

#include <string>

#include <convoke/time.hpp>

namespace convoke::report {

// RFC 3339 to the second: `2026-11-22T03:14:07+01:00`.
[[nodiscard]] std::string local_time(utc_time t);
// To the minute: `03:14 +01:00`, and with its date unless that is today: `2026-11-22 03:14 +01:00`.
[[nodiscard]] std::string local_minute(utc_time t, utc_time now);

}  // namespace convoke::report
