#include "spec/template.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "core/text.hpp"

namespace convoke::spec {

namespace {

using namespace std::chrono;

constexpr std::string_view specifiers = "YymdjHMSFVGu%";

void put(std::string& out, std::int64_t value, int digits) {
  std::string text(static_cast<std::size_t>(digits), '0');
  for (int i = digits - 1; i >= 0; --i, value /= 10) text[static_cast<std::size_t>(i)] = static_cast<char>('0' + value % 10);
  out += text;
}

struct iso_week {
  std::int64_t year;
  std::int64_t week;
};

// The week of a day is the one with the Thursday of that week (ISO 8601).
iso_week week_of(local_days day) {
  const local_days thursday = day - days{weekday{day}.iso_encoding()} + days{4};
  const year y = year_month_day{thursday}.year();
  return {static_cast<int>(y), (thursday - local_days{y / January / 1}).count() / 7 + 1};
}

// Appends what strftime writes for one conversion, for the years 0000 to 9999.
void append_part(std::string& out, char specifier, local_seconds at) {
  const auto day = floor<days>(at);
  const year_month_day date{day};
  const hh_mm_ss time{at - day};
  const std::int64_t y = std::max(0, static_cast<int>(date.year()));
  switch (specifier) {
    case 'Y':
      return put(out, y, 4);
    case 'y':
      return put(out, y % 100, 2);
    case 'm':
      return put(out, unsigned{date.month()}, 2);
    case 'd':
      return put(out, unsigned{date.day()}, 2);
    case 'F':
      put(out, y, 4);
      out += '-';
      put(out, unsigned{date.month()}, 2);
      out += '-';
      return put(out, unsigned{date.day()}, 2);
    case 'j':
      return put(out, (day - local_days{date.year() / January / 1}).count() + 1, 3);
    case 'H':
      return put(out, time.hours().count(), 2);
    case 'M':
      return put(out, time.minutes().count(), 2);
    case 'S':
      return put(out, time.seconds().count(), 2);
    case 'G':
      return put(out, std::max<std::int64_t>(0, week_of(day).year), 4);
    case 'V':
      return put(out, week_of(day).week, 2);
    case 'u':
      return put(out, weekday{day}.iso_encoding(), 1);
    default:
      out += specifier;
  }
}

void append_time(std::string& out, std::string_view format, local_seconds at) {
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%') {
      out += format[i];
    } else {
      append_part(out, format[++i], at);
    }
  }
}

bool valid_format(std::string_view format) noexcept {
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%') continue;
    if (++i == format.size() || !specifiers.contains(format[i])) return false;
  }
  return true;
}

// start or end, where a part of the template may be a time: the input may have both in other columns than `start` and `end`.
std::optional<column_role> time_of(column_role role) noexcept {
  switch (role) {
    case column_role::start:
    case column_role::date:
    case column_role::start_time:
      return column_role::start;
    case column_role::end:
    case column_role::end_date:
    case column_role::end_time:
      return column_role::end;
    default:
      return std::nullopt;
  }
}

// A column that every row has a start in.
std::optional<std::size_t> start_column(const header& columns) noexcept {
  for (const auto role : {column_role::start, column_role::date, column_role::start_time})
    if (const auto at = columns.place(role)) return at;
  return std::nullopt;
}

// `{start:…}` and `{end:…}` where the input has no such column: its times are in other ones.
std::optional<column_role> time_by_name(std::string_view name) {
  const std::string folded = core::fold_name(name);
  if (folded == "start" || folded == "startdatetime") return column_role::start;
  if (folded == "end" || folded == "enddatetime") return column_role::end;
  return std::nullopt;
}

std::unexpected<error> wrong(errc code, std::string_view part, std::string_view why) {
  return fail(code, "the external-id template: '" + core::escape_for_people(part, 60) + "' " + std::string(why));
}

}  // namespace

result<id_template::piece> id_template::parse_hole(std::string_view hole, const header& columns) {
  const std::size_t colon = hole.find(':');
  const std::string_view name = hole.substr(0, colon);
  piece p;
  p.column = columns.find(name);
  std::optional<column_role> time;
  if (p.column) {
    p.role = columns.roles[*p.column];
    time = time_of(p.role);
  } else if ((time = time_by_name(name))) {
    p.role = *time;
    p.column = start_column(columns);
  }
  if (!p.column) return wrong(errc::input, name, "is no column of the input");
  if (p.role == column_role::external_id) return wrong(errc::usage, name, "cannot be made of itself");
  if (colon == std::string_view::npos) {
    if (p.role == column_role::start || p.role == column_role::end)
      return wrong(errc::usage, name, "needs a format, such as {start:%Y%m%d}");
    p.role = column_role::carried;
    return p;
  }
  p.text = hole.substr(colon + 1);
  if (!time) return wrong(errc::usage, hole, "has a format, but only start and end can have one");
  p.role = *time;
  if (p.text.empty() || !valid_format(p.text)) {
    return wrong(errc::usage, p.text, "is no date format; it may hold %Y %y %m %d %F %j %H %M %S %G %V %u and %%");
  }
  return p;
}

result<id_template> id_template::parse(std::string_view text, const header& columns) {
  id_template out;
  std::string literal;
  const auto end_literal = [&] {
    if (!literal.empty()) out.pieces_.push_back({std::exchange(literal, {}), std::nullopt});
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c != '{' && c != '}') {
      literal += c;
    } else if (text.substr(i + 1).starts_with(c)) {
      literal += c;
      ++i;
    } else if (c == '}') {
      return wrong(errc::usage, text, "has a '}' that nothing opens; write '}}' for a brace");
    } else {
      const std::size_t end = text.find('}', i);
      if (end == std::string_view::npos) return wrong(errc::usage, text, "has a '{' that is not closed; write '{{' for a brace");
      end_literal();
      auto hole = parse_hole(text.substr(i + 1, end - i - 1), columns);
      if (!hole) return std::unexpected(hole.error());
      out.pieces_.push_back(std::move(*hole));
      i = end;
    }
  }
  end_literal();
  const bool varies = std::ranges::any_of(out.pieces_, [](const piece& p) { return p.column.has_value(); });
  if (!varies) return wrong(errc::usage, text, "names no column, so every meeting of an organizer would have the same id");
  return out;
}

std::optional<std::size_t> id_template::expand(std::span<const std::string_view> fields, const wall_times& times, std::string& out) const {
  for (const piece& p : pieces_) {
    if (!p.column) {
      out += p.text;
    } else if (p.role == column_role::start || p.role == column_role::end) {
      const auto& time = p.role == column_role::start ? times.start : times.end;
      if (!time) return p.column;
      append_time(out, p.text, *time);
    } else {
      const std::string_view cell = core::trim(fields[*p.column]);
      if (cell.empty()) return p.column;
      out += cell;
    }
  }
  return std::nullopt;
}

bool id_template::uses(column_role time) const noexcept {
  return std::ranges::any_of(pieces_, [time](const piece& p) { return p.column && p.role == time; });
}

bool id_template::has_day() const noexcept {
  bool day = false, week = false, weekday = false;
  for (const piece& p : pieces_) {
    if (p.role != column_role::start && p.role != column_role::end) continue;
    for (std::size_t i = 0; i + 1 < p.text.size(); ++i) {
      if (p.text[i] != '%') continue;
      const char specifier = p.text[++i];
      day |= specifier == 'd' || specifier == 'j' || specifier == 'F';
      week |= specifier == 'V';
      weekday |= specifier == 'u';
    }
  }
  return day || (week && weekday);
}

std::vector<std::size_t> id_template::text_columns() const {
  std::vector<std::size_t> out;
  for (const piece& p : pieces_) {
    if (p.column && p.role != column_role::start && p.role != column_role::end) out.push_back(*p.column);
  }
  return out;
}

}  // namespace convoke::spec
