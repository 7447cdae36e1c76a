#pragma once

// Time zones of the system's tzdata, read by Howard Hinnant's date library, with Windows names from CLDR.

#include <memory>
#include <string>

#include "spec/rows.hpp"

namespace convoke::files {

// The zones of this machine. Caches what was looked up; not thread-safe. errc::usage where the machine has no usable tzdata.
[[nodiscard]] result<std::unique_ptr<spec::zone_source>> system_zones();
// The version of tzdata, such as `2026a`, from the first line of tzdata.zi; `unknown` where there is none.
[[nodiscard]] std::string tzdata_version();

}  // namespace convoke::files
