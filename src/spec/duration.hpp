#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace convoke::spec {

// `90` (minutes), `1h30m`, `45min`, or ISO 8601 of weeks, days, hours, minutes and seconds (`PT1H30M`, `P1DT2H`, `P2W`). Numbers of
// up to nine digits. nullopt for anything else; zero is a duration.
[[nodiscard]] std::optional<std::chrono::seconds> parse_duration(std::string_view text) noexcept;

}  // namespace convoke::spec
