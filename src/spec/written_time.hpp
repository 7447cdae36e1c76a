#pragma once

// What a cell says of a time: a date, a time of day, an offset from UTC.
//
// Read are, beside the forms of --date-format:
//   dates          2026-09-01, 2026-9-1 (the year first, always followed by the month)
//   times of day   08:15, 8:15, 08:15:30, 08:15:30.000 (only zeros after the point)
//   both           joined by T or by blanks of any kind
//   offsets        after a time of day, with or without blanks before: Z, UTC, +01:00, +0100, +01
// Everything else is refused, with a reason that names the part that is wrong.

#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace convoke::spec {

class date_format;

struct written_time {
  std::optional<std::chrono::local_days> date;
  std::optional<std::chrono::seconds> time;    // of day
  std::optional<std::chrono::minutes> offset;  // only with a time of day
};

// What a column holds in the first place. It decides how a form is tried and what a reason proposes; the answer may still have less or
// more.
enum class time_cell : std::uint8_t { moment, day, time_of_day };

// `cell` is trimmed and not empty. `format` may be null. The failure is the reason, for people, why the cell is wrong.
[[nodiscard]] std::expected<written_time, std::string> read_written_time(std::string_view cell, time_cell wanted,
                                                                         const date_format* format);

// A date and nothing else.
[[nodiscard]] std::expected<std::chrono::local_days, std::string> read_date(std::string_view cell, const date_format* format);

// `Z`, `UTC`, `+01:00`, `+0100`, `+01`; nullopt for any other text, and beyond 14 hours, which no zone has.
[[nodiscard]] std::optional<std::chrono::minutes> read_offset(std::string_view text) noexcept;

// `April has 30 days`, `there is no month 13`, `there is no day 0`; empty where the date exists. `year_first`: it is written so.
[[nodiscard]] std::string why_no_date(int year, unsigned month, unsigned day, bool year_first);
// `there is no hour 24: …`, `there is no minute 60`; empty where the time of day exists.
[[nodiscard]] std::string why_no_clock(unsigned hour, unsigned minute, unsigned second);

}  // namespace convoke::spec
