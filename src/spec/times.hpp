#pragma once

// A cell's time, read and put into UTC.

#include <chrono>
#include <expected>
#include <string>
#include <string_view>

#include "spec/rows.hpp"

namespace convoke::spec {

struct resolved_time {
  std::chrono::sys_seconds instant{};
  std::chrono::local_seconds wall{};  // in the row's zone; as written where it has none
};

struct time_rules {
  std::string_view zone;  // of the row; known to `zones`, or empty
  overlap_choice overlap = overlap_choice::refuse;
  bool wants_wall = false;  // whether resolved_time::wall is looked at
};

// The reason, for people, where the cell is wrong.
[[nodiscard]] std::expected<resolved_time, std::string> resolve_time(std::string_view cell, const time_rules& rules, zone_source& zones);

}  // namespace convoke::spec
