#pragma once

#include <chrono>
#include <string>

#include <fmt/format.h>

namespace convoke::report {

// `2026-09-07`.
inline std::string date_text(std::chrono::local_days date) {
  const std::chrono::year_month_day day(date);
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(day.year()), static_cast<unsigned>(day.month()),
                     static_cast<unsigned>(day.day()));
}

}  // namespace convoke::report
