#include "spec/time_shapes.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "core/text.hpp"
#include "spec/scanner.hpp"

namespace convoke::spec {

namespace {

constexpr std::array<std::string_view, 12> months{"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"};

std::string shown(std::string_view text) {
  return "'" + core::escape_for_people(text, 40) + "'";
}

bool has_digit(std::string_view text) noexcept {
  return std::ranges::any_of(text, core::ascii_digit);
}

// 1/9/2026, 01.09.26 08:00, 1-9-2026.
struct year_last {
  unsigned first = 0, second = 0;
  char separator = '/';
  bool short_year = false;
  std::string_view after;
};

std::optional<year_last> read_year_last(std::string_view cell) noexcept {
  scanner s{cell};
  year_last out;
  const auto first = s.take_number(1, 2);
  out.separator = s.next();
  if (!first || (out.separator != '/' && out.separator != '.' && out.separator != '-')) return std::nullopt;
  s.take(out.separator);
  const auto second = s.take_number(1, 2);
  if (!second || !s.take(out.separator)) return std::nullopt;
  const std::size_t digits = s.digits();
  if (digits != 4 && digits != 2) return std::nullopt;
  s.rest.remove_prefix(digits);
  out.first = *first;
  out.second = *second;
  out.short_year = digits == 2;
  out.after = s.rest;
  return out;
}

std::string why_year_last(const year_last& date, time_cell wanted) {
  const auto format = [&](std::string_view a, std::string_view b) {
    const std::string separator(1, date.separator);
    return format_for(std::string(a) + separator + std::string(b) + separator + (date.short_year ? "%y" : "%Y"), date.after, wanted);
  };
  const bool no_time = wanted == time_cell::moment && !has_digit(date.after);
  const std::string also = no_time ? "; it has no time of day either" : "";
  if (date.first > 12 && date.second > 12) return "is no date: there is no month " + std::to_string(date.second);
  if (date.separator == '.' || date.first > 12)
    return "does not begin with the year; write it as 2026-09-01, or give --date-format " + format("%d", "%m") + also;
  if (date.second > 12) return "does not begin with the year; write it as 2026-09-01, or give --date-format " + format("%m", "%d") + also;
  return "does not say which number is the day and which the month; write it as 2026-09-01, or give --date-format " + format("%d", "%m") +
         " or " + format("%m", "%d") + also;
}

// 46266, 46266.34375, 0.34375, 20260901, 1788249600: digits with at most one point or comma.
std::optional<std::string> why_number(std::string_view cell, time_cell wanted) {
  const std::size_t point = std::min(cell.find_first_of(".,"), cell.size());
  const std::string_view whole = cell.substr(0, point);
  const std::string_view part = cell.substr(std::min(point + 1, cell.size()));
  if (whole.empty() || !std::ranges::all_of(whole, core::ascii_digit) || !std::ranges::all_of(part, core::ascii_digit)) return std::nullopt;
  if (part.empty() && (whole.size() == 8 || whole.size() == 12 || whole.size() == 14))
    return "has no separators between year, month and day; " + std::string(how_to_write(wanted)) + ", or give --date-format " +
           format_for("%Y%m%d", "", time_cell::day);
  if (whole.size() == 5 || (whole.find_first_not_of('0') == std::string_view::npos && !part.empty()))
    return "looks like a spreadsheet's number for a date or time; format the column as YYYY-MM-DD HH:MM in the spreadsheet and save it "
           "again";
  if (whole.size() == 10 || whole.size() == 13)
    return "looks like a count of seconds or milliseconds since 1970; " + std::string(how_to_write(wanted));
  return "is a number; " + std::string(how_to_write(wanted));
}

// 20260901T0800, 2026-W36-2, 2026-244.
std::optional<std::string> why_other_iso(std::string_view cell, time_cell wanted) {
  const std::string how(how_to_write(wanted));
  scanner s{cell};
  if (s.digits() == 8) {
    s.rest.remove_prefix(8);
    if ((s.take('T') || s.take('t') || s.take_blanks()) && core::ascii_digit(s.next()))
      return "has no separators between year, month and day; " + how;
    return std::nullopt;
  }
  if (s.digits() != 4) return std::nullopt;
  s.rest.remove_prefix(4);
  s.take('-');
  if (scanner week = s; (week.take('W') || week.take('w')) && week.digits() >= 2) return "is a week of the year; " + how;
  if (s.digits() == 3 && (s.rest.size() == 3 || s.rest[3] == 'T' || !core::ascii_letter(s.rest[3]))) return "is a day of the year; " + how;
  return std::nullopt;
}

// 2026‑09‑01 with a hyphen that only looks like `-`: word processors and web pages have such ones. The reason shows its number.
std::optional<std::string> why_other_dash(std::string_view cell, time_cell wanted) {
  struct dash {
    std::string_view bytes, number;
  };
  static constexpr std::array dashes{dash{"\u2010", "U+2010"}, dash{"\u2011", "U+2011"}, dash{"\u2012", "U+2012"},
                                     dash{"\u2013", "U+2013"}, dash{"\u2014", "U+2014"}, dash{"\u2212", "U+2212"}};
  if (scanner s{cell}; s.digits() != 4) return std::nullopt;
  const auto* const found = std::ranges::find_if(dashes, [cell](const dash& d) { return cell.substr(4).starts_with(d.bytes); });
  if (found == dashes.end()) return std::nullopt;
  return "has the character " + std::string(found->number) + " where '-' is expected; " + std::string(how_to_write(wanted));
}

bool names_month(std::string_view word) noexcept {
  return word.size() >= 3 &&
         std::ranges::any_of(months, [word](std::string_view m) { return core::equal_ignoring_case(word.substr(0, 3), m); });
}

// 1 Sep 2026 08:00, Tuesday 01.09.2026, 1er septembre.
std::string why_words(std::string_view cell, time_cell wanted) {
  const std::string how(how_to_write(wanted));
  if (cell.front() == '\'') return "begins with an apostrophe, by which spreadsheets mark text; take it out";
  std::string_view other;
  for (scanner s{cell}; !s.done();) {
    const std::string_view word = s.take_letters();
    if (names_month(word))
      return "has the name of a month; " + how + ", or give --date-format such as " +
             (wanted == time_cell::day ? "'%d %b %Y'" : "'%d %b %Y %H:%M'") + ", which reads English names";
    if (word.size() > 1 && other.empty()) other = word;
    if (word.empty()) s.rest.remove_prefix(1);
  }
  return (other.empty() ? "is not in a form that convoke reads; " : "has the word " + shown(other) + ", which is not read; ") + how;
}

}  // namespace

std::string_view how_to_write(time_cell wanted) noexcept {
  switch (wanted) {
    case time_cell::day:
      return "write it as 2026-09-01";
    case time_cell::time_of_day:
      return "write it as 08:15";
    case time_cell::moment:
      break;
  }
  return "write it as 2026-09-01 08:00 with a time zone, or as 2026-09-01T08:00:00+02:00";
}

std::string format_for(std::string_view date, std::string_view after, time_cell wanted) {
  std::string out = "'" + std::string(date);
  const std::size_t clock =
      std::min(static_cast<std::size_t>(std::ranges::find_if(after, core::ascii_digit) - after.begin()), after.size());
  const std::string_view time = after.substr(clock);
  if (time.empty()) return out + (wanted == time_cell::moment ? " %H:%M'" : "'");
  // What stands between, such as a comma. Anything that cannot be shown in an option as it is becomes a blank.
  const std::string_view between = after.substr(0, clock);
  const bool plain = std::ranges::all_of(between, [](char c) { return c >= ' ' && c < 0x7F && c != '\'' && c != '%'; });
  out += plain && !between.empty() ? std::string(between) : " ";
  const bool half_days = core::find_ignoring_case(time, "am") != std::string_view::npos ||
                         core::find_ignoring_case(time, "pm") != std::string_view::npos ||
                         core::find_ignoring_case(time, ".m.") != std::string_view::npos;
  const char separator = time.contains(':') || !time.contains('.') ? ':' : '.';
  out += std::string(half_days ? "%I" : "%H") + separator + "%M";
  if (std::ranges::count(time.substr(0, time.find_first_of("+-Z ")), separator) >= 2) out += std::string(1, separator) + "%S";
  if (half_days) out += " %p";
  const std::size_t sign = time.find_first_of("+-Z");
  if (sign != std::string_view::npos) out += sign > 0 && time[sign - 1] == ' ' ? " %z" : "%z";
  return out + "'";
}

std::string why_no_known_shape(std::string_view cell, time_cell wanted) {
  if (!has_digit(cell)) return "is no date or time; " + std::string(how_to_write(wanted));
  if (const auto date = read_year_last(cell)) return why_year_last(*date, wanted);
  if (auto why = why_number(cell, wanted)) return *std::move(why);
  if (auto why = why_other_iso(cell, wanted)) return *std::move(why);
  if (auto why = why_other_dash(cell, wanted)) return *std::move(why);
  return why_words(cell, wanted);
}

}  // namespace convoke::spec
