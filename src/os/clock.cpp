#include "os/clock.hpp"

#include <ctime>

namespace convoke::os {

mono_time boot_now() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return mono_time(std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec));
}

utc_time wall_now() noexcept {
  return std::chrono::time_point_cast<ticks>(std::chrono::system_clock::now());
}

}  // namespace convoke::os
