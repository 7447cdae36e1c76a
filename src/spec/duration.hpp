#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace convoke::spec {

// Reads how long a meeting lasts:
//   minutes            90
//   units              90 min, 45 minutes, 1h30m, 1h30, 1 h 30 min, 2 hours, 90 Min., 2 Std., 1 Stunde 30 Minuten
//   a part of an hour  1.5 h, 1,25 hours (one or two digits after the point or comma)
//   ISO 8601           PT1H30M, P1DT2H, P2W
//   hours:minutes:seconds  01:30:00
// Numbers have up to nine digits. Not read, because they can mean two things: 1:30 (hours or minutes), 1.5 (hours or minutes). nullopt for
// any other form. Zero is a duration.
[[nodiscard]] std::optional<std::chrono::seconds> parse_duration(std::string_view text) noexcept;

// True where the name of a column says that its numbers are hours: `duration_hours`, `Dauer (Std.)`, `length [h]`.
[[nodiscard]] bool counts_hours(std::string_view header) noexcept;

// The reason, for people, why such a text is no duration.
[[nodiscard]] std::string why_no_duration(std::string_view text);

// `h`, `hours`, `Std`, …; `min`, `minutes`, …: a unit that a number may have.
[[nodiscard]] bool is_hour_word(std::string_view word) noexcept;
[[nodiscard]] bool is_minute_word(std::string_view word) noexcept;

}  // namespace convoke::spec
