#pragma once

// Dates without a time of day, as cells and messages have them.

#include <chrono>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace convoke::spec {

// Reads a whole text as a date. The failure is the reason, for people, why it is none.
using date_reader = std::function<std::expected<std::chrono::local_days, std::string>(std::string_view)>;

// Reads `YYYY-MM-DD`. nullopt for any other form, and for a date that does not exist.
[[nodiscard]] std::optional<std::chrono::local_days> parse_date(std::string_view text) noexcept;

// `2026-09-07`, for the years 0000 to 9999.
[[nodiscard]] std::string date_text(std::chrono::local_days day);
// Appends `20260907`.
void append_compact_date(std::string& out, std::chrono::local_days day);

// `Monday`.
[[nodiscard]] std::string_view weekday_name(std::chrono::weekday day) noexcept;
// `MO`, as in RFC 5545.
[[nodiscard]] std::string_view weekday_code(std::chrono::weekday day) noexcept;

// `a`, `a and b`, `a, b and c`. Of more than `most` items the rest is counted: `a, b and 3 more`.
[[nodiscard]] std::string joined(const std::vector<std::string>& items, std::size_t most = 8);

}  // namespace convoke::spec
