#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace convoke::spec {

// Reads `90` (minutes), `1h30m`, `45min`, or ISO 8601 with weeks, days, hours, minutes and seconds (`PT1H30M`, `P1DT2H`, `P2W`). Numbers
// have up to nine digits. nullopt for any other form. Zero is a duration.
[[nodiscard]] std::optional<std::chrono::seconds> parse_duration(std::string_view text) noexcept;

}  // namespace convoke::spec
