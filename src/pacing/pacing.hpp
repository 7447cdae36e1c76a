#pragma once

// How fast, and when next. Pure arithmetic on time points; no clock.

#include <chrono>
#include <cstdint>
#include <optional>
#include <random>
#include <span>
#include <string_view>

#include <convoke/time.hpp>

namespace convoke::pacing {

using random_engine = std::mt19937_64;

// What a Retry-After beyond any sense is read as. Chosen so that a time point plus this wait, jittered, cannot overflow.
inline constexpr std::chrono::nanoseconds longest_wait = std::chrono::hours(24 * 365 * 100);

// Retry-After: seconds (whole or decimal), comma-joined parts (the largest wins), an HTTP date in any of its three forms relative to
// the answer's own Date (else to `local_now`), several header lines (the largest wins; what cannot be read beside it is passed over).
// nullopt: absent or unusable, so the caller backs off. At least 0.5 s where there is a value; never truncated short of `longest_wait`;
// no jitter yet.
[[nodiscard]] std::optional<std::chrono::nanoseconds> parse_retry_after(std::span<const std::string_view> values, std::string_view date,
                                                                        utc_time local_now);
// The three forms of RFC 9110, 5.6.7: IMF-fixdate, RFC 850 (its two-digit year is read within 50 years of `local_now`), asctime.
[[nodiscard]] std::optional<utc_time> parse_http_date(std::string_view text, utc_time local_now);

// Up to 10 % on top, never less.
[[nodiscard]] std::chrono::nanoseconds with_jitter(std::chrono::nanoseconds wait, random_engine& random);

// 1 s doubling to 60 s; the result lies in [1/2, 1] of the step, and is at least 0.5 s. `failures` counts from 1.
[[nodiscard]] std::chrono::nanoseconds backoff(unsigned failures, random_engine& random);

// GCRA: calls spaced evenly at `rate` per second, with a burst of max(1, 2 ms × rate) calls. A change of rate keeps the credit there is,
// cut to the new burst: it neither grants calls nor forgets those taken.
class gcra {
 public:
  explicit gcra(double rate) noexcept;
  void set_rate(double rate, mono_time now) noexcept;
  [[nodiscard]] double rate() const noexcept;
  [[nodiscard]] mono_time next(mono_time now) const noexcept;  // the earliest time a call conforms; <= now: at once
  // A call was made. By what it was late (a quarter of the spacing at most, 2 ms at most) the next may be earlier.
  void take(mono_time now) noexcept;

 private:
  void adopt(double rate) noexcept;
  double rate_ = 0;
  std::chrono::nanoseconds spacing_{}, tolerance_{};
  mono_time arrival_{mono_time::min()};
};

// One scope that may be closed until a time; of overlapping ends the latest wins.
class cooldown {
 public:
  // True where this announcement moved the end.
  bool close_until(mono_time end) noexcept;
  [[nodiscard]] bool closed(mono_time now) const noexcept;
  [[nodiscard]] mono_time end() const noexcept;

 private:
  mono_time end_{mono_time::min()};
};

}  // namespace convoke::pacing
