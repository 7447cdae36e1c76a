#pragma once

// Reads the time in a cell and converts it to UTC.

#include <chrono>
#include <expected>
#include <string>
#include <string_view>

#include "spec/rows.hpp"

namespace convoke::spec {

struct resolved_time {
  std::chrono::sys_seconds instant{};
  std::chrono::local_seconds wall{};  // local time in the row's zone; as written where the row has no zone
};

struct time_rules {
  std::string_view zone;  // of the row; known to `zones`, or empty
  overlap_choice overlap = overlap_choice::refuse;
  bool wants_wall = false;  // resolved_time::wall is used
};

// The failure is the reason, for people, why the cell is wrong.
[[nodiscard]] std::expected<resolved_time, std::string> resolve_time(std::string_view cell, const time_rules& rules, zone_source& zones);

}  // namespace convoke::spec
