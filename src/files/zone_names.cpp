#include "files/zone_names.hpp"

namespace convoke::files {

namespace {

constexpr std::pair<std::string_view, std::string_view> names[] = {
#include "files/windows_zones.inc"
};

}  // namespace

std::span<const std::pair<std::string_view, std::string_view>> windows_zone_names() noexcept {
  return names;
}

}  // namespace convoke::files
