#include <algorithm>
#include <utility>

#include <convoke/key.hpp>

#include "core/civil.hpp"
#include "core/text.hpp"
#include "spec/attendees.hpp"
#include "spec/duration.hpp"
#include "spec/header.hpp"
#include "spec/rows.hpp"
#include "spec/template.hpp"
#include "spec/times.hpp"

namespace convoke::spec {

namespace {

using namespace std::chrono;

utc_time instant(sys_seconds t) {
  return utc_time{t};
}

}  // namespace

struct row_builder::impl {
  impl(header columns, row_settings s, zone_source& z) : head(std::move(columns)), settings(std::move(s)), zones(z) {}

  void build(std::span<const std::string_view> fields, built_row& out);

  [[nodiscard]] std::string_view cell(column_role role) const {
    const auto at = head.place(role);
    return at ? row[*at] : std::string_view{};
  }
  void wrong(column_role role, std::string_view value, std::string reason);
  void wrong_column(std::size_t column, std::string_view value, std::string reason);

  bool whole_row();
  void read_organizer();
  void read_lane();
  void refuse_later_parts();
  void read_zone();
  void read_times();
  void read_end(sys_seconds start);
  std::optional<sys_seconds> end_by_duration(sys_seconds start);
  void read_external_id();
  void read_attendees();

  header head;
  row_settings settings;
  zone_source& zones;
  std::optional<id_template> make_id;

  // Of the row being built:
  std::span<const std::string_view> row;
  built_row* out = nullptr;
  std::string_view zone;
  bool zone_ok = true;
  id_template::wall_times walls;
  std::vector<attendee_fault> attendee_faults;
  // The last zone that was looked up and is known: the rows of one file mostly share it.
  std::string known_zone;
};

void row_builder::impl::wrong_column(std::size_t column, std::string_view value, std::string reason) {
  out->errors.push_back({head.names[column], core::escape_for_people(value, 60), std::move(reason)});
}

void row_builder::impl::wrong(column_role role, std::string_view value, std::string reason) {
  if (const auto at = head.place(role)) {
    wrong_column(*at, value, std::move(reason));
  } else {
    out->errors.push_back({"", core::escape_for_people(value, 60), std::move(reason)});
  }
}

void row_builder::impl::build(std::span<const std::string_view> fields, built_row& to) {
  row = fields;
  out = &to;
  to.lane = 0;
  to.errors.clear();
  to.wanted.organizer.clear();
  to.wanted.external_id.clear();
  walls = {};
  if (!whole_row()) return;
  read_organizer();
  if (const std::string_view subject = cell(column_role::subject); subject.empty()) {
    to.wanted.subject.reset();
  } else if (to.wanted.subject) {
    to.wanted.subject->assign(subject);
  } else {
    to.wanted.subject.emplace(subject);
  }
  read_zone();
  read_times();
  read_external_id();
  read_attendees();
  read_lane();
  refuse_later_parts();
}

bool row_builder::impl::whole_row() {
  if (row.size() == head.names.size()) {
    if (std::ranges::any_of(row, [](std::string_view f) { return !core::trim(f).empty(); })) return true;
    out->errors.push_back({"", "", "every cell is empty; delete the row"});
    return false;
  }
  std::string reason = "the row has " + std::to_string(row.size()) + (row.size() == 1 ? " field" : " fields") + ", the header " +
                       std::to_string(head.names.size());
  reason += row.size() > head.names.size() ? "; a field that holds the delimiter must be quoted" : "; add what is missing";
  out->errors.push_back({"", "", std::move(reason)});
  return false;
}

void row_builder::impl::read_organizer() {
  const std::string_view text = core::trim(cell(column_role::organizer));
  if (auto id = parse_guid(text)) {
    out->wanted.organizer = std::move(*id);
  } else if (text.empty()) {
    wrong(column_role::organizer, text, "an organizer is required: give the Entra object id");
  } else if (text.contains('@')) {
    wrong(column_role::organizer, text, "a UPN as organizer is not supported yet; give the Entra object id");
  } else {
    wrong(column_role::organizer, text, "is no Entra object id (xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx, hexadecimal)");
  }
}

void row_builder::impl::read_lane() {
  const std::string_view text = core::trim(cell(column_role::tenant));
  const auto& names = settings.tenants;
  if (text.empty()) {
    if (names.size() > 1) wrong(column_role::tenant, text, "a tenant is required, as there are several");
    return;
  }
  if (names.empty()) {
    return wrong(column_role::tenant, text, "several tenants in one input are not built yet; empty the cell and run each tenant by itself");
  }
  const auto found = std::ranges::find(names, text);
  if (found != names.end()) {
    out->lane = static_cast<std::uint16_t>(found - names.begin());
    return;
  }
  const std::vector<std::string_view> candidates(names.begin(), names.end());
  const auto near = core::nearest(text, candidates);
  wrong(column_role::tenant, text,
        "is no tenant of the configuration" + (near ? "; is '" + std::string(*near) + "' meant?" : std::string()));
}

void row_builder::impl::refuse_later_parts() {
  if (const auto text = core::trim(cell(column_role::chat_thread_id)); !text.empty()) {
    wrong(column_role::chat_thread_id, text, "channel meetings are not built yet; empty the cell");
  }
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (head.roles[i] != column_role::option) continue;
    if (const auto text = core::trim(row[i]); !text.empty()) wrong_column(i, text, "meeting options are not built yet; empty the cell");
  }
}

void row_builder::impl::read_zone() {
  zone = core::trim(cell(column_role::time_zone));
  zone_ok = true;
  if (zone.empty()) {
    zone = settings.default_zone;  // known since create()
    return;
  }
  if (zone == known_zone) return;
  zone_ok = zones.to_local(zone, sys_seconds{}).has_value();
  if (zone_ok) {
    known_zone = zone;
    return;
  }
  wrong(column_role::time_zone, zone,
        "is no known time zone; give an IANA name such as Europe/Berlin or a Windows name such as W. Europe Standard Time");
}

void row_builder::impl::read_times() {
  const std::string_view text = core::trim(cell(column_role::start));
  if (text.empty()) {
    wrong(column_role::start, text, "a start is required");
    return read_end(sys_seconds::max());
  }
  // The zone's cell is reported; a time with an offset can still be checked.
  const time_rules rules{zone_ok ? zone : "UTC", settings.overlap, zone_ok && make_id && make_id->uses(column_role::start)};
  const auto start = resolve_time(text, rules, zones);
  if (!start) {
    wrong(column_role::start, text, start.error());
    return read_end(sys_seconds::max());
  }
  out->wanted.start = instant(start->instant);
  walls.start = start->wall;
  read_end(start->instant);
}

// `start`: sys_seconds::max() where it is not known.
void row_builder::impl::read_end(sys_seconds start) {
  const bool know_start = start != sys_seconds::max();
  const auto by_duration = end_by_duration(start);
  const std::string_view text = core::trim(cell(column_role::end));
  if (text.empty()) {
    if (!know_start || !by_duration) return;
    if (*by_duration > core::last_second)
      return wrong(column_role::start, cell(column_role::start), "the meeting would end after the year 9999");
    out->wanted.end = instant(*by_duration);
    if (make_id && make_id->uses(column_role::end) && walls.start) walls.end = *walls.start + (*by_duration - start);
    return;
  }
  const time_rules rules{zone_ok ? zone : "UTC", settings.overlap, zone_ok && make_id && make_id->uses(column_role::end)};
  const auto end = resolve_time(text, rules, zones);
  if (!end) return wrong(column_role::end, text, end.error());
  walls.end = end->wall;
  if (!know_start || !zone_ok) return;
  if (end->instant <= start) return wrong(column_role::end, text, "the end must be after the start");
  const bool both = !core::trim(cell(column_role::duration)).empty();
  if (both && by_duration && *by_duration != end->instant) {
    return wrong(column_role::duration, cell(column_role::duration), "does not agree with the end; give one of the two");
  }
  out->wanted.end = instant(end->instant);
}

// The end by the duration cell, else by the default; nullopt where the cell is wrong, which is reported.
std::optional<sys_seconds> row_builder::impl::end_by_duration(sys_seconds start) {
  const std::string_view text = core::trim(cell(column_role::duration));
  seconds length = hours{1};
  if (!text.empty()) {
    const auto read = parse_duration(text);
    if (!read) {
      wrong(column_role::duration, text, "is no duration; write minutes (90), hours and minutes (1h30m) or ISO 8601 (PT1H30M)");
      return std::nullopt;
    }
    if (*read <= seconds{0}) {
      wrong(column_role::duration, text, "a meeting must last longer than nothing");
      return std::nullopt;
    }
    length = *read;
  }
  return start == sys_seconds::max() ? start : start + length;
}

void row_builder::impl::read_external_id() {
  const std::string_view text = core::trim(cell(column_role::external_id));
  std::string& id = out->wanted.external_id;
  if (!text.empty() || !make_id) {
    if (text.empty()) return wrong(column_role::external_id, text, "an external id is required");
    if (!valid_external_id(text))
      return wrong(column_role::external_id, text, "must be 1 to 128 characters of visible ASCII, without blanks");
    id.assign(text);
    return;
  }
  if (const auto empty = make_id->expand(row, walls, id)) {
    id.clear();
    // A wrong time has been reported already.
    if (core::trim(row[*empty]).empty()) wrong_column(*empty, "", "is empty, but the external-id template needs it");
    return;
  }
  if (valid_external_id(id)) return;
  const std::string made = std::exchange(id, {});
  wrong(column_role::external_id, made,
        "the external id that the template makes must be 1 to 128 characters of visible ASCII, without blanks");
}

void row_builder::impl::read_attendees() {
  const std::string_view text = cell(column_role::attendees);
  if (text.empty()) return out->wanted.attendees.clear();
  attendee_faults.clear();
  parse_attendees(text, out->wanted.attendees, attendee_faults);
  for (attendee_fault& f : attendee_faults) wrong(column_role::attendees, f.value, std::move(f.reason));
}

row_builder::row_builder(std::unique_ptr<impl> made) noexcept : impl_(std::move(made)) {}
row_builder::row_builder(row_builder&&) noexcept = default;
row_builder& row_builder::operator=(row_builder&&) noexcept = default;
row_builder::~row_builder() = default;

result<row_builder> row_builder::create(std::span<const std::string_view> fields, const row_settings& settings, zone_source& zones) {
  auto head = read_header(fields, settings.external_id_template.empty());
  if (!head) return std::unexpected(head.error());
  if (settings.tenants.size() > 1 && !head->place(column_role::tenant)) {
    return fail(errc::input, "there are several tenants, but the header has no column 'tenant'");
  }
  if (!settings.default_zone.empty() && !zones.to_local(settings.default_zone, sys_seconds{})) {
    return fail(errc::usage,
                "--time-zone '" + core::escape_for_people(settings.default_zone, 60) +
                    "' is no known time zone; give an IANA name such as Europe/Berlin or a Windows name such as W. Europe Standard Time");
  }
  auto made = std::make_unique<impl>(std::move(*head), settings, zones);
  if (!settings.external_id_template.empty()) {
    auto parsed = id_template::parse(settings.external_id_template, made->head);
    if (!parsed) return std::unexpected(parsed.error());
    made->make_id.emplace(std::move(*parsed));
  }
  return row_builder(std::move(made));
}

void row_builder::build(std::span<const std::string_view> fields, built_row& out) {
  impl_->build(fields, out);
}
std::size_t row_builder::columns() const noexcept {
  return impl_->head.names.size();
}
const std::vector<std::size_t>& row_builder::carried() const noexcept {
  return impl_->head.carried;
}
std::optional<std::size_t> row_builder::find(std::string_view name) const {
  return impl_->head.find(name);
}

}  // namespace convoke::spec
