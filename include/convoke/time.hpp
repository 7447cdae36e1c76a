#pragma once

/// \file
/// The two kinds of time. Wall time says when a meeting is; monotonic time decides when to do something next.

#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <ratio>
#include <string>
#include <string_view>

namespace convoke {

/// 100 ns: the resolution of Edm.DateTimeOffset as Graph prints it (up to 7 fractional digits). Covers ±29,000 years.
using ticks = std::chrono::duration<std::int64_t, std::ratio<1, 10'000'000>>;

/// A wall-clock instant in UTC. Used for data (meeting times, `finished_at`), never to measure a wait.
using utc_time = std::chrono::time_point<std::chrono::system_clock, ticks>;

/// Tag of the clock every decision is made on: it only goes forward, also while the machine sleeps (CLOCK_BOOTTIME), and has
/// no relation to the wall clock. It has no `now()`: layers 0-2 get time as an argument; `net::boot_now()` reads it.
struct mono_clock {
  using rep = std::int64_t;
  using period = std::nano;
  using duration = std::chrono::nanoseconds;
  using time_point = std::chrono::time_point<mono_clock>;
  static constexpr bool is_steady = true;
};

/// A point on `mono_clock`.
using mono_time = mono_clock::time_point;

/// `2026-09-01T08:00:00Z`, with up to 7 fractional digits where the instant has any. Years 0000-9999.
[[nodiscard]] std::string format_utc(utc_time t);

/// Reads an RFC 3339 / Edm.DateTimeOffset instant: `2026-09-01T08:00:00[.f…](Z|±hh:mm)`; `t`, `z` and a blank for `T` are taken
/// too. More than 7 fractional digits are cut. nullopt where it is anything else, or no real date.
[[nodiscard]] std::optional<utc_time> parse_utc(std::string_view text);

}  // namespace convoke
