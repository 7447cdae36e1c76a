#pragma once

// From written times to instants.

#include <chrono>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "spec/rows.hpp"

namespace convoke::spec {

struct resolved_time {
  std::chrono::sys_seconds instant{};
  std::chrono::local_seconds wall{};  // local time in the row's zone; as written where the row has no zone
};

// How a local time of a row becomes an instant.
struct wall_rules {
  std::string_view zone;                       // of the row; known to the zone source, or empty
  std::optional<std::chrono::minutes> offset;  // from UTC, used where `zone` is empty
  overlap_choice overlap = overlap_choice::refuse;
};
// The instant of a local time. The failure is the reason for people: a gap, an overlap without a choice, no zone, beyond the zone's data,
// outside the years 0000 to 9999.
[[nodiscard]] std::expected<std::chrono::sys_seconds, std::string> resolve_wall(std::chrono::local_seconds wall, const wall_rules& rules,
                                                                                zone_source& zones);

struct time_rules {
  std::string_view zone;  // of the row; known to `zones`, or empty
  overlap_choice overlap = overlap_choice::refuse;
  bool wants_wall = false;  // resolved_time::wall is used
};

// The instant of a written date and time. The failure is the reason, for people, why the cell is wrong.
[[nodiscard]] std::expected<resolved_time, std::string> resolve_time(std::chrono::local_seconds local,
                                                                     std::optional<std::chrono::minutes> offset, const time_rules& rules,
                                                                     zone_source& zones);
[[nodiscard]] std::string beyond_zone_data(std::string_view zone);

}  // namespace convoke::spec
