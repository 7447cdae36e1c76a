#pragma once

// The ranges of a job's numeric settings: the one table that validate() and the command line's parser read.

#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>

#include <fmt/format.h>

#include <convoke/job.hpp>

namespace convoke::run {

struct whole_range {
  std::uint64_t least, most;
};
struct rate_range {  // calls per second
  double least, most;
};
struct duration_range {
  std::chrono::milliseconds least, most;
};

// A setting, its place in the job, and its range, both ends included. `flag`: its long command-line flag without dashes; a setting without
// a flag has the name that its flag would have.
template <class Owner, class T, class Range>
struct ranged_setting {
  std::string_view flag;
  T Owner::* member;
  Range range;
};

inline constexpr std::chrono::milliseconds ten_years = std::chrono::days(3650);
inline constexpr rate_range any_rate{.least = 0.01, .most = 10'000'000};
inline constexpr duration_range positive_time{.least = std::chrono::milliseconds(1), .most = ten_years};
inline constexpr duration_range any_time{.least = std::chrono::milliseconds(0), .most = ten_years};

inline constexpr std::tuple job_ranges{
    ranged_setting{"wait-lock", &job::wait_lock, any_time},
    ranged_setting{"keep-runs", &job::keep_runs, whole_range{1, 1'000'000}},
};

inline constexpr std::tuple plan_ranges{
    ranged_setting{"keep-alive", &plan_options::keep_alive, duration_range{.least = std::chrono::seconds(1), .most = ten_years}},
};

inline constexpr std::tuple lane_pace_ranges{
    ranged_setting{"rate", &lane_pace_options::rate, any_rate},
    ranged_setting{"start-rate", &lane_pace_options::start_rate, any_rate},
    ranged_setting{"organizer-rate", &lane_pace_options::organizer_rate, any_rate},
    ranged_setting{"organizer-concurrency", &lane_pace_options::organizer_concurrency, whole_range{1, 1000}},
    ranged_setting{"connections", &lane_pace_options::connections, whole_range{1, 1000}},
    ranged_setting{"batch-size", &lane_pace_options::batch_size, whole_range{1, 20}},
};

inline constexpr std::tuple pace_ranges{
    ranged_setting{"max-attempts", &pace_options::max_attempts, whole_range{1, 100}},
    ranged_setting{"connect-timeout", &pace_options::connect_timeout, positive_time},
    ranged_setting{"attempt-timeout", &pace_options::attempt_timeout, positive_time},
    ranged_setting{"row-deadline", &pace_options::row_deadline, positive_time},
    ranged_setting{"max-outage", &pace_options::max_outage, positive_time},
    ranged_setting{"max-cooldown", &pace_options::max_cooldown, positive_time},
    ranged_setting{"max-duration", &pace_options::max_duration, positive_time},
    ranged_setting{"drain", &pace_options::drain, any_time},
};

// Calls f(ranged_setting) for each of them, in order.
template <class... Settings, class F>
void for_each_setting(const std::tuple<Settings...>& table, F&& f) {
  std::apply([&f](const auto&... one) { (f(one), ...); }, table);
}

[[nodiscard]] inline bool contains(const whole_range& range, std::uint64_t value) noexcept {
  return value >= range.least && value <= range.most;
}
[[nodiscard]] inline bool contains(const rate_range& range, double value) noexcept {
  return std::isfinite(value) && value >= range.least && value <= range.most;
}
[[nodiscard]] inline bool contains(const duration_range& range, std::chrono::milliseconds value) noexcept {
  return value >= range.least && value <= range.most;
}

// Completes the sentence `'0' is not …`.
[[nodiscard]] inline std::string describe(const whole_range& range) {
  if (range.most == std::numeric_limits<std::uint64_t>::max()) return fmt::format("a whole number of {} or more", range.least);
  return fmt::format("a whole number from {} to {}", range.least, range.most);
}
[[nodiscard]] inline std::string describe(const rate_range& range) {
  return fmt::format("a number from {} to {:.0f}", range.least, range.most);
}
[[nodiscard]] inline std::string describe(const duration_range& range) {
  return fmt::format("a duration from {}ms to {}d", range.least.count(), std::chrono::floor<std::chrono::days>(range.most).count());
}

}  // namespace convoke::run
