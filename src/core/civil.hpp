#pragma once

// Dates and times in the forms of ISO 8601 that people and programs write: `2026-09-01T08:00:00.5+02:00` and shorter ones.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace convoke::core {

struct civil_time {
  std::chrono::local_seconds local{};          // the date and time as written
  std::uint32_t fraction = 0;                  // of a second, in units of 100 ns; further digits are cut
  bool seconds = false;                        // true where seconds were written
  std::optional<std::chrono::minutes> offset;  // from UTC, where written (`Z` is 0)
};

// Reads `YYYY-MM-DD`, then `T`, `t` or a blank, `hh:mm`, optionally `:ss` and then `.f…`, optionally `Z`, `z` or `±hh:mm`. nullopt for any
// other form, and for a date or time that does not exist (30 February, 24:00, a 61st second).
[[nodiscard]] std::optional<civil_time> parse_civil(std::string_view text) noexcept;

// The first and the last second that `format_utc` can write: 0000-01-01T00:00:00Z and 9999-12-31T23:59:59Z.
inline constexpr std::chrono::sys_seconds first_second = std::chrono::sys_days{std::chrono::year{0} / 1 / 1};
inline constexpr std::chrono::sys_seconds last_second =
    std::chrono::sys_seconds{std::chrono::sys_days{std::chrono::year{10000} / 1 / 1}} - std::chrono::seconds{1};

}  // namespace convoke::core
