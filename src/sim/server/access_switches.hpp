#pragma once

// The switches about what an app may do for whom: access policies, guests, and what tokens say of themselves. Each is of one tenant.

#include <vector>

#include "sim/server/switches.hpp"

namespace convoke::sim {

void add_access_flags(std::vector<flag>& all);

}  // namespace convoke::sim
