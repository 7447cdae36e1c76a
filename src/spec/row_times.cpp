#include "spec/row_times.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "core/civil.hpp"
#include "core/text.hpp"
#include "spec/column_names.hpp"
#include "spec/duration.hpp"
#include "spec/time_shapes.hpp"
#include "spec/written_time.hpp"

namespace convoke::spec {

using namespace std::chrono;

namespace {

constexpr std::array<column_role, 3> start_columns{column_role::start_time, column_role::start, column_role::date};
constexpr std::array<column_role, 3> end_columns{column_role::end_time, column_role::end, column_role::end_date};

// The days on which the calendars of Excel, Access and LibreOffice begin.
bool is_day_nought(local_days day) noexcept {
  return day == local_days{1899y / December / 30} || day == local_days{1899y / December / 31} || day == local_days{1900y / January / 1};
}

time_cell wanted_in(column_role role) noexcept {
  switch (role) {
    case column_role::date:
    case column_role::end_date:
      return time_cell::day;
    case column_role::start_time:
    case column_role::end_time:
      return time_cell::time_of_day;
    default:
      return time_cell::moment;
  }
}

std::string no_time_of_day(bool midnight) {
  return midnight ? "is a date alone, as midnight in a column of dates is no time of day; " : "has no time of day; ";
}

}  // namespace

result<void> row_times::check(const row_settings& settings, zone_source& zones) {
  if (!settings.date_format.empty()) {
    if (auto format = date_format::parse(settings.date_format); !format) return std::unexpected(format.error());
  }
  if (settings.default_zone.empty()) return {};
  const zone_verdict verdict = zones.check_name(settings.default_zone);
  if (verdict.what == zone_kind::usable || verdict.what == zone_kind::inverted_sign) return {};
  return fail(errc::usage, "--time-zone '" + core::escape_for_people(settings.default_zone, 60) + "' " + verdict.reason);
}

row_times::row_times(const row_settings& settings, zone_source& zones) : settings_(settings), zones_(zones) {
  if (!settings.date_format.empty()) {
    if (auto format = date_format::parse(settings.date_format)) format_.emplace(std::move(*format));
  }
  if (!settings.default_zone.empty()) default_is_fixed_ = zones.check_name(settings.default_zone).what == zone_kind::inverted_sign;
}

meeting_times row_times::read(const row_view& row, wall_needs needs) {
  row_ = &row;
  needs_ = needs;
  out_ = {};
  start_offset_.reset();
  start_as_written_.reset();
  read_zone();
  read_start();
  read_duration();
  read_end();
  return out_;
}

std::string row_times::name(column_role role) const {
  const auto at = row_->head().place(role);
  return "'" + (at ? core::escape_for_people(row_->head().names[*at], 60) : std::string()) + "'";
}

// The cells that date and time of day come from.
std::string row_times::cells(const written& w) const {
  const std::string date(row_->cell(w.date_from));
  return w.date_from == w.time_from ? date : date + " " + std::string(row_->cell(w.time_from));
}

// --- zone ---

const zone_verdict& row_times::verdict_of(std::string_view zone) {
  constexpr std::size_t most = 512;  // more than there are names
  std::string name(zone);
  if (const auto known = verdicts_.find(name); known != verdicts_.end()) return known->second;
  if (verdicts_.size() >= most) verdicts_.clear();
  zone_verdict verdict = zones_.check_name(zone);
  return verdicts_.emplace(std::move(name), std::move(verdict)).first->second;
}

void row_times::read_zone() {
  const auto text = row_->cell(column_role::time_zone);
  zone_ok_ = true;
  if (text.empty()) {
    out_.zone = settings_.default_zone;
    out_.fixed_offset_zone = default_is_fixed_;
    return;
  }
  if (text != last_zone_) {
    const zone_verdict& verdict = verdict_of(text);
    zone_ok_ = verdict.what == zone_kind::usable || verdict.what == zone_kind::inverted_sign;
    if (!zone_ok_) return row_->wrong(column_role::time_zone, text, verdict.reason);
    last_zone_ = text;
    last_is_fixed_ = verdict.what == zone_kind::inverted_sign;
  }
  out_.zone = text;
  out_.fixed_offset_zone = last_is_fixed_;
}

std::optional<local_seconds> row_times::wall_of(sys_seconds t) const {
  if (!out_.zone.empty()) return zones_.to_local(out_.zone, t);
  if (!out_.start || !start_as_written_) return std::nullopt;
  return *start_as_written_ + (t - *out_.start);
}

// --- what the cells say ---

row_times::written row_times::join(const std::array<column_role, 3>& columns) const {
  written out;
  for (const column_role role : columns) {
    const auto text = row_->cell(role);
    if (text.empty()) continue;
    out.any = true;
    add(out, role, text);
  }
  return out;
}

void row_times::add(written& to, column_role role, std::string_view text) const {
  const time_cell wanted = wanted_in(role);
  const auto refuse = [&](std::string why) {
    to.wrong = true;
    row_->wrong(role, text, std::move(why));
  };
  auto read = read_written_time(text, wanted, format());
  if (!read) return refuse(std::move(read.error()));
  const auto with_form = [wanted](std::string_view why) { return std::string(why) + std::string(how_to_write(wanted)); };
  if (wanted == time_cell::day && !read->date) return refuse(with_form("is a time of day, where a date is expected; "));
  if (wanted == time_cell::time_of_day && !read->time) return refuse(with_form("is a date, where a time of day is expected; "));
  // Access, and spreadsheets in some exports, write a time of day as one of the day on which their calendar begins.
  if (wanted == time_cell::time_of_day && read->date && is_day_nought(*read->date)) read->date.reset();
  const bool midnight = read->time == seconds{0} && !read->offset;
  if (wanted == time_cell::day && midnight) {
    read->time.reset();
    to.midnight = true;
  }
  if (read->date) {
    if (to.when.date && *to.when.date != *read->date)
      return refuse("names another day than column " + name(to.date_from) + "; correct one of the two, or leave it empty");
    if (!to.when.date) to.date_from = role;
    to.when.date = read->date;
  }
  if (!read->time) return;
  if (to.when.time && (*to.when.time != *read->time || to.when.offset != read->offset))
    return refuse("names another time of day than column " + name(to.time_from) + "; correct one of the two, or leave it empty");
  if (!to.when.time) to.time_from = role;
  to.when.time = read->time;
  to.when.offset = read->offset;
}

// --- start ---

void row_times::read_start() {
  const written w = join(start_columns);
  if (w.wrong) return;
  if (!w.when.date || !w.when.time) return refuse_part_of_start(w);
  const local_seconds local = *w.when.date + *w.when.time;
  // An unknown zone has been reported; a time with an offset can still be checked.
  const time_rules rules{zone_ok_ ? out_.zone : "UTC", settings_.overlap, zone_ok_ && needs_.start};
  const auto start = resolve_time(local, w.when.offset, rules, zones_);
  if (!start) return row_->wrong(w.time_from, cells(w), start.error());
  out_.start = start->instant;
  out_.walls.start = start->wall;
  start_offset_ = w.when.offset;
  start_as_written_ = local;
  out_.rules = {out_.zone, out_.zone.empty() ? w.when.offset : std::nullopt, settings_.overlap};
}

void row_times::refuse_part_of_start(const written& w) const {
  if (!w.any) {
    const column_role role = has(column_role::start)  ? column_role::start
                             : has(column_role::date) ? column_role::date
                                                      : column_role::start_time;
    return row_->wrong(role, "", "a start is required");
  }
  const column_role from = w.when.date ? w.date_from : w.time_from;
  const column_role other = w.when.date ? column_role::start_time : column_role::date;
  std::string why = w.when.date ? no_time_of_day(w.midnight) : "has no date; ";
  if (has(other))
    why += "fill column " + name(other);
  else if (wanted_in(from) == time_cell::moment)
    why += std::string(how_to_write(time_cell::moment));
  else
    why += w.when.date ? "add a column start_time, or write it as 2026-09-01 08:00" : "add a column date, or write it as 2026-09-01 08:00";
  row_->wrong(from, row_->cell(from), std::move(why));
}

// --- end ---

bool row_times::duration_counts_hours() {
  if (!counts_hours_) counts_hours_ = counts_hours(row_->head().names[*row_->head().place(column_role::duration)]);
  return *counts_hours_;
}

void row_times::read_duration() {
  length_ = hours{1};
  const auto text = row_->cell(column_role::duration);
  if (text.empty()) return;
  length_ = parse_duration(text);
  if (!length_) return row_->wrong(column_role::duration, text, why_no_duration(text));
  if (core::ascii_digit(text.back()) && duration_counts_hours() && std::ranges::all_of(text, core::ascii_digit)) {
    length_.reset();
    return row_->wrong(column_role::duration, text,
                       "is read as minutes, but the column's name says hours; write '" + std::string(text) + " h', or minutes with 'min'");
  }
  if (*length_ > seconds{0}) return;
  length_.reset();
  row_->wrong(column_role::duration, text, "a meeting must last longer than nothing");
}

void row_times::read_end() {
  written w = join(end_columns);
  if (w.wrong) return;
  if (!w.any) return take_default_end();
  if (w.when.time) return end_with_time(w);
  end_without_time(w);
}

// The end by the duration, which is one hour where there is none.
void row_times::take_default_end() {
  if (!out_.start || !length_) return;
  const sys_seconds end = *out_.start + *length_;
  const auto refuse = [this](std::string why) {
    const column_role role = has(column_role::start)  ? column_role::start
                             : has(column_role::date) ? column_role::date
                                                      : column_role::start_time;
    row_->wrong(role, row_->cell(role), std::move(why));
  };
  if (end > core::last_second) return refuse("the meeting would end after the year 9999");
  if (needs_.end && zone_ok_) {
    out_.walls.end = wall_of(end);
    if (!out_.walls.end) return refuse("the end " + beyond_zone_data(out_.zone));
  }
  out_.end = end;
  out_.wall_length = length_;
}

// A date alone agrees with the end by a duration, or is half of an end.
void row_times::end_without_time(const written& w) {
  const auto refuse = [&](std::string why) { row_->wrong(w.date_from, row_->cell(w.date_from), std::move(why)); };
  if (row_->cell(column_role::duration).empty()) {
    if (has(column_role::end_time)) return refuse(no_time_of_day(w.midnight) + "fill column " + name(column_role::end_time));
    return refuse(no_time_of_day(w.midnight) + "add a column end_time or a duration, or write it as 2026-09-01 08:00");
  }
  take_default_end();
  if (!out_.end || !zone_ok_) return;
  const auto wall = wall_of(*out_.end);
  if (!wall || floor<days>(*wall) == *w.when.date) return;
  out_.end.reset();
  refuse("is not the day on which the meeting ends by column " + name(column_role::duration) + "; give one of the two");
}

// The start in the local time of the end; nullopt, and it is reported, where that is not known.
std::optional<local_seconds> row_times::reference_for_end(const written& w) {
  const auto text = row_->cell(w.time_from);
  if (w.when.offset) return local_seconds{out_.start->time_since_epoch()} + *w.when.offset;
  if (out_.zone.empty() || !start_offset_) return start_as_written_;
  const auto wall = wall_of(*out_.start);
  if (!wall) {
    row_->wrong(w.time_from, text, beyond_zone_data(out_.zone));
  } else if (*wall != *start_as_written_) {
    row_->wrong(w.time_from, text,
                "is ambiguous: the offset of the start is not that of " + core::escape_for_people(out_.zone, 60) +
                    "; add an offset to it, such as that of the start");
    return std::nullopt;
  }
  return wall;
}

void row_times::end_with_time(written& w) {
  const bool time_alone = !w.when.date;
  const auto refuse = [&](std::string why) {
    row_->wrong(w.time_from, time_alone ? std::string(row_->cell(w.time_from)) : cells(w), std::move(why));
  };
  std::optional<minutes> offset = w.when.offset;
  if (time_alone) {
    if (!out_.start || (!zone_ok_ && !w.when.offset)) return;
    const auto start = reference_for_end(w);
    if (!start) return;
    const auto day = floor<days>(*start);
    w.when.date = *start - day > *w.when.time ? day + days{1} : day;
    if (!offset && out_.zone.empty()) offset = start_offset_;
  }
  const time_rules rules{zone_ok_ ? out_.zone : "UTC", settings_.overlap, zone_ok_ && needs_.end};
  const auto end = resolve_time(*w.when.date + *w.when.time, offset, rules, zones_);
  if (!end) return refuse(end.error());
  out_.walls.end = end->wall;
  if (!out_.start || !zone_ok_) return;
  if (end->instant <= *out_.start) return refuse("the end must be after the start");
  const auto duration = row_->cell(column_role::duration);
  if (!duration.empty() && length_ && *out_.start + *length_ != end->instant)
    return row_->wrong(column_role::duration, duration, "does not agree with the end; give one of the two");
  out_.end = end->instant;
  const bool real_time = out_.zone.empty() || !out_.walls.start;
  out_.wall_length = real_time ? end->instant - *out_.start : end->wall - *out_.walls.start;
}

}  // namespace convoke::spec
