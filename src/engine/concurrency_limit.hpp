#pragma once

// How many requests of a lane may be in flight; a batch of calls is one, as it has one connection. An overloaded service may become slow
// instead of answering 429. More concurrent requests then only wait longer, so the limit follows the latency: as TCP Vegas does (Brakmo and
// Peterson, 1995), it compares the present latency with the latency without queueing.

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
  // A call got no answer within the attempt timeout: the limit is halved, at most once a second.
  void timed_out(mono_time now) noexcept;

 private:
  void adjust(mono_time now) noexcept;

  unsigned most_, limit_;
  unsigned peak_ = 0;  // most calls in flight since the last adjustment
  double room_ = 0;    // s, the latency without queueing; 0: not known yet
  double sum_ = 0;     // s, the sum of the latencies since the last adjustment
  std::uint32_t count_ = 0;
  mono_time closing_ = mono_time::min(), cut_ = mono_time::min();
};

}  // namespace convoke::engine
