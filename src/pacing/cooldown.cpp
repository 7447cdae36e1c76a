#include "pacing/pacing.hpp"

namespace convoke::pacing {

bool cooldown::close_until(mono_time end) noexcept {
  if (end <= end_) return false;
  end_ = end;
  return true;
}

bool cooldown::closed(mono_time now) const noexcept {
  return now < end_;
}

mono_time cooldown::end() const noexcept {
  return end_;
}

}  // namespace convoke::pacing
