#include "spec/date_format.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "core/text.hpp"

namespace convoke::spec {

using namespace std::chrono;
using reason = std::unexpected<std::string>;

namespace {

constexpr std::string_view date_letters = "dmYyb", time_letters = "HIMSpz", number_letters = "dmYyHIMS";
constexpr std::array<std::string_view, 12> months{"January", "February", "March",     "April",   "May",      "June",
                                                  "July",    "August",   "September", "October", "November", "December"};

std::string shown(std::string_view text) {
  return "'" + core::escape_for_people(text, 60) + "'";
}

std::string_view name_of(char letter) noexcept {
  switch (letter) {
    case 'd':
      return "day";
    case 'm':
      return "month";
    case 'b':
      return "English name of a month";
    case 'Y':
      return "year of four digits";
    case 'y':
      return "year of two digits";
    case 'H':
    case 'I':
      return "hour";
    case 'M':
      return "minute of two digits";
    case 'S':
      return "second of two digits";
    case 'p':
      return "AM or PM";
    default:
      return "offset from UTC";
  }
}

// `; is '%d.%m.%Y' meant?` for DD.MM.YYYY, as spreadsheets write formats. Empty where `text` is not of that kind.
std::string with_per_cents(std::string_view text) {
  if (text.contains('%')) return {};
  struct part {
    std::string_view letters, format;
  };
  // M is a month before the hour, and a minute after it. The German and French letters are those of Excel in these languages.
  static constexpr part parts[] = {{"dtj", "%d"}, {"m", "%m"}, {"yja", "%Y"}, {"h", "%H"}, {"s", "%S"}};
  std::string out;
  bool after_hour = false;
  for (scanner s{text}; !s.done();) {
    const char letter = core::ascii_lower(s.next());
    std::size_t n = 0;
    while (n < s.rest.size() && core::ascii_lower(s.rest[n]) == letter) ++n;
    s.rest.remove_prefix(n);
    if (!core::ascii_letter(letter)) {
      out.append(n, letter);
      continue;
    }
    const auto found = std::ranges::find_if(
        parts, [&](const part& p) { return p.letters.contains(letter) && (letter != 'j' || (n > 2) == (p.format == "%Y")); });
    if (found == std::end(parts)) return {};
    out += letter == 'm' && after_hour ? std::string_view("%M") : n == 2 && found->format == "%Y" ? std::string_view("%y") : found->format;
    after_hour = after_hour || letter == 'h';
  }
  return out.contains('%') ? "; is " + shown(out) + " meant?" : std::string();
}

std::unexpected<error> wrong(std::string_view format, std::string_view why) {
  return fail(errc::usage, "--date-format " + shown(format) + " " + std::string(why));
}

// The number of the month whose name `s` begins with, which is taken.
std::optional<unsigned> take_month(scanner& s) noexcept {
  scanner after = s;
  const std::string_view word = after.take_letters();
  for (unsigned i = 0; i < months.size(); ++i) {
    const bool is_short = core::equal_ignoring_case(word, months[i].substr(0, 3)) || (i == 8 && core::equal_ignoring_case(word, "sept"));
    if (!is_short && !core::equal_ignoring_case(word, months[i])) continue;
    s = after;
    if (is_short) s.take('.');
    return i + 1;
  }
  return std::nullopt;
}

std::optional<bool> take_afternoon(scanner& s) noexcept {
  if (s.take_word("a.m.") || s.take_word("am")) return false;
  if (s.take_word("p.m.") || s.take_word("pm")) return true;
  return std::nullopt;
}

// The offset that `s` begins with, which is taken.
std::optional<minutes> take_offset(scanner& s) noexcept {
  for (std::size_t n = std::min<std::size_t>(6, s.rest.size()); n > 0; --n) {
    const auto offset = read_offset(s.rest.substr(0, n));
    const bool cut = n < s.rest.size() && (core::ascii_digit(s.rest[n]) || core::ascii_letter(s.rest[n]));
    if (!offset || cut) continue;
    s.rest.remove_prefix(n);
    return offset;
  }
  return std::nullopt;
}

}  // namespace

struct date_format::parts {
  std::optional<unsigned> day, month, year, hour, minute, second;
  std::optional<bool> afternoon;
  std::optional<minutes> offset;
};

result<date_format> date_format::parse(std::string_view text) {
  date_format out;
  out.text_ = core::trim(text);
  if (auto read = out.append(out.text_); !read) return std::unexpected(read.error());
  for (std::size_t i = 0; i + 1 < out.items_.size(); ++i) {
    // Also where only a blank is between: it may match none.
    const std::size_t next = out.items_[i + 1].what == ' ' && i + 2 < out.items_.size() ? i + 2 : i + 1;
    out.items_[i].exact = next == i + 1 && number_letters.contains(out.items_[next].what);
  }
  if (auto checked = out.check(); !checked) return std::unexpected(checked.error());
  out.find_spans();
  return out;
}

result<void> date_format::append(std::string_view text) {
  for (scanner s{text}; !s.done();) {
    if (s.take_blanks()) {
      if (items_.empty() || items_.back().what != ' ') items_.push_back({.what = ' ', .literal = {}});
      continue;
    }
    char c = s.next();
    s.take(c);
    if (c == '%') {
      if (s.done()) return wrong(text_, "ends with '%'; write '%%' for a per cent sign");
      c = s.next();
      s.take(c);
      if (c == 'F' || c == 'T') {
        if (auto read = append(c == 'F' ? "%Y-%m-%d" : "%H:%M:%S"); !read) return read;
        continue;
      }
      if (c == 'B') c = 'b';
      if (date_letters.contains(c) || time_letters.contains(c)) {
        items_.push_back({.what = c, .literal = {}});
        continue;
      }
      if (c != '%') {
        return wrong(text_, "has '%" + core::escape_for_people(std::string_view(&c, 1), 4) +
                                "', which is not read; it may have %d %m %b %B %Y %y %H %I %M %S %p %z %F %T and %%");
      }
    }
    if (items_.empty() || items_.back().what != '=') items_.push_back({});
    items_.back().literal += c;
  }
  return {};
}

result<void> date_format::check() const {
  const auto count = [this](std::string_view letters) {
    return std::ranges::count_if(items_, [letters](const item& i) { return letters.contains(i.what); });
  };
  struct group {
    std::string_view letters, name, also;
  };
  static constexpr group groups[] = {{"d", "day", "%d"},  {"mb", "month", "%m or %b"}, {"Yy", "year", "%Y or %y"}, {"HI", "hour", ""},
                                     {"M", "minute", ""}, {"S", "second", ""},         {"p", "AM or PM", ""},      {"z", "offset", ""}};
  for (const group& g : groups) {
    if (count(g.letters) > 1) return wrong(text_, "has the " + std::string(g.name) + " twice");
    if (count(g.letters) == 0 && !g.also.empty())
      return wrong(text_,
                   "has no " + std::string(g.name) + " (" + std::string(g.also) + "); a complete date is needed" + with_per_cents(text_));
  }
  if (count("I") > 0 && count("p") == 0) return wrong(text_, "has an hour of 12 (%I), but no AM or PM (%p); write %H for hours of 24");
  if (count("p") > 0 && count("I") == 0) return wrong(text_, "has AM or PM (%p), but no hour of 12 (%I)");
  if (count("MSz") > 0 && count("HI") == 0) return wrong(text_, "has a part of a time of day, but no hour (%H, or %I and %p)");
  if (count("S") > 0 && count("M") == 0) return wrong(text_, "has seconds (%S), but no minutes (%M)");
  return {};
}

void date_format::find_spans() {
  const auto span_of = [this](std::string_view letters) {
    span s{items_.size(), 0};
    for (std::size_t i = 0; i < items_.size(); ++i) {
      if (!letters.contains(items_[i].what)) continue;
      s.begin = std::min(s.begin, i);
      s.end = i + 1;
    }
    return s.begin < s.end ? s : span{};
  };
  const auto place = [this](std::string_view letters) {
    return std::ranges::find_if(items_, [letters](const item& i) { return letters.contains(i.what); }) - items_.begin();
  };
  has_hour_ = std::ranges::any_of(items_, [](const item& i) { return i.what == 'H' || i.what == 'I'; });
  half_days_ = std::ranges::any_of(items_, [](const item& i) { return i.what == 'I'; });
  year_day_month_ = place("Y") < place("d") && place("d") < place("mb");
  date_ = span_of(date_letters);
  time_ = span_of(time_letters);
  const bool apart = date_.end <= time_.begin || time_.end <= date_.begin;
  if (time_.begin != time_.end && !apart) date_ = time_ = {};
}

// Takes one item. The reason where it does not fit; its numbers are checked later.
std::string date_format::take(const item& it, scanner& s, parts& out) {
  const auto expected = [&](std::string_view what) {
    return std::string(what) + " is expected at " + (s.done() ? "its end" : shown(s.rest));
  };
  std::optional<unsigned>* number = nullptr;
  std::size_t least = it.exact ? 2 : 1, most = 2;
  switch (it.what) {
    case '=':
      if (!s.rest.starts_with(it.literal)) return expected(shown(it.literal));
      s.rest.remove_prefix(it.literal.size());
      return {};
    case ' ':
      s.take_blanks();
      return {};
    case 'b':
      if (!(out.month = take_month(s))) return expected("an " + std::string(name_of('b')) + " (%b)");
      return {};
    case 'p':
      if (!(out.afternoon = take_afternoon(s))) return expected("AM or PM (%p)");
      return {};
    case 'z':
      if (!(out.offset = take_offset(s))) return expected("an offset from UTC (%z)");
      return {};
    case 'Y':
      least = most = 4;
      number = &out.year;
      break;
    case 'y':
      least = 2;
      number = &out.year;
      break;
    case 'M':
    case 'S':
      least = 2;
      number = it.what == 'M' ? &out.minute : &out.second;
      break;
    default:
      number = it.what == 'd' ? &out.day : it.what == 'm' ? &out.month : &out.hour;
  }
  if (!(*number = s.take_number(least, most)))
    return expected((number == &out.hour ? "an " : "a ") + std::string(name_of(it.what)) + " (%" + std::string(1, it.what) + ")");
  if (it.what == 'y') **number += 2000;
  return {};
}

std::expected<written_time, std::string> date_format::match(std::string_view cell, span which) const {
  const auto refuse = [this](std::string why) { return reason("does not fit --date-format " + shown(text_) + ": " + std::move(why)); };
  scanner s{cell};
  parts p;
  for (std::size_t i = which.begin; i < which.end; ++i) {
    const bool before_digit = i > which.begin && number_letters.contains(items_[i - 1].what);
    const std::size_t size = s.rest.size();
    if (auto why = take(items_[i], s, p); !why.empty()) return refuse(std::move(why));
    // A blank between numbers is needed: 1 12 and 11 2 would both be 112.
    if (items_[i].what == ' ' && before_digit && s.rest.size() == size && core::ascii_digit(s.next()))
      return refuse("a blank is expected at " + shown(s.rest));
  }
  if (!s.done()) return refuse("it goes on with " + shown(s.rest));
  written_time out;
  if (p.day) {
    if (auto why = why_no_date(static_cast<int>(*p.year), *p.month, *p.day, false); !why.empty()) return refuse(std::move(why));
    out.date = local_days{year{static_cast<int>(*p.year)} / month{*p.month} / day{*p.day}};
  }
  if (p.hour) {
    if (p.afternoon && (*p.hour == 0 || *p.hour > 12)) return refuse("there is no hour " + std::to_string(*p.hour) + " of 12 (%I)");
    const unsigned hour = p.afternoon ? *p.hour % 12 + (*p.afternoon ? 12 : 0) : *p.hour;
    if (auto why = why_no_clock(hour, p.minute.value_or(0), p.second.value_or(0)); !why.empty()) return refuse(std::move(why));
    out.time = hours{hour} + minutes{p.minute.value_or(0)} + seconds{p.second.value_or(0)};
    out.offset = p.offset;
  }
  return out;
}

std::expected<written_time, std::string> date_format::read(std::string_view cell, time_cell wanted) const {
  const span whole{0, items_.size()};
  const std::array<span, 3> order = wanted == time_cell::day           ? std::array{date_, whole, time_}
                                    : wanted == time_cell::time_of_day ? std::array{time_, whole, date_}
                                                                       : std::array{whole, date_, time_};
  std::optional<std::string> why;
  for (const span one : order) {
    if (one.begin == one.end) continue;
    auto found = match(cell, one);
    if (found) return found;
    if (!why) why = std::move(found.error());
  }
  return reason(why.value_or(""));
}

}  // namespace convoke::spec
