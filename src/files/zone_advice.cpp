#include "files/zone_advice.hpp"

#include <algorithm>
#include <charconv>
#include <vector>

#include <fmt/format.h>

#include "core/text.hpp"
#include "files/zone_names.hpp"

namespace convoke::files {

namespace {

// Abbreviations by tzdata's column FORMAT, and the German and short American ones that spreadsheets hold. Those that tzdata has as a zone
// with summer time (CET, EET, MET, WET, EST5EDT …) are not here. `others`: zones that use the same abbreviation for another time.
struct abbreviation {
  std::string_view name;
  std::string_view zone;
  std::string_view others;
};

constexpr abbreviation abbreviations[] = {
    {"ACDT", "Australia/Adelaide", ""},
    {"ACST", "Australia/Adelaide", "Australia/Darwin"},
    {"ADT", "America/Halifax", ""},
    {"AEDT", "Australia/Sydney", ""},
    {"AEST", "Australia/Sydney", "Australia/Brisbane"},
    {"AKDT", "America/Anchorage", ""},
    {"AKST", "America/Anchorage", ""},
    {"AST", "America/Halifax", "America/Puerto_Rico, Asia/Riyadh"},
    {"AWST", "Australia/Perth", ""},
    {"BRT", "America/Sao_Paulo", ""},
    {"BST", "Europe/London", "Asia/Dhaka"},
    {"CAT", "Africa/Maputo", ""},
    {"CDT", "America/Chicago", "America/Havana"},
    {"CEST", "Europe/Berlin", ""},
    {"CST", "America/Chicago", "Asia/Shanghai, America/Costa_Rica"},
    {"CT", "America/Chicago", ""},
    {"EAT", "Africa/Nairobi", ""},
    {"EDT", "America/New_York", ""},
    {"EEST", "Europe/Athens", ""},
    {"ET", "America/New_York", ""},
    {"GST", "Asia/Dubai", ""},
    {"HKT", "Asia/Hong_Kong", ""},
    {"IDT", "Asia/Jerusalem", ""},
    {"IST", "Asia/Kolkata", "Europe/Dublin, Asia/Jerusalem"},
    {"JST", "Asia/Tokyo", ""},
    {"KST", "Asia/Seoul", ""},
    {"MDT", "America/Denver", ""},
    {"MESZ", "Europe/Berlin", ""},
    {"MEZ", "Europe/Berlin", ""},
    {"MSK", "Europe/Moscow", ""},
    {"MT", "America/Denver", ""},
    {"NDT", "America/St_Johns", ""},
    {"NST", "America/St_Johns", ""},
    {"NZDT", "Pacific/Auckland", ""},
    {"NZST", "Pacific/Auckland", ""},
    {"PDT", "America/Los_Angeles", ""},
    {"PKT", "Asia/Karachi", ""},
    {"PST", "America/Los_Angeles", "Asia/Manila"},
    {"PT", "America/Los_Angeles", ""},
    {"SAST", "Africa/Johannesburg", ""},
    {"SGT", "Asia/Singapore", ""},
    {"SST", "Pacific/Pago_Pago", ""},
    {"WAT", "Africa/Lagos", ""},
    {"WEST", "Europe/Lisbon", ""},
    {"WIB", "Asia/Jakarta", ""},
    {"Z", "UTC", ""},
};

// Abbreviations that tzdata has as zones without summer time, although most of their users have it.
struct fixed_zone {
  std::string_view name, zone, offset;
};
constexpr fixed_zone fixed_zones[] = {
    {"EST", "America/New_York", "-05:00"},
    {"MST", "America/Denver", "-07:00"},
    {"HST", "Pacific/Honolulu", "-10:00"},
};

template <class Table>
const auto* find_name(const Table& table, std::string_view name) noexcept {
  const auto* const found = std::ranges::find_if(table, [name](const auto& one) { return core::equal_ignoring_case(one.name, name); });
  return found == std::end(table) ? nullptr : found;
}

// `+01:00` for `+1`, `+01`, `+0100` and `+1:00`; nullopt for any other text.
std::optional<std::string> read_offset(std::string_view text) {
  if (text.empty() || (text.front() != '+' && text.front() != '-')) return std::nullopt;
  const char sign = text.front();
  text.remove_prefix(1);
  if (text.empty() || text.size() > 5 || !std::ranges::all_of(text, [](char c) { return core::ascii_digit(c) || c == ':'; }))
    return std::nullopt;
  const auto colon = text.find(':');
  const std::size_t hour_digits = colon != std::string_view::npos ? colon : text.size() > 2 ? text.size() - 2 : text.size();
  const std::string_view minutes = colon != std::string_view::npos ? text.substr(colon + 1) : text.substr(hour_digits);
  unsigned h = 0, m = 0;
  const auto read = [](std::string_view digits, unsigned& to) {
    return std::from_chars(digits.data(), digits.data() + digits.size(), to).ptr == digits.data() + digits.size();
  };
  if (!read(text.substr(0, hour_digits), h) || !read(minutes.empty() ? "0" : minutes, m) || h > 14 || m > 59) return std::nullopt;
  return fmt::format("{}{:02}:{:02}", sign, h, m);
}

std::string_view city_of(std::string_view zone) noexcept {
  return zone.substr(zone.rfind('/') + 1);
}

// Of the zones with this city, the one that CLDR assigns to a Windows zone, else the one with the shortest name.
std::optional<std::string> zone_of_city(std::string_view folded, std::span<const std::string_view> known) {
  std::optional<std::string_view> best;
  const auto in_windows = [](std::string_view zone) {
    return std::ranges::find(windows_zones(), zone, &windows_zone::iana) != windows_zones().end();
  };
  for (const std::string_view zone : known) {
    if (core::fold_name(city_of(zone)) != folded) continue;
    if (!best || (in_windows(zone) && !in_windows(*best)) || (in_windows(zone) == in_windows(*best) && zone.size() < best->size()))
      best = zone;
  }
  return best ? std::optional(std::string(*best)) : std::nullopt;
}

// `W. Europe Standard Time` for its name in summer and for `W. Europe Time`: Windows names a zone by its standard time all year.
std::optional<std::string> windows_zone_of_season(std::string_view zone) {
  for (const std::string_view end : {" Daylight Time", " Summer Time", " Time"}) {
    if (zone.size() <= end.size() || !core::equal_ignoring_case(zone.substr(zone.size() - end.size()), end)) continue;
    const std::string name = std::string(zone.substr(0, zone.size() - end.size())) + " Standard Time";
    const auto found =
        std::ranges::find_if(windows_zones(), [&](const windows_zone& w) { return core::equal_ignoring_case(w.name, name); });
    if (found != windows_zones().end()) return std::string(found->name);
  }
  return std::nullopt;
}

}  // namespace

bool lacks_summer_time(std::string_view zone) noexcept {
  return find_name(fixed_zones, zone) != nullptr;
}

std::optional<std::string> why_no_zone(std::string_view zone) {
  zone = core::trim(zone);
  if (const auto* const fixed = find_name(fixed_zones, zone)) {
    return fmt::format("is {} all year, without summer time; write {}, or end the times with {}", fixed->offset, fixed->zone,
                       fixed->offset);
  }
  if (const auto* const found = find_name(abbreviations, zone)) {
    if (found->others.empty()) return fmt::format("is an abbreviation and no time zone; write {}", found->zone);
    return fmt::format("is an abbreviation of several time zones; write the one that is meant: {}, {}", found->zone, found->others);
  }
  const bool prefixed =
      zone.size() > 3 && (core::equal_ignoring_case(zone.substr(0, 3), "UTC") || core::equal_ignoring_case(zone.substr(0, 3), "GMT"));
  const auto offset = read_offset(core::trim(prefixed ? zone.substr(3) : zone));
  if (!offset) return std::nullopt;
  return fmt::format("is an offset and no time zone; write an IANA name such as Europe/Berlin, or end the times with {}", *offset);
}

std::optional<std::string> inverted_sign(std::string_view zone) {
  constexpr std::string_view area = "Etc/GMT";
  if (zone.size() <= area.size() || !core::equal_ignoring_case(zone.substr(0, area.size()), area)) return std::nullopt;
  const auto written = read_offset(zone.substr(area.size()));
  if (!written || written->substr(1) == "00:00") return std::nullopt;
  return fmt::format("{} is UTC{}{}, without summer time: these names have the opposite of the usual sign", zone,
                     written->front() == '+' ? '-' : '+', written->substr(1));
}

std::optional<std::string> nearest_zone(std::string_view zone, std::span<const std::string_view> known) {
  const std::string folded = core::fold_name(zone);
  if (folded.empty()) return std::nullopt;
  const auto same = std::ranges::find_if(known, [&](std::string_view one) { return core::fold_name(one) == folded; });
  if (same != known.end()) return std::string(*same);
  if (auto found = zone_of_city(folded, known)) return found;
  if (auto found = windows_zone_of_season(zone)) return found;

  std::vector<std::string_view> names(known.begin(), known.end());
  for (const windows_zone& w : windows_zones()) names.push_back(w.name);
  if (const auto near = core::nearest(zone, names)) return std::string(*near);
  names.clear();
  for (const std::string_view one : known) names.push_back(city_of(one));
  if (const auto near = core::nearest(zone, names)) return zone_of_city(core::fold_name(*near), known);
  // The names that Outlook shows in other languages differ in a few letters.
  names.clear();
  for (const windows_zone& w : windows_zones()) names.push_back(w.shown);
  const auto near = core::nearest(zone, names);
  const auto found = near ? std::ranges::find(windows_zones(), *near, &windows_zone::shown) : windows_zones().end();
  return found == windows_zones().end() ? std::nullopt : std::optional(std::string(found->iana));
}

}  // namespace convoke::files
