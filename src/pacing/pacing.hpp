#pragma once

// Rates and waits: arithmetic on time points, without a clock.

#include <chrono>
#include <cstdint>
#include <optional>
#include <random>
#include <span>
#include <string_view>

#include <convoke/time.hpp>

namespace convoke::pacing {

using random_engine = std::mt19937_64;

// The longest Retry-After; longer ones are read as this. A time point plus this wait with its jitter does not overflow.
inline constexpr std::chrono::nanoseconds longest_wait = std::chrono::hours(24 * 365 * 100);

// Retry-After: seconds (whole or decimal), comma-joined parts (the largest wins), an HTTP date in any of its three forms relative to
// the answer's own Date (else to `local_now`), several header lines (the largest wins; unreadable ones beside it are ignored).
// nullopt: absent or unusable, so the caller backs off. At least 0.5 s where there is a value, not cut below `longest_wait`, without
// jitter.
[[nodiscard]] std::optional<std::chrono::nanoseconds> parse_retry_after(std::span<const std::string_view> values, std::string_view date,
                                                                        utc_time local_now);
// The three forms of RFC 9110, 5.6.7: IMF-fixdate, RFC 850 (its two-digit year is read within 50 years of `local_now`), asctime.
[[nodiscard]] std::optional<utc_time> parse_http_date(std::string_view text, utc_time local_now);

// `wait` plus up to 10 % of it; never less than `wait`.
[[nodiscard]] std::chrono::nanoseconds with_jitter(std::chrono::nanoseconds wait, random_engine& random);

// The step is 1 s, doubling to 60 s; the result is in [1/2, 1] of the step, and at least 0.5 s. `failures` counts from 1.
[[nodiscard]] std::chrono::nanoseconds backoff(unsigned failures, random_engine& random);

// GCRA: calls are spaced evenly at `rate` per second, with a burst of max(1, 2 ms × rate) calls. A change of the rate keeps the present
// credit, cut to the new burst: it neither grants calls nor forgets those that were made.
class gcra {
 public:
  explicit gcra(double rate) noexcept;
  void set_rate(double rate, mono_time now) noexcept;
  [[nodiscard]] double rate() const noexcept;
  [[nodiscard]] mono_time next(mono_time now) const noexcept;  // the earliest time a call conforms; <= now: at once
  // A call was made. The next one may be earlier by as much as this one was late, at most a quarter of the spacing and at most 2 ms.
  void take(mono_time now) noexcept { take(now, now); }
  // Several calls may be made together, late: the earliest time at which `count` calls conform that could begin at `since`. > 0.
  [[nodiscard]] mono_time next(mono_time since, unsigned count) const noexcept;
  // A call was made that could have been made at `since`. <= now.
  void take(mono_time now, mono_time since) noexcept;

 private:
  void adopt(double rate) noexcept;
  double rate_ = 0;
  std::chrono::nanoseconds spacing_{}, tolerance_{};
  mono_time arrival_{mono_time::min()};
};

// A scope that is closed until a time. Of overlapping ends the latest counts.
class cooldown {
 public:
  // Returns true where this moves the end.
  bool close_until(mono_time end) noexcept;
  [[nodiscard]] bool closed(mono_time now) const noexcept;
  [[nodiscard]] mono_time end() const noexcept;

 private:
  mono_time end_{mono_time::min()};
};

}  // namespace convoke::pacing
