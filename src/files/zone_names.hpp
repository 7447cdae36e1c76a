#pragma once

#include <span>
#include <string_view>
#include <utility>

namespace convoke::files {

// Windows names and the IANA names that CLDR gives them for the world at large.
[[nodiscard]] std::span<const std::pair<std::string_view, std::string_view>> windows_zone_names() noexcept;

}  // namespace convoke::files
