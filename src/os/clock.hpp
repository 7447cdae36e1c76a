#pragma once

// The clocks of the machine, for layers 3 and above. Layers 0 to 2 get time as an argument.

#include <convoke/time.hpp>

namespace convoke::os {

// CLOCK_BOOTTIME: it also advances while the machine is suspended.
[[nodiscard]] mono_time boot_now() noexcept;

// The wall clock: for data and for people, never to measure a wait.
[[nodiscard]] utc_time wall_now() noexcept;

}  // namespace convoke::os
