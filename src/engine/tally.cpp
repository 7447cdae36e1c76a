#include "engine/tally.hpp"

#include <algorithm>
#include <chrono>

#include "engine/seconds.hpp"

namespace convoke::engine {

namespace {

using namespace std::chrono_literals;

constexpr double smoothing = 0.05;

std::int64_t bin_of(mono_time t) noexcept {
  return t.time_since_epoch() / 100ms;
}

}  // namespace

void tally::call(mono_time now) noexcept {
  add(1, now);
}

void tally::others(std::uint64_t calls, mono_time now, std::chrono::nanoseconds over) noexcept {
  count_others(now);
  others_left_ += static_cast<double>(calls);
  others_per_second_ = others_left_ / std::max(seconds(over), 0.1);
  others_counted_ = now;
}

void tally::count_others(mono_time now) noexcept {
  if (others_left_ <= 0 || now <= others_counted_) return;
  const auto due = std::min(others_left_, others_per_second_ * seconds(now - others_counted_));
  others_counted_ = now;
  others_left_ -= due;
  others_due_ += due;
  const auto whole = static_cast<std::uint32_t>(others_due_);
  others_due_ -= whole;
  if (whole > 0) add(whole, now);
}

void tally::add(std::uint32_t calls, mono_time now) noexcept {
  calls_ += calls;
  const auto bin = bin_of(now);
  for (auto i = std::max(newest_ + 1, bin - static_cast<std::int64_t>(bins) + 1); i <= bin; ++i)
    made_[static_cast<std::size_t>(i) % bins] = 0;
  newest_ = std::max(newest_, bin);
  made_[static_cast<std::size_t>(bin) % bins] += calls;
}

void tally::answer(mono_time sent, mono_time now) noexcept {
  round_trip_ += (seconds(now - sent) - round_trip_) * smoothing;
}

double tally::per_second(mono_time from, mono_time until) const noexcept {
  double n = 0;
  for (auto b = std::max(bin_of(from), newest_ - static_cast<std::int64_t>(bins) + 1); b <= std::min(bin_of(until), newest_); ++b) {
    const double part = b == bin_of(from) ? 1 - seconds(from.time_since_epoch() % 100ms) * 10 : 1;
    n += part * made_[static_cast<std::size_t>(b) % bins];
  }
  return n / std::max(seconds(until - from), 0.1);
}

}  // namespace convoke::engine
