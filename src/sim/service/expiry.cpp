#include "sim/service/expiry.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string>

#include "sim/service/meetings.hpp"

namespace convoke::sim {

utc_time expires_at(const key_record& record, const expiry_options& how) noexcept {
  const auto of_end = std::max(record.end, record.made) + how.lifetime;
  return record.extended == utc_time() ? of_end : std::max(of_end, record.extended + extension);
}

bool has_expired(const key_record& record, const expiry_options& how, utc_time now) noexcept {
  return record.exists() && expires_at(record, how) <= now;
}

result<std::chrono::seconds> parse_lifetime(std::string_view text) {
  constexpr std::int64_t most = std::chrono::seconds(std::chrono::days(3650)).count();
  std::int64_t number = 0;
  const auto* const last = text.data() + text.size();
  const auto [end, bad] = std::from_chars(text.data(), last, number);
  const std::string_view unit(end, static_cast<std::size_t>(last - end));
  const std::int64_t factor = unit == "s" ? 1 : unit == "m" ? 60 : unit == "h" ? 3600 : unit == "d" ? 86'400 : 0;
  if (bad != std::errc() || factor == 0 || number > most / factor || number < -most / factor)
    return fail(errc::usage, "\"" + std::string(text) + "\" is not a duration such as 90s, 1d or -2h");
  return std::chrono::seconds(number * factor);
}

}  // namespace convoke::sim
