#pragma once

// What the reports of `apply` and `work` say alike about how they ended.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include <convoke/job.hpp>

#include "report/local_time.hpp"
#include "report/progress.hpp"

namespace convoke::report {

[[nodiscard]] inline std::string_view word(ending e) {
  switch (e) {
    case ending::finished:
      return "finished";
    case ending::deferred:
      return "deferred";
    case ending::interrupted:
      return "interrupted";
    case ending::credentials:
      return "credentials";
    case ending::permission:
      return "permission";
    case ending::storage:
      return "storage";
  }
  return "unknown";
}

[[nodiscard]] inline double seconds(std::chrono::microseconds d) {
  return static_cast<double>(d.count()) / 1e6;
}

// ` now`, ` in 10 min 00 s, at 03:14 +01:00`, or nothing where no time is known: ready to be appended to a sentence.
[[nodiscard]] inline std::string when_to_come_back(std::optional<std::chrono::seconds> wait, std::optional<utc_time> at) {
  if (!wait || !at) return {};
  if (wait->count() == 0) return " now";
  return fmt::format(" in {}, at {}", duration_for_people(*wait), local_minute(*at, *at - *wait));
}

}  // namespace convoke::report
