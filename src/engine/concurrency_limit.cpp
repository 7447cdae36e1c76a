#include "engine/concurrency_limit.hpp"

#include <algorithm>
#include <cmath>

#include "engine/seconds.hpp"

namespace convoke::engine {

namespace {

using namespace std::chrono_literals;

constexpr unsigned least = 2;
constexpr std::uint32_t enough = 16;  // calls for a judgement
constexpr auto soonest = 250ms;
constexpr double slow = 2.0;         // times what a call takes with room: more than latencies vary by themselves
constexpr double forgetting = 1.01;  // per second: a service that is slower today than an hour ago is no longer held against it
constexpr double queued = 1.5;       // calls aimed at, in units of what was under way with room

}  // namespace

concurrency_limit::concurrency_limit(unsigned most) noexcept : most_(std::max(most, least)), limit_(most_) {}

void concurrency_limit::called(unsigned in_flight) noexcept {
  peak_ = std::max(peak_, in_flight);
}

void concurrency_limit::succeeded(mono_time sent, mono_time now) noexcept {
  if (closing_ == mono_time::min()) closing_ = now;
  sum_ += seconds(now - sent);
  if (++count_ >= std::max(enough, limit_) && now - closing_ >= soonest) adjust(now);
}

void concurrency_limit::adjust(mono_time now) noexcept {
  const auto took = sum_ / count_;
  const auto since = std::min(seconds(now - closing_), 600.0);
  room_ = room_ > 0 ? std::min(room_ * std::pow(forgetting, since), took) : took;
  if (took > slow * room_ && peak_ * 2 >= limit_) {
    // Little's law: what is under way with room, and half as much again.
    const auto fits = static_cast<double>(peak_) * queued * room_ / took;
    limit_ = std::clamp(static_cast<unsigned>(fits), std::max(least, limit_ / 2), most_);
  } else if (peak_ >= limit_) {
    limit_ = std::min(most_, limit_ + std::max(1U, limit_ / 8));
  }
  sum_ = 0;
  count_ = 0;
  peak_ = 0;
  closing_ = now;
}

void concurrency_limit::timed_out(mono_time now) noexcept {
  if (cut_ != mono_time::min() && now - cut_ < 1s) return;
  cut_ = now;
  limit_ = std::max(least, limit_ / 2);
}

}  // namespace convoke::engine
