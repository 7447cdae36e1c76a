#pragma once

// The public keys that a service trusts, from PEM.

#include <convoke/error.hpp>

#include "sim/service/assertions.hpp"
#include "sim/service/meetings.hpp"

namespace convoke::sim {

// errc::usage for a certificate or key that cannot be read.
[[nodiscard]] result<trusted_keys> read_keys(const identity& who);

}  // namespace convoke::sim
