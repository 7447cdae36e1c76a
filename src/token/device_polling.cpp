#include "token/device_polling.hpp"

#include <algorithm>

#include "core/saturating.hpp"

namespace convoke::token {

namespace {

using std::chrono::nanoseconds;

constexpr nanoseconds added_by_slow_down = std::chrono::seconds(5);  // RFC 8628, section 3.5
constexpr nanoseconds longest_after_failure = std::chrono::seconds(60);

}  // namespace

device_polling::device_polling(std::chrono::seconds interval, std::chrono::seconds valid_for, mono_time offered) noexcept
    : interval_(interval), after_failure_(interval), next_(core::after(offered, interval)), expires_(core::after(offered, valid_for)) {}

std::optional<mono_time> device_polling::next() const noexcept {
  return next_ < expires_ ? std::optional(next_) : std::nullopt;
}

void device_polling::pending(mono_time now) noexcept {
  after_failure_ = interval_;
  next_ = core::after(now, interval_);
}

void device_polling::slow_down(mono_time now) noexcept {
  interval_ += added_by_slow_down;
  pending(now);
}

void device_polling::failed(std::optional<nanoseconds> retry_after, mono_time now) noexcept {
  after_failure_ = std::max(interval_, std::min(2 * after_failure_, longest_after_failure));
  next_ = core::after(now, std::max(after_failure_, retry_after.value_or(nanoseconds(0))));
}

}  // namespace convoke::token
