#pragma once

// How many calls of a lane may be in flight. A service that is asked for too much may grow slow instead of saying 429; then more calls
// at once only wait longer, so the bound follows latency: as TCP Vegas does (Brakmo and Peterson, 1995), it compares what calls take now
// with what they took when there was room.

#include <chrono>
#include <cstdint>

#include <convoke/time.hpp>

namespace convoke::engine {

class concurrency_limit {
 public:
  explicit concurrency_limit(unsigned most) noexcept;

  [[nodiscard]] unsigned limit() const noexcept { return limit_; }
  void called(unsigned in_flight) noexcept;
  void succeeded(mono_time sent, mono_time now) noexcept;
  // No answer within the attempt timeout: as slow as can be.
  void timed_out(mono_time now) noexcept;

 private:
  void adjust(mono_time now) noexcept;

  unsigned most_, limit_;
  unsigned peak_ = 0;  // calls in flight at most since the last judgement
  double room_ = 0;    // s, what a call takes when there is room; 0: not known yet
  double sum_ = 0;     // s, of the calls since the last judgement
  std::uint32_t count_ = 0;
  mono_time closing_ = mono_time::min(), cut_ = mono_time::min();
};

}  // namespace convoke::engine
