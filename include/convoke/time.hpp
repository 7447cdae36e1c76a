#pragma once

/// \file
/// The two kinds of time. Wall-clock time is data, such as the start of a meeting. Monotonic time decides when something is done next.

#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <ratio>
#include <string>
#include <string_view>

namespace convoke {

/// 100 ns: the resolution of Edm.DateTimeOffset as Graph writes it (up to 7 fractional digits). Covers 29,000 years before and after 1970.
using ticks = std::chrono::duration<std::int64_t, std::ratio<1, 10'000'000>>;

/// A wall-clock instant in UTC. It is data (times of meetings, times of receipt) and never measures a wait.
using utc_time = std::chrono::time_point<std::chrono::system_clock, ticks>;

/// Tag of the clock for decisions. It only goes forward, also while the machine sleeps (CLOCK_BOOTTIME), and has no relation to the wall
/// clock. It has no `now()`, because the code that decides gets the time as an argument.
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

/// Reads an instant of RFC 3339 or Edm.DateTimeOffset: `2026-09-01T08:00:00[.f…](Z|±hh:mm)`; `t`, `z` and a blank in place of `T` are
/// accepted. Fractional digits after the seventh are cut. nullopt for any other form, and for a date or time that does not exist.
[[nodiscard]] std::optional<utc_time> parse_utc(std::string_view text);

}  // namespace convoke
