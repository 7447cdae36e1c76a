#include "sim/service/quota.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace convoke::sim {
namespace {

using std::chrono::nanoseconds;

nanoseconds from_seconds(double s) {
  return nanoseconds(static_cast<std::int64_t>(std::ceil(s * 1e9)));
}
double to_seconds(nanoseconds d) {
  return static_cast<double>(d.count()) * 1e-9;
}

constexpr auto tolerance = std::chrono::milliseconds(100);
constexpr auto merged_within = std::chrono::milliseconds(10);

}  // namespace

std::optional<nanoseconds> quota::take(const quota_options& limit, const throttle_options& how, mono_time now) {
  if (limit.rate <= 0) return std::nullopt;
  const auto window = from_seconds(how.window_seconds);
  const double calls = std::max(1.0, limit.rate * how.window_seconds);
  switch (how.window) {
    case window_kind::bucket:
      return take_bucket(limit, how, now);
    case window_kind::fixed:
      return take_fixed(calls, window, now);
    case window_kind::sliding:
      return take_sliding(calls, window, how.throttled_count, now);
  }
  return std::nullopt;
}

std::optional<nanoseconds> quota::take_bucket(const quota_options& limit, const throttle_options& how, mono_time now) {
  const double burst = limit.burst > 0 ? std::max(1.0, limit.burst) : std::max(1.0, limit.rate * how.window_seconds);
  tokens_ = used_ ? std::min(burst, tokens_ + limit.rate * to_seconds(now - last_)) : burst;
  used_ = true;
  last_ = now;
  // A caller that waits exactly as long as the answer says must find a whole token in spite of rounding.
  if (tokens_ >= 1 - 1e-6) {
    tokens_ -= 1;
    return std::nullopt;
  }
  if (how.throttled_count) tokens_ = std::max(tokens_ - 1, -burst);
  return from_seconds((1 - tokens_) / limit.rate);
}

std::optional<nanoseconds> quota::take_fixed(double limit, nanoseconds window, mono_time now) {
  const auto number = now.time_since_epoch() / window;
  if (number != window_) {
    window_ = number;
    counts_[0] = 0;
  }
  if (counts_[0] + 1.0 <= limit) {
    ++counts_[0];
    return std::nullopt;
  }
  return window * (number + 1) - now.time_since_epoch();
}

std::optional<nanoseconds> quota::take_sliding(double limit, nanoseconds window, bool counted, mono_time now) {
  const auto width = window / static_cast<std::int64_t>(window_parts);
  const auto newest = now.time_since_epoch() / width;
  const auto passed = std::min<std::int64_t>(newest - window_, static_cast<std::int64_t>(window_parts));
  for (std::int64_t i = 0; i < passed; ++i) counts_[static_cast<std::size_t>((newest - i) % static_cast<std::int64_t>(window_parts))] = 0;
  window_ = newest;

  double in_window = std::accumulate(counts_.begin(), counts_.end(), 0.0);
  auto& current = counts_[static_cast<std::size_t>(newest % static_cast<std::int64_t>(window_parts))];
  if (in_window + 1 <= limit) {
    ++current;
    return std::nullopt;
  }
  if (counted) {
    ++current;
    ++in_window;
  }
  // Parts leave the window oldest first; the call fits once enough of them have left.
  constexpr auto count = static_cast<std::int64_t>(window_parts);
  auto part = newest - count;
  while (part < newest && in_window + 1 > limit) {
    ++part;
    in_window -= counts_[static_cast<std::size_t>((part + count) % count)];
  }
  return width * (part + count) - now.time_since_epoch();
}

void cooldown::announce(mono_time at, nanoseconds wait) {
  const auto until = at + wait;
  std::erase_if(open_, [&](const announcement& a) { return a.until <= at; });
  if (!open_.empty() && open_.back().until >= until) return;
  if (!open_.empty() && at - open_.back().first < merged_within) {
    open_.back().last = at;
    open_.back().until = until;
  } else {
    open_.push_back({at, at, until});
  }
}

std::optional<nanoseconds> cooldown::remaining(mono_time now) const {
  if (open_.empty() || open_.back().until <= now) return std::nullopt;
  return open_.back().until - now;
}

bool cooldown::early(mono_time arrived, mono_time now) const {
  return std::ranges::any_of(open_, [&](const announcement& a) { return a.last + tolerance < arrived && now < a.until; });
}

void cooldown::extend(nanoseconds by) {
  if (!open_.empty()) open_.back().until += by;
}

}  // namespace convoke::sim
