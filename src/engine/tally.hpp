#pragma once

// How many calls were made, lately and in all, and how long their answers take.

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include <convoke/time.hpp>

namespace convoke::engine {

class tally {
 public:
  void call(mono_time now) noexcept;
  // Other workers made so many calls lately. They are counted evenly over the time `over` from now on.
  void others(std::uint64_t calls, mono_time now, std::chrono::nanoseconds over) noexcept;
  // Counts the calls of others that are due.
  void count_others(mono_time now) noexcept;
  void answer(mono_time sent, mono_time now) noexcept;

  [[nodiscard]] std::uint64_t calls() const noexcept { return calls_; }
  // Calls/s from `from`, but at most for the last 3 s, until `until`.
  [[nodiscard]] double per_second(mono_time from, mono_time until) const noexcept;
  [[nodiscard]] double round_trip() const noexcept { return round_trip_; }  // s, smoothed

 private:
  void add(std::uint32_t calls, mono_time now) noexcept;

  static constexpr std::size_t bins = 32;  // tenths of a second
  std::array<std::uint32_t, bins> made_{};
  std::int64_t newest_ = 0;
  std::uint64_t calls_ = 0;
  double others_left_ = 0, others_per_second_ = 0;  // calls that are not counted yet
  double others_due_ = 0;                           // less than one
  mono_time others_counted_{};
  double round_trip_ = 0.05;
};

}  // namespace convoke::engine
