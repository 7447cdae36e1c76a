#pragma once

// Time zones from the system's tzdata by way of Howard Hinnant's date, Windows names from CLDR.

#include <memory>
#include <string>

#include "spec/rows.hpp"

namespace convoke::files {

// Caches per zone; not thread-safe. errc::usage where the machine has no tzdata.
[[nodiscard]] result<std::unique_ptr<spec::zone_source>> system_zones();
// `2026a`, read from tzdata.zi's first line; `unknown` where it is not there.
[[nodiscard]] std::string tzdata_version();

}  // namespace convoke::files
