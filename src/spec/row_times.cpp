#include "spec/row_times.hpp"

#include "core/civil.hpp"
#include "spec/duration.hpp"
#include "spec/times.hpp"

namespace convoke::spec {

using namespace std::chrono;

meeting_times row_times::read(const row_view& row, wall_needs needs) {
  row_ = &row;
  needs_ = needs;
  out_ = {};
  read_zone();
  read_start();
  read_end();
  return out_;
}

void row_times::read_zone() {
  const auto text = row_->cell(column_role::time_zone);
  zone_ok_ = true;
  if (text.empty()) {
    out_.zone = settings_.default_zone;
    return;
  }
  if (text != known_zone_) {
    zone_ok_ = zones_.to_local(text, sys_seconds{}).has_value();
    if (!zone_ok_) {
      return row_->wrong(
          column_role::time_zone, text,
          "is no known time zone; give an IANA name such as Europe/Berlin or a Windows name such as W. Europe Standard Time");
    }
    known_zone_ = text;
  }
  out_.zone = text;
}

void row_times::read_start() {
  const auto text = row_->cell(column_role::start);
  if (text.empty()) return row_->wrong(column_role::start, text, "a start is required");
  // An unknown zone has been reported; a time with an offset can still be checked.
  const time_rules rules{zone_ok_ ? out_.zone : "UTC", settings_.overlap, zone_ok_ && needs_.start};
  const auto start = resolve_time(text, rules, zones_);
  if (!start) return row_->wrong(column_role::start, text, start.error());
  out_.start = start->instant;
  out_.walls.start = start->wall;
  out_.rules = {out_.zone, out_.zone.empty() ? start->offset : std::nullopt, settings_.overlap};
}

void row_times::read_end() {
  const auto by_duration = end_by_duration();
  const auto text = row_->cell(column_role::end);
  if (text.empty()) {
    if (!by_duration) return;
    if (*by_duration > core::last_second)
      return row_->wrong(column_role::start, row_->cell(column_role::start), "the meeting would end after the year 9999");
    out_.end = *by_duration;
    if (needs_.end && out_.walls.start) out_.walls.end = *out_.walls.start + (*by_duration - *out_.start);
    out_.wall_length = *by_duration - *out_.start;
    return;
  }
  const time_rules rules{zone_ok_ ? out_.zone : "UTC", settings_.overlap, zone_ok_ && needs_.end};
  const auto end = resolve_time(text, rules, zones_);
  if (!end) return row_->wrong(column_role::end, text, end.error());
  out_.walls.end = end->wall;
  if (!out_.start || !zone_ok_) return;
  if (end->instant <= *out_.start) return row_->wrong(column_role::end, text, "the end must be after the start");
  const auto duration = row_->cell(column_role::duration);
  if (!duration.empty() && by_duration && *by_duration != end->instant)
    return row_->wrong(column_role::duration, duration, "does not agree with the end; give one of the two");
  out_.end = end->instant;
  if (out_.zone.empty() || !out_.walls.start)
    out_.wall_length = end->instant - *out_.start;
  else
    out_.wall_length = end->wall - *out_.walls.start;
}

// The end by the duration cell, else by the default; nullopt where the start is not known, or the cell is wrong, which is reported.
std::optional<sys_seconds> row_times::end_by_duration() {
  const auto text = row_->cell(column_role::duration);
  seconds length = hours{1};
  if (!text.empty()) {
    const auto read = parse_duration(text);
    if (!read) {
      row_->wrong(column_role::duration, text, "is no duration; write minutes (90), hours and minutes (1h30m) or ISO 8601 (PT1H30M)");
      return std::nullopt;
    }
    if (*read <= seconds{0}) {
      row_->wrong(column_role::duration, text, "a meeting must last longer than nothing");
      return std::nullopt;
    }
    length = *read;
  }
  return out_.start ? std::optional(*out_.start + length) : std::nullopt;
}

}  // namespace convoke::spec
