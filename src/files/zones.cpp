#include "files/zones.hpp"

#include <date/tz.h>

#include <algorithm>
#include <array>
#include <exception>
#include <fstream>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <convoke/key.hpp>

#include "core/text.hpp"
#include "files/zone_advice.hpp"
#include "files/zone_names.hpp"

namespace convoke::files {

namespace {

using std::chrono::hours;
using std::chrono::local_seconds;
using std::chrono::seconds;
using std::chrono::sys_seconds;

// Compiled tzdata lists the changes of a zone with daylight saving time up to 2037, and the library does not read the rule for the years
// after them.
const sys_seconds end_of_lists = std::chrono::sys_days{std::chrono::year{2037} / 1 / 1};

// A span of local time in which the zone has one offset, and no change of it is near.
struct stable_span {
  local_seconds begin{}, end{};
  seconds offset{};
};

local_seconds shift(sys_seconds t, seconds offset) {
  return local_seconds{t.time_since_epoch() + offset};
}

class zone_cache {
 public:
  explicit zone_cache(const date::time_zone* zone) noexcept : zone_(zone) {}

  spec::local_lookup to_utc(local_seconds local);
  std::optional<local_seconds> to_local(sys_seconds instant);

 private:
  [[nodiscard]] const stable_span* find(local_seconds local) const noexcept;
  void remember(const date::sys_info& info);
  // True where `info` is the time after the last listed change of a zone that changes every year.
  [[nodiscard]] static bool beyond(const date::sys_info& info) noexcept;

  const date::time_zone* zone_;
  // The spans that were looked up last; the oldest is overwritten. Eight are four years of summer and winter time.
  std::array<stable_span, 8> spans_{};
  std::size_t next_ = 0;
};

const stable_span* zone_cache::find(local_seconds local) const noexcept {
  const auto found = std::ranges::find_if(spans_, [local](const stable_span& c) { return local >= c.begin && local < c.end; });
  return found == spans_.end() ? nullptr : &*found;
}

bool zone_cache::beyond(const date::sys_info& info) noexcept {
  // Where the library does not know the end of a span, it has one tens of thousands of years ahead.
  constexpr sys_seconds never = std::chrono::sys_days{std::chrono::year{20000} / 1 / 1};
  return info.end > never && info.begin >= end_of_lists;
}

void zone_cache::remember(const date::sys_info& info) {
  // No two offsets of a zone differ by more than 26 hours, so a local time that far inside the span is unique.
  constexpr hours margin{26};
  constexpr sys_seconds first = std::chrono::sys_days{std::chrono::year{-10} / 1 / 1};
  constexpr sys_seconds last = std::chrono::sys_days{std::chrono::year{10010} / 1 / 1};
  const auto begin = shift(std::max(first, info.begin), info.offset) + margin;
  const auto end = shift(std::min(last, info.end), info.offset) - margin;
  if (begin >= end) return;
  spans_[next_] = {begin, end, info.offset};
  next_ = (next_ + 1) % spans_.size();
}

spec::local_lookup zone_cache::to_utc(local_seconds local) {
  using kind = spec::local_lookup::kind;
  if (const stable_span* const c = find(local)) {
    const sys_seconds t{local.time_since_epoch() - c->offset};
    return {kind::unique, t, t};
  }
  const date::local_info found = zone_->get_info(date::local_seconds{local.time_since_epoch()});
  if (beyond(found.result == date::local_info::unique ? found.first : found.second)) return {kind::beyond_data};
  const sys_seconds first{local.time_since_epoch() - found.first.offset};
  switch (found.result) {
    case date::local_info::unique:
      remember(found.first);
      return {kind::unique, first, first};
    case date::local_info::ambiguous:
      return {kind::overlap, first, sys_seconds{local.time_since_epoch() - found.second.offset}};
    default:
      return {kind::gap};
  }
}

std::optional<local_seconds> zone_cache::to_local(sys_seconds instant) {
  const auto near = std::ranges::find_if(spans_, [instant](const stable_span& c) {
    const auto local = shift(instant, c.offset);
    return local >= c.begin && local < c.end;
  });
  if (near != spans_.end()) return shift(instant, near->offset);
  const date::sys_info info = zone_->get_info(instant);
  if (beyond(info)) return std::nullopt;
  remember(info);
  return shift(instant, info.offset);
}

// Names of tzdata's folder that are no zones, or are another one on every machine.
bool is_no_zone(std::string_view name) noexcept {
  return name == "localtime" || name == "posixrules" || name == "Factory" || name.starts_with("right/") || name.starts_with("posix/");
}

class tzdata_zones final : public spec::zone_source {
 public:
  explicit tzdata_zones(const date::tzdb& db);

  spec::local_lookup to_utc(std::string_view zone, local_seconds local) override {
    zone_cache* const cache = find(zone);
    return cache == nullptr ? spec::local_lookup{} : cache->to_utc(local);
  }

  std::optional<local_seconds> to_local(std::string_view zone, sys_seconds instant) override {
    zone_cache* const cache = find(zone);
    return cache == nullptr ? std::nullopt : cache->to_local(instant);
  }

  spec::zone_verdict check_name(std::string_view zone) override;
  std::optional<std::string> nearest(std::string_view zone) override { return nearest_zone(zone, iana_); }

 private:
  using cache_by_name = std::unordered_map<std::string, std::shared_ptr<zone_cache>>;

  void add_windows_zones();
  zone_cache* find(std::string_view zone);

  std::vector<std::string_view> iana_;
  cache_by_name by_name_;   // names in lower case; a Windows name shares its IANA zone
  cache_by_name by_shown_;  // keys of the names that Outlook shows, with and without their offset
  std::string last_name_;
  zone_cache* last_ = nullptr;
  std::string last_unknown_;  // a wrong zone is mostly that of all rows, and the search for similar names is slow
  spec::zone_verdict last_verdict_;
};

tzdata_zones::tzdata_zones(const date::tzdb& db) {
  for (const date::time_zone& z : db.zones) {
    if (is_no_zone(z.name()) || lacks_summer_time(z.name())) continue;
    iana_.push_back(z.name());
    by_name_.emplace(to_lower(z.name()), std::make_shared<zone_cache>(&z));
  }
  add_windows_zones();
}

void tzdata_zones::add_windows_zones() {
  std::unordered_map<std::string, int> uses;  // of shown names without their offset: only where there is one
  for (const windows_zone& w : windows_zones()) ++uses[std::string(without_offset(shown_name_key(w.shown)))];
  for (const windows_zone& w : windows_zones()) {
    const auto known = by_name_.find(to_lower(w.iana));
    if (known == by_name_.end()) continue;
    const std::shared_ptr<zone_cache> shared = known->second;
    by_name_.emplace(to_lower(w.name), shared);
    std::string key = shown_name_key(w.shown);
    std::string rest(without_offset(key));
    if (uses[rest] == 1) by_shown_.emplace(std::move(rest), shared);
    by_shown_.emplace(std::move(key), shared);
  }
}

zone_cache* tzdata_zones::find(std::string_view zone) {
  if (last_ != nullptr && zone == last_name_) return last_;
  auto found = by_name_.find(to_lower(zone));
  if (found == by_name_.end()) {
    found = by_shown_.find(shown_name_key(zone));
    if (found == by_shown_.end()) return nullptr;
  }
  last_ = found->second.get();
  last_name_ = zone;
  return last_;
}

spec::zone_verdict tzdata_zones::check_name(std::string_view zone) {
  using kind = spec::zone_verdict::kind;
  if (find(zone) != nullptr) {
    auto inverted = inverted_sign(zone);
    return inverted ? spec::zone_verdict{kind::inverted_sign, std::move(*inverted)} : spec::zone_verdict{kind::usable, {}};
  }
  if (zone == last_unknown_ && !last_verdict_.reason.empty()) return last_verdict_;
  last_unknown_ = zone;
  if (auto why = why_no_zone(zone)) return last_verdict_ = {kind::refused, std::move(*why)};
  if (const auto near = nearest(zone)) return last_verdict_ = {kind::unknown, "is no known time zone; is '" + *near + "' meant?"};
  return last_verdict_ = zone_source::check_name(zone);
}

// A compiled database without the yearly changes (zic's "slim" format) would give wrong times for every summer in Europe.
bool knows_summer_time(spec::zone_source& zones) {
  const local_seconds july = std::chrono::local_days{std::chrono::year{2026} / 7 / 1};
  const spec::local_lookup berlin = zones.to_utc("Europe/Berlin", july);
  return berlin.what == spec::local_lookup::kind::unique && july.time_since_epoch() - berlin.earlier.time_since_epoch() == hours{2};
}

}  // namespace

result<std::unique_ptr<spec::zone_source>> system_zones() {
  try {
    auto zones = std::make_unique<tzdata_zones>(date::get_tzdb());
    if (!knows_summer_time(*zones)) {
      return fail(errc::usage, "the time zone data of this machine lacks the changes of the next years; install the package tzdata");
    }
    return zones;
  } catch (const std::exception& e) {
    return fail(errc::usage, "this machine has no time zone data (" + core::escape_for_people(e.what()) + "); install the package tzdata");
  }
}

std::string tzdata_version() {
  std::ifstream in("/usr/share/zoneinfo/tzdata.zi");
  std::string line;
  constexpr std::string_view before = "# version ";
  if (!std::getline(in, line) || !line.starts_with(before)) return "unknown";
  return core::escape_for_people(std::string_view(line).substr(before.size()), 20);
}

}  // namespace convoke::files
