#include "spec/times.hpp"

#include <convoke/time.hpp>

#include "core/civil.hpp"
#include "core/text.hpp"

namespace convoke::spec {

namespace {

using namespace std::chrono;
using reason = std::unexpected<std::string>;

std::string in_utc(sys_seconds t) {
  return format_utc(utc_time{t});
}

std::string in_zone(std::string_view zone) {
  return core::escape_for_people(zone, 60);
}

std::expected<sys_seconds, std::string> local_to_utc(local_seconds local, const wall_rules& rules, zone_source& zones) {
  if (rules.zone.empty()) {
    if (rules.offset) return sys_seconds{local.time_since_epoch()} - *rules.offset;
    return reason("a local time needs a zone: fill a time_zone column, give --time-zone, or add an offset such as +02:00 or Z");
  }
  const local_lookup found = zones.to_utc(rules.zone, local);
  switch (found.what) {
    case local_lookup::kind::unique:
      return found.earlier;
    case local_lookup::kind::gap:
      return reason("does not exist in " + in_zone(rules.zone) + ": the clocks skip it that day; correct it, or add an offset");
    case local_lookup::kind::overlap:
      if (rules.overlap == overlap_choice::earlier) return found.earlier;
      if (rules.overlap == overlap_choice::later) return found.later;
      return reason("comes twice in " + in_zone(rules.zone) + " that day (" + in_utc(found.earlier) + " and " + in_utc(found.later) +
                    "); add an offset, or choose with --overlap earlier or later");
    case local_lookup::kind::beyond_data:
      return reason("lies beyond what this machine's time zone data says of " + in_zone(rules.zone) +
                    "; correct the year, or add an offset");
    case local_lookup::kind::unknown_zone:
      break;
  }
  return reason("the time zone '" + in_zone(rules.zone) + "' is not known");
}

bool can_be_written(sys_seconds t) noexcept {
  return t >= core::first_second && t <= core::last_second;
}

constexpr std::string_view beyond_years = "lies outside the years 0000 to 9999 in UTC";

}  // namespace

std::string beyond_zone_data(std::string_view zone) {
  return "lies beyond what this machine's time zone data says of " + in_zone(zone) + ", whose local time is needed";
}

std::expected<sys_seconds, std::string> resolve_wall(local_seconds wall, const wall_rules& rules, zone_source& zones) {
  auto instant = local_to_utc(wall, rules, zones);
  if (instant && !can_be_written(*instant)) return reason(std::string(beyond_years));
  return instant;
}

std::expected<resolved_time, std::string> resolve_time(local_seconds local, std::optional<minutes> offset, const time_rules& rules,
                                                       zone_source& zones) {
  resolved_time out;
  out.wall = local;
  if (offset) {
    out.instant = sys_seconds{local.time_since_epoch()} - *offset;
    if (rules.wants_wall && !rules.zone.empty()) {
      const auto wall = zones.to_local(rules.zone, out.instant);
      if (!wall) return reason(beyond_zone_data(rules.zone));
      out.wall = *wall;
    }
  } else {
    const auto instant = local_to_utc(local, {rules.zone, std::nullopt, rules.overlap}, zones);
    if (!instant) return reason(instant.error());
    out.instant = *instant;
  }
  if (!can_be_written(out.instant)) return reason(std::string(beyond_years));
  return out;
}

}  // namespace convoke::spec
