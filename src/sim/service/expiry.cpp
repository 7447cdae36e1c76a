#include "sim/service/expiry.hpp"

#include <algorithm>
#include <cstdint>

#include "sim/service/meetings.hpp"
#include "sim/service/setting_values.hpp"

namespace convoke::sim {

utc_time expires_at(const key_record& record, const expiry_options& how) noexcept {
  const auto of_end = std::max(record.end, record.made) + how.lifetime;
  return record.extended == utc_time() ? of_end : std::max(of_end, record.extended + extension);
}

bool has_expired(const key_record& record, const expiry_options& how, utc_time now) noexcept {
  return record.exists() && expires_at(record, how) <= now;
}

result<std::chrono::seconds> parse_lifetime(std::string_view text) {
  constexpr double most = std::chrono::seconds(std::chrono::days(3650)).count();
  const bool before = text.starts_with('-');
  const auto value = read_seconds(before ? text.substr(1) : text);
  if (!value) return std::unexpected(value.error());
  if (*value > most) return fail(errc::usage, "it is ten years at most");
  const std::chrono::seconds whole(static_cast<std::int64_t>(*value));
  return before ? -whole : whole;
}

}  // namespace convoke::sim
