#pragma once

// The switches about the life of meetings.

#include <vector>

#include "sim/server/switches.hpp"

namespace convoke::sim {

void add_expiry_flags(std::vector<flag>& all);

}  // namespace convoke::sim
