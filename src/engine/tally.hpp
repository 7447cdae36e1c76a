#pragma once

// How many calls were made, lately and in all, and how long their answers take.

#include <array>
#include <cstddef>
#include <cstdint>

#include <convoke/time.hpp>

namespace convoke::engine {

class tally {
 public:
  void call(mono_time now) noexcept;
  void answer(mono_time sent, mono_time now) noexcept;

  [[nodiscard]] std::uint64_t calls() const noexcept { return calls_; }
  // Calls/s from `from`, but at most for the last 3 s, until `until`.
  [[nodiscard]] double per_second(mono_time from, mono_time until) const noexcept;
  [[nodiscard]] double round_trip() const noexcept { return round_trip_; }  // s, smoothed

 private:
  static constexpr std::size_t bins = 32;  // tenths of a second
  std::array<std::uint32_t, bins> made_{};
  std::int64_t newest_ = 0;
  std::uint64_t calls_ = 0;
  double round_trip_ = 0.05;
};

}  // namespace convoke::engine
