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
  ++calls_;
  const auto bin = bin_of(now);
  for (auto i = std::max(newest_ + 1, bin - static_cast<std::int64_t>(bins) + 1); i <= bin; ++i)
    made_[static_cast<std::size_t>(i) % bins] = 0;
  newest_ = std::max(newest_, bin);
  ++made_[static_cast<std::size_t>(bin) % bins];
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
