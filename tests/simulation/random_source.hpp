#pragma once

// The random numbers of a simulated world: all of them are functions of its seed.

#include <chrono>
#include <cmath>
#include <cstdint>

namespace convoke::simulation {

using std::chrono::nanoseconds;

[[nodiscard]] inline nanoseconds seconds_of(double s) noexcept {
  return nanoseconds(static_cast<std::int64_t>(s * 1e9));
}
[[nodiscard]] inline double in_seconds(nanoseconds d) noexcept {
  return static_cast<double>(d.count()) * 1e-9;
}

// SplitMix64 (Steele, Lea, Flood 2014).
class random_source {
 public:
  explicit random_source(std::uint64_t seed, std::uint64_t stream = 0) noexcept : state_(seed * 0x9e3779b97f4a7c15U ^ (stream << 32U)) {
    (void)next();
  }

  [[nodiscard]] std::uint64_t next() noexcept {
    state_ += 0x9e3779b97f4a7c15U;
    auto z = state_;
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31U);
  }
  [[nodiscard]] double real() noexcept { return static_cast<double>(next() >> 11U) * 0x1p-53; }  // [0, 1)
  [[nodiscard]] std::uint64_t below(std::uint64_t bound) noexcept { return next() % bound; }
  [[nodiscard]] bool chance(double p) noexcept { return p > 0 && real() < p; }
  [[nodiscard]] double between(double a, double b) noexcept { return a + (b - a) * real(); }
  [[nodiscard]] double log_between(double a, double b) noexcept { return a * std::pow(b / a, real()); }
  [[nodiscard]] nanoseconds upto(nanoseconds most) noexcept { return seconds_of(in_seconds(most) * real()); }
  [[nodiscard]] nanoseconds between(nanoseconds a, nanoseconds b) noexcept { return a + upto(b - a); }

 private:
  std::uint64_t state_;
};

}  // namespace convoke::simulation
