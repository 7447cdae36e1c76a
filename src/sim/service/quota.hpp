#pragma once

// Quotas and cooldowns of one scope (the app, a lane, or one organizer).

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include <convoke/time.hpp>

#include "sim/service/behaviour.hpp"

namespace convoke::sim {

// Counts calls against one limit.
class quota {
 public:
  // Takes one call: nullopt where it is within the limit, else the wait after which one would be. A refused call counts too
  // where the options say so.
  std::optional<std::chrono::nanoseconds> take(const quota_options& limit, const throttle_options& how, mono_time now);

 private:
  std::optional<std::chrono::nanoseconds> take_bucket(const quota_options& limit, const throttle_options& how, mono_time now);
  std::optional<std::chrono::nanoseconds> take_fixed(double limit, std::chrono::nanoseconds window, mono_time now);
  std::optional<std::chrono::nanoseconds> take_sliding(double limit, std::chrono::nanoseconds window, bool counted, mono_time now);

  static constexpr std::size_t window_parts = 20;
  bool used_ = false;
  double tokens_ = 0;
  mono_time last_{};
  std::int64_t window_ = -1;                          // fixed: number of the window; sliding: number of its newest part
  std::array<std::uint32_t, window_parts> counts_{};  // calls in each part; fixed uses the first
};

// The times for which throttled answers closed a scope.
class cooldown {
 public:
  void announce(mono_time at, std::chrono::nanoseconds wait);
  // How long the scope stays closed; nullopt: it is open.
  [[nodiscard]] std::optional<std::chrono::nanoseconds> remaining(mono_time now) const;
  // True where a call that arrived at `arrived` ignored an announcement that was more than 100 ms old.
  [[nodiscard]] bool early(mono_time arrived, mono_time now) const;
  void extend(std::chrono::nanoseconds by);

 private:
  // Announcements less than 10 ms apart share an entry, so that a flood of refused calls cannot grow the list.
  struct announcement {
    mono_time first, last, until;
  };
  std::vector<announcement> open_;
};

}  // namespace convoke::sim
