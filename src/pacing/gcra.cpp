#include <algorithm>
#include <chrono>
#include <cmath>

#include "pacing/pacing.hpp"

namespace convoke::pacing {

using std::chrono::nanoseconds;

namespace {

// The burst is how many calls may be made at once after a pause: those of 2 ms, so that one late timer costs no throughput.
constexpr nanoseconds burst_window = std::chrono::milliseconds(2);
// More than timers are late by on a busy machine. A longer delay is a pause and gives no credit.
constexpr nanoseconds most_lateness = std::chrono::milliseconds(2);
// Spacings from 1 ns to 11 days, so the arithmetic below does not overflow.
constexpr double slowest = 1e-6, fastest = 1e9;

double calls_in_burst(nanoseconds spacing) {
  return std::max(1.0, static_cast<double>(burst_window.count()) / static_cast<double>(spacing.count()));
}

}  // namespace

gcra::gcra(double rate) noexcept {
  adopt(rate);
}

void gcra::adopt(double rate) noexcept {
  // A NaN becomes the slowest rate.
  rate_ = rate >= slowest ? std::min(rate, fastest) : slowest;
  // Rounded up: the spacing may be a nanosecond too long, never too short.
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

  // The credit is carried over and does not grow by the change itself: a faster rate begins with the credit of the slower one.
  const double new_burst = calls_in_burst(spacing_);
  const double credit = std::min(old_burst - taken, new_burst);
  const double owed = (new_burst - credit) * static_cast<double>(spacing_.count());
  arrival_ = now + nanoseconds(static_cast<nanoseconds::rep>(std::ceil(std::min(owed, 1e18))));
}

mono_time gcra::next(mono_time now) const noexcept {
  if (arrival_ <= now) return now;
  return std::max(now, arrival_ - tolerance_);
}

mono_time gcra::next(mono_time since, unsigned count) const noexcept {
  const auto last = std::max(arrival_, since) + spacing_ * static_cast<nanoseconds::rep>(count - 1);
  return std::max(since, last - tolerance_);
}

void gcra::take(mono_time now, mono_time since) noexcept {
  // Timers are a little late each time. The call after a late one may be earlier by that much, so that no throughput is lost.
  const auto late = arrival_ + spacing_ / 4 >= now && arrival_ + most_lateness >= now;
  arrival_ = (late ? arrival_ : std::max(arrival_, since)) + spacing_;
}

}  // namespace convoke::pacing
