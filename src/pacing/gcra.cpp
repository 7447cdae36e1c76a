#include <algorithm>
#include <chrono>
#include <cmath>

#include "pacing/pacing.hpp"

namespace convoke::pacing {

using std::chrono::nanoseconds;

namespace {

// The burst is what may go at once after a pause: 2 ms worth of calls, so that one late timer costs no throughput.
constexpr nanoseconds burst_window = std::chrono::milliseconds(2);
// More than timers are late by on a busy machine. A longer delay is a pause, and earns nothing.
constexpr nanoseconds most_lateness = std::chrono::milliseconds(2);
// Spacings from 1 ns to 11 days: all arithmetic below stays far from overflow.
constexpr double slowest = 1e-6, fastest = 1e9;

double calls_in_burst(nanoseconds spacing) {
  return std::max(1.0, static_cast<double>(burst_window.count()) / static_cast<double>(spacing.count()));
}

}  // namespace

gcra::gcra(double rate) noexcept {
  adopt(rate);
}

void gcra::adopt(double rate) noexcept {
  // A NaN falls to the slowest, which harms nobody.
  rate_ = rate >= slowest ? std::min(rate, fastest) : slowest;
  // Rounded up: the pace may be a nanosecond too slow, never too fast.
  spacing_ = nanoseconds(static_cast<nanoseconds::rep>(std::ceil(1e9 / rate_)));
  tolerance_ = std::max(nanoseconds::zero(), burst_window - spacing_);
}

double gcra::rate() const noexcept {
  return rate_;
}

void gcra::set_rate(double rate, mono_time now) noexcept {
  const double old_burst = calls_in_burst(spacing_);
  const double taken = arrival_ > now ? static_cast<double>((arrival_ - now).count()) / static_cast<double>(spacing_.count()) : 0.0;
  const auto old_spacing = spacing_;
  adopt(rate);
  if (spacing_ == old_spacing) return;

  // What may go at once is carried over and never grows by the change itself: a faster pace begins with the credit of the slower.
  const double new_burst = calls_in_burst(spacing_);
  const double credit = std::min(old_burst - taken, new_burst);
  const double owed = (new_burst - credit) * static_cast<double>(spacing_.count());
  arrival_ = now + nanoseconds(static_cast<nanoseconds::rep>(std::ceil(std::min(owed, 1e18))));
}

mono_time gcra::next(mono_time now) const noexcept {
  if (arrival_ <= now) return now;
  return std::max(now, arrival_ - tolerance_);
}

void gcra::take(mono_time now) noexcept {
  // Timers are a little late each time. What one was late by is not lost: the call after it is that much earlier.
  const auto late = arrival_ + spacing_ / 4 >= now && arrival_ + most_lateness >= now;
  arrival_ = (late ? arrival_ : std::max(arrival_, now)) + spacing_;
}

}  // namespace convoke::pacing
