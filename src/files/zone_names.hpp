#pragma once

#include <span>
#include <string_view>
#include <utility>

namespace convoke::files {

// Pairs of a Windows name and the IANA name that CLDR assigns to it for territory 001, the world.
[[nodiscard]] std::span<const std::pair<std::string_view, std::string_view>> windows_zone_names() noexcept;

}  // namespace convoke::files
