#include "spec/written_time.hpp"

#include <array>

#include "core/civil.hpp"
#include "core/text.hpp"
#include "spec/date_format.hpp"
#include "spec/scanner.hpp"
#include "spec/time_shapes.hpp"

namespace convoke::spec {

namespace {

using namespace std::chrono;
using reason = std::unexpected<std::string>;

constexpr minutes widest_offset = hours{14};
constexpr std::string_view no_fractions = "has fractions of a second, which meetings do not have";

constexpr std::array<std::string_view, 12> month_names{"January", "February", "March",     "April",   "May",      "June",
                                                       "July",    "August",   "September", "October", "November", "December"};

std::string shown(std::string_view text) {
  return "'" + core::escape_for_people(text, 40) + "'";
}

std::string two_digits(unsigned n) {
  return (n < 10 ? "0" : "") + std::to_string(n);
}

std::string with_form(std::string why, time_cell wanted) {
  return why + "; " + std::string(how_to_write(wanted));
}

// A time of day while it is read.
struct clock_parts {
  unsigned hour = 0, minute = 0, second = 0;
  bool has_seconds = false;
};

bool take_half_of_day(scanner& s) noexcept {
  return s.take_word("a.m.") || s.take_word("p.m.") || s.take_word("am") || s.take_word("pm");
}

// `text` begins with AM or PM, and no letter follows.
std::optional<bool> afternoon(std::string_view text) noexcept {
  scanner s{text};
  const bool is_pm = s.next() == 'p' || s.next() == 'P';
  if (!take_half_of_day(s) || core::ascii_letter(s.next())) return std::nullopt;
  return is_pm;
}

std::string why_no_half_days(const clock_parts& c, bool is_pm, time_cell wanted) {
  unsigned h = c.hour;
  if (h >= 1 && h <= 12) h = h % 12 + (is_pm ? 12 : 0);
  const std::string clock = std::string("%I:%M") + (c.has_seconds ? ":%S" : "") + " %p'";
  // The date is in another column, and its form is not known here.
  return "12-hour times are not read: write " + two_digits(h) + ":" + two_digits(c.minute) +
         (c.has_seconds ? ":" + two_digits(c.second) : std::string()) +
         (wanted == time_cell::time_of_day ? ", or give the --date-format of the dates with '" + clock + " after it"
                                           : ", or give --date-format '%Y-%m-%d " + clock);
}

// True where `text` is a dash and a time of day: the end of a range.
bool continues_range(std::string_view text) noexcept {
  scanner s{text};
  s.take_blanks();
  if (!s.take('-') && !s.take_word("\u2013") && !s.take_word("\u2014") && !s.take_word("to ") && !s.take_word("bis ")) return false;
  s.take_blanks();
  return s.take_number(1, 2) && (s.next() == ':' || s.next() == '.' || s.done());
}

bool looks_like_zone(std::string_view text) {
  if (text.empty() || !(core::ascii_letter(text.front()) || text.front() == '[' || text.front() == '(')) return false;
  if (text.contains('/') || core::find_ignoring_case(text, " time") != std::string_view::npos) return true;
  scanner s{text};
  if (!s.take('[')) s.take('(');
  const std::string_view word = s.take_letters();
  return word.size() >= 2 && word.size() <= 5 && std::ranges::all_of(word, [](char c) { return c >= 'A' && c <= 'Z'; });
}

// The reason why `text`, without blanks at its beginning, cannot stand after a time of day.
std::string why_no_ending(std::string_view text, const clock_parts& c, time_cell wanted) {
  if (const auto is_pm = afternoon(text)) return why_no_half_days(c, *is_pm, wanted);
  if (continues_range(text)) return "looks like a range of times: put the end into a column of its own, end_time";
  if (core::equal_ignoring_case(text, "GMT")) {
    return "'GMT' can mean UTC or the time in London, which differ in summer: write UTC, or put Europe/London into a time_zone column";
  }
  scanner s{text};
  if ((s.take_word("UTC") || s.take_word("GMT")) && !s.done() && !core::ascii_letter(s.next()))
    return shown(text) + " is no offset: write it alone, such as +01:00, or write UTC";
  if (text.front() == '+' || text.front() == '-' || text.starts_with("\u2212"))
    return shown(text) + " is no offset from UTC: write it as +02:00 or -05:00, or write Z or UTC";
  if (looks_like_zone(text)) {
    if (text.size() > 2 && ((text.front() == '[' && text.back() == ']') || (text.front() == '(' && text.back() == ')')))
      text = text.substr(1, text.size() - 2);
    return "the zone " + shown(text) + " belongs in a time_zone column";
  }
  return with_form("has " + shown(text) + " after the time", wanted);
}

// The reason why what begins with an hour is no time of day.
std::string why_no_minutes(unsigned hour, scanner s, time_cell wanted) {
  if (s.take(':')) {
    return with_form(s.digits() == 1 ? "has minutes of one digit" : "has no minutes after " + std::to_string(hour) + ":", wanted);
  }
  s.take_blanks();
  if (const auto is_pm = afternoon(s.rest)) return why_no_half_days({hour}, *is_pm, wanted);
  if (s.done()) return with_form("has an hour, but no minutes", wanted);
  return with_form("does not have its time of day in the form 08:15", wanted);
}

// Takes `.000`, also with a comma. False for other digits.
bool take_zero_fraction(scanner& s) noexcept {
  if (s.next() != '.' && s.next() != ',') return true;
  scanner after{s.rest.substr(1)};
  const std::size_t n = after.digits();
  if (n == 0) return true;  // wrong as an ending
  if (after.rest.substr(0, n).find_first_not_of('0') != std::string_view::npos) return false;
  after.rest.remove_prefix(n);
  s = after;
  return true;
}

// True where `offset` may also be the end of a range of times: 2026-09-01 08:00-09:30. After a T, or seconds, or blanks it is an offset.
bool may_be_range(minutes offset, seconds time, bool t_or_seconds_or_blanks) noexcept {
  return !t_or_seconds_or_blanks && offset < minutes{0} && -offset > time;
}
constexpr std::string_view range_or_offset =
    "may be a range of times, or have an offset: put the end of a range into a column end_time, write an offset as in "
    "2026-09-01T08:00-09:30";

// Reads a time of day and what follows it, to the end of the cell.
std::expected<void, std::string> read_clock(scanner s, time_cell wanted, bool after_t, written_time& out) {
  clock_parts c;
  const auto hour = s.take_number(1, 2);
  if (!hour) return reason(with_form("has " + shown(s.rest) + " where a time of day is expected", wanted));
  c.hour = *hour;
  const scanner after_hour = s;
  const auto minute = s.take(':') ? s.take_number(2, 2) : std::nullopt;
  if (!minute || core::ascii_digit(s.next())) return reason(why_no_minutes(*hour, after_hour, wanted));
  c.minute = *minute;
  if (s.next() == ':') {
    s.take(':');
    const auto second = s.take_number(2, 2);
    if (!second || core::ascii_digit(s.next())) return reason(with_form("does not have two digits for its seconds", wanted));
    c.second = *second;
    c.has_seconds = true;
    if (!take_zero_fraction(s)) return reason(std::string(no_fractions));
  }
  if (auto why = why_no_clock(c.hour, c.minute, c.second); !why.empty()) return reason(std::move(why));
  out.time = hours{c.hour} + minutes{c.minute} + seconds{c.second};
  const bool blank = s.take_blanks();
  if (s.done()) return {};
  out.offset = read_offset(s.rest);
  if (!out.offset) return reason(why_no_ending(s.rest, c, wanted));
  if (may_be_range(*out.offset, *out.time, after_t || c.has_seconds || blank)) return reason(std::string(range_or_offset));
  return {};
}

// True for four digits, then twice a separator and one or two digits.
bool begins_with_year(std::string_view cell) noexcept {
  scanner s{cell};
  if (s.digits() != 4) return false;
  s.rest.remove_prefix(4);
  const char separator = s.next();
  if (separator != '-' && separator != '/' && separator != '.') return false;
  return s.take(separator) && s.digits() <= 2 && s.take_number(1, 2) && s.take(separator) && s.digits() <= 2 && s.take_number(1, 2);
}

// Reads a cell that begins with a year.
std::expected<written_time, std::string> read_year_first(std::string_view cell, time_cell wanted) {
  scanner s{cell};
  const auto year_number = s.take_number(4, 4);
  const char separator = s.next();
  s.take(separator);
  const auto month_number = s.take_number(1, 2);
  s.take(separator);
  const auto day_number = s.take_number(1, 2);
  if (!year_number || !month_number || !day_number) return reason(why_no_known_shape(cell, wanted));
  if (separator != '-') {
    const std::string date = std::string("%Y") + separator + "%m" + separator + "%d";
    return reason("has '" + std::string(1, separator) + "' between year, month and day: write 2026-09-01, or give --date-format " +
                  format_for(date, s.rest, wanted));
  }
  if (auto why = why_no_date(static_cast<int>(*year_number), *month_number, *day_number, true); !why.empty()) return reason(std::move(why));
  written_time out;
  out.date = local_days{year{static_cast<int>(*year_number)} / month{*month_number} / day{*day_number}};
  if (s.done()) return out;
  const scanner after_date = s;
  const bool after_t = s.take('T') || s.take('t');
  if (!after_t && !s.take_blanks()) return reason(with_form("has " + shown(after_date.rest) + " after the date", wanted));
  if (auto clock = read_clock(s, wanted, after_t, out); !clock) return reason(std::move(clock.error()));
  return out;
}

// The forms that need no --date-format. The usual ones are read by parse_civil, which is fast.
std::expected<written_time, std::string> read_standard(std::string_view cell, time_cell wanted) {
  if (const auto usual = core::parse_civil(cell)) {
    if (usual->fraction != 0) return reason(std::string(no_fractions));
    written_time out;
    out.date = floor<days>(usual->local);
    out.time = usual->local - *out.date;
    out.offset = usual->offset;
    if (!out.offset) return out;
    const std::string_view end = cell.substr(cell.size() - std::min<std::size_t>(cell.size(), 6));
    if (abs(*out.offset) > widest_offset) return reason(why_no_ending(end, {}, wanted));
    if (may_be_range(*out.offset, *out.time, cell[10] != ' ' || usual->seconds)) return reason(std::string(range_or_offset));
    return out;
  }
  if (begins_with_year(cell)) return read_year_first(cell, wanted);
  if (scanner s{cell}; s.take_number(1, 2) && s.take(':') && core::ascii_digit(s.next())) {
    written_time out;
    if (auto clock = read_clock({cell}, wanted, false, out); !clock) return reason(std::move(clock.error()));
    return out;
  }
  if (scanner s{cell}; s.take_number(1, 2)) {
    s.take_blanks();
    if (const auto is_pm = afternoon(s.rest)) return reason(why_no_half_days({*scanner{cell}.take_number(1, 2)}, *is_pm, wanted));
  }
  return reason(why_no_known_shape(cell, wanted));
}

}  // namespace

std::optional<minutes> read_offset(std::string_view text) noexcept {
  scanner s{text};
  if (s.take_word("UTC") || s.take('Z') || s.take('z')) return s.done() ? std::optional(minutes{0}) : std::nullopt;
  const bool minus = s.next() == '-';
  if (!s.take('-') && !s.take('+')) return std::nullopt;
  const auto h = s.take_number(2, 2);
  if (!h) return std::nullopt;
  unsigned m = 0;
  if (!s.done()) {
    s.take(':');
    const auto written = s.take_number(2, 2);
    if (!written || !s.done()) return std::nullopt;
    m = *written;
  }
  const minutes size = hours{*h} + minutes{m};
  if (m > 59 || size > widest_offset) return std::nullopt;
  return minus ? -size : size;
}

std::string why_no_date(int y, unsigned m, unsigned d, bool year_first) {
  if (m == 0 || m > 12) {
    const bool swapped = year_first && d >= 1 && d <= 12 && m >= 1 && m <= 31;
    return "there is no month " + std::to_string(m) + (swapped ? "; the month comes before the day: write 2026-09-01" : "");
  }
  if (d == 0) return "there is no day 0";
  const unsigned last = unsigned{(year{y} / month{m} / std::chrono::last).day()};
  if (d <= last) return {};
  const std::string name(month_names.at(m - 1));
  return (m == 2 ? name + " " + std::to_string(y) : name) + " has " + std::to_string(last) + " days";
}

std::string why_no_clock(unsigned hour, unsigned minute, unsigned second) {
  if (minute > 59) return "there is no minute " + std::to_string(minute);
  if (second > 59) return "there is no second " + std::to_string(second);
  if (hour == 24 && minute == 0 && second == 0) return "there is no hour 24: write 00:00 of the next day";
  if (hour > 23) return "there is no hour " + std::to_string(hour);
  return {};
}

std::expected<written_time, std::string> read_written_time(std::string_view cell, time_cell wanted, const date_format* format) {
  if (format == nullptr) return read_standard(cell, wanted);
  auto by_format = format->read(cell, wanted);
  if (by_format) return by_format;
  const bool year_first = begins_with_year(cell);
  if (year_first ? format->may_be_year_day_month() : format->has_half_days()) return by_format;
  auto standard = read_standard(cell, wanted);
  // Of a cell that begins with a year, and of a time of day that the format says nothing of, the reason of the standard form is the better
  // one.
  const bool standard_is_meant = standard || (year_first && cell[4] == '-' && !format->begins_with_year()) ||
                                 (wanted == time_cell::time_of_day && !format->has_time_of_day());
  return standard_is_meant ? std::move(standard) : std::move(by_format);
}

std::expected<local_days, std::string> read_date(std::string_view cell, const date_format* format) {
  auto read = read_written_time(cell, time_cell::day, format);
  if (!read) return reason(std::move(read.error()));
  if (!read->date) return reason(with_form("has no date", time_cell::day));
  if (read->time) return reason(with_form("has a time of day, where a date is expected", time_cell::day));
  return *read->date;
}

}  // namespace convoke::spec
