#include "spec/repeat_rule.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "core/text.hpp"

namespace convoke::spec {

using namespace std::chrono;
using core::equal_ignoring_case;

namespace {

using parsed = std::expected<void, std::string>;

// Of one list. The calendar library has room for 31 days of a month, and for more of the others.
constexpr std::size_t max_values = 31;

std::unexpected<std::string> refused(std::string reason) {
  return std::unexpected(std::move(reason));
}

std::string quoted(std::string_view text) {
  return "'" + core::escape_for_people(text, 40) + "'";
}

// Decimal digits, at most six of them; `sign`: a sign may come first.
std::optional<int> number(std::string_view text, bool sign = false) noexcept {
  int factor = 1;
  if (sign && !text.empty() && (text[0] == '+' || text[0] == '-')) {
    factor = text[0] == '-' ? -1 : 1;
    text.remove_prefix(1);
  }
  if (text.empty() || text.size() > 6 || !std::ranges::all_of(text, core::ascii_digit)) return std::nullopt;
  int value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return factor * value;
}

std::optional<weekday> weekday_of_code(std::string_view code) noexcept {
  for (unsigned i = 0; i < 7; ++i)
    if (equal_ignoring_case(weekday_code(weekday{i}), code)) return weekday{i};
  return std::nullopt;
}

// Calls `take` with each value of a list; false from it, or an empty value, makes the list wrong: the value is returned.
template <typename Take>
std::optional<std::string_view> wrong_value(std::string_view list, Take take) {
  for (;;) {
    const std::size_t comma = list.find(',');
    const std::string_view value = core::trim(list.substr(0, comma));
    if (value.empty() || !take(value)) return value;
    if (comma == std::string_view::npos) return std::nullopt;
    list.remove_prefix(comma + 1);
  }
}

class rule_parser {
 public:
  std::expected<repeat_rule, std::string> parse(std::string_view text) {
    if (text.ends_with(';')) text.remove_suffix(1);
    for (;;) {
      const std::size_t end = text.find(';');
      if (const auto done = part(core::trim(text.substr(0, end))); !done) return std::unexpected(done.error());
      if (end == std::string_view::npos) break;
      text.remove_prefix(end + 1);
    }
    if (const auto whole = check(); !whole) return std::unexpected(whole.error());
    return std::move(rule_);
  }

 private:
  enum part_name : std::uint8_t { freq, interval, count, until, byday, bymonthday, bymonth, bysetpos, wkst, part_names };
  static constexpr std::array<std::string_view, part_names> names_{"FREQ",       "INTERVAL", "COUNT",    "UNTIL", "BYDAY",
                                                                   "BYMONTHDAY", "BYMONTH",  "BYSETPOS", "WKST"};

  [[nodiscard]] bool has(part_name name) const noexcept { return seen_[name]; }

  parsed part(std::string_view text) {
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos) return refused("the rule has " + quoted(text) + " where a part such as BYDAY=MO,WE is expected");
    const std::string_view name = core::trim(text.substr(0, equals)), value = core::trim(text.substr(equals + 1));
    const auto found = std::ranges::find_if(names_, [name](std::string_view n) { return equal_ignoring_case(n, name); });
    if (found == names_.end()) return refused(why_not(name));
    const auto which = static_cast<part_name>(found - names_.begin());
    if (std::exchange(seen_[which], true)) return refused("the rule has " + std::string(names_[which]) + " twice");
    return read(which, value);
  }

  static std::string why_not(std::string_view name) {
    for (const auto finer : {"BYHOUR", "BYMINUTE", "BYSECOND"})
      if (equal_ignoring_case(finer, name))
        return std::string(finer) + " is not read: every meeting begins at the start's time of day; write a row for each other time";
    for (const auto other : {"BYWEEKNO", "BYYEARDAY"})
      if (equal_ignoring_case(other, name))
        return std::string(other) + " is not supported; use BYMONTH with BYDAY or BYMONTHDAY, or write rows of their own";
    for (const auto calendar : {"RSCALE", "SKIP"})
      if (equal_ignoring_case(calendar, name)) return std::string(calendar) + " is not supported: rules follow the Gregorian calendar";
    if (name.size() >= 6 && equal_ignoring_case("EXDATE", name.substr(0, 6)))
      return "EXDATE is no part of a recurrence rule; write these dates into the column 'skip_dates'";
    if (name.size() >= 7 && equal_ignoring_case("DTSTART", name.substr(0, 7)))
      return "DTSTART is no part of a recurrence rule; the column 'start' says when it begins: write only what follows RRULE:";
    const auto near = core::nearest(name, names_);
    return quoted(name) + " is no part of a recurrence rule" + (near ? "; is " + std::string(*near) + " meant?" : std::string());
  }

  parsed read(part_name which, std::string_view value) {
    switch (which) {
      case freq:
        return read_freq(value);
      case interval:
        return read_number(value, "INTERVAL", 999, rule_.interval);
      case count:
        return read_count(value);
      case until:
        return read_until(value);
      case byday:
        return read_days(value);
      case bymonthday:
        return read_list(value, "BYMONTHDAY", 31, true, rule_.month_days);
      case bymonth:
        return read_list(value, "BYMONTH", 12, false, rule_.months);
      case bysetpos:
        return read_list(value, "BYSETPOS", 366, true, rule_.positions);
      case wkst:
        break;
      case part_names:
        std::unreachable();
    }
    const auto day = weekday_of_code(value);
    if (!day) return refused("WKST=" + quoted(value) + " is no day; write MO, TU, WE, TH, FR, SA or SU");
    rule_.week_start = *day;
    return {};
  }

  parsed read_freq(std::string_view value) {
    using enum repeat_rule::unit;
    for (const auto& [name, unit] : {std::pair{"DAILY", day}, {"WEEKLY", week}, {"MONTHLY", month}, {"YEARLY", year}}) {
      if (!equal_ignoring_case(name, value)) continue;
      rule_.every = unit;
      return {};
    }
    for (const auto finer : {"HOURLY", "MINUTELY", "SECONDLY"})
      if (equal_ignoring_case(finer, value))
        return refused("FREQ=" + std::string(finer) + " is too often: a row repeats on days; use DAILY, WEEKLY, MONTHLY or YEARLY");
    return refused("FREQ=" + quoted(value) + " is not DAILY, WEEKLY, MONTHLY or YEARLY");
  }

  static parsed read_number(std::string_view value, std::string_view name, int most, int& into) {
    const auto n = number(value);
    if (!n || *n < 1 || *n > most)
      return refused(std::string(name) + "=" + quoted(value) + " must be a number from 1 to " + std::to_string(most));
    into = *n;
    return {};
  }

  parsed read_count(std::string_view value) {
    int n = 0;
    const auto done = read_number(value, "COUNT", max_occurrences, n);
    if (done) rule_.end = n;
    return done;
  }

  // `20261215`, `20261215T235959`, `20261215T225959Z`, and the date as `2026-12-15`.
  parsed read_until(std::string_view value) {
    const auto wrong = [value] {
      return refused("UNTIL=" + quoted(value) + " is no date of a rule; write 20261215, 20261215T235959 or 20261215T225959Z");
    };
    if (const auto dashed = parse_date(value)) {
      rule_.end = *dashed;
      return {};
    }
    if (value.size() < 8) return wrong();
    const std::string dashed =
        std::string(value.substr(0, 4)) + '-' + std::string(value.substr(4, 2)) + '-' + std::string(value.substr(6, 2));
    const auto date = parse_date(dashed);
    if (!date) return wrong();
    if (value.size() == 8) {
      rule_.end = *date;
      return {};
    }
    const bool instant = value.size() == 16 && core::ascii_lower(value[15]) == 'z';
    if ((value.size() != 15 && !instant) || core::ascii_lower(value[8]) != 't') return wrong();
    const auto h = number(value.substr(9, 2)), m = number(value.substr(11, 2)), s = number(value.substr(13, 2));
    if (!h || !m || !s || *h > 23 || *m > 59 || *s > 59) return wrong();
    const local_seconds wall = *date + hours{*h} + minutes{*m} + seconds{*s};
    if (instant) {
      rule_.end = sys_seconds{wall.time_since_epoch()};
    } else {
      rule_.end = wall;
    }
    return {};
  }

  parsed read_days(std::string_view value) {
    const auto wrong = wrong_value(value, [this](std::string_view one) {
      if (one.size() < 2) return false;
      const auto day = weekday_of_code(one.substr(one.size() - 2));
      const auto position = one.substr(0, one.size() - 2);
      const auto nth = position.empty() ? std::optional(0) : number(position, true);
      if (!day || !nth || (!position.empty() && *nth == 0) || *nth > 53 || *nth < -53) return false;
      const repeat_rule::by_day found{*day, *nth};
      if (lists(rule_.days, found) || rule_.days.size() == max_values) return false;
      rule_.days.push_back(found);
      return true;
    });
    if (!wrong) return {};
    return refused("BYDAY: " + quoted(*wrong) +
                   " is no day, is named twice, or is one too many; write MO, TU, WE, TH, FR, SA, SU, or 2TU and -1FR for the second "
                   "Tuesday and the last "
                   "Friday of a month");
  }

  static parsed read_list(std::string_view value, std::string_view name, int most, bool sign, std::vector<int>& into) {
    const auto wrong = wrong_value(value, [&](std::string_view one) {
      const auto n = number(one, sign);
      if (!n || *n == 0 || *n > most || *n < -most || lists(into, *n) || into.size() == max_values) return false;
      into.push_back(*n);
      return true;
    });
    if (!wrong) return {};
    return refused(std::string(name) + ": " + quoted(*wrong) + " is no number from 1 to " + std::to_string(most) +
                   (sign ? " (or negative: from the end)" : "") + ", is named twice, or is one too many");
  }

  parsed check() const {
    if (!has(freq)) return refused("the rule has no FREQ; write for example FREQ=WEEKLY;BYDAY=MO,WE;UNTIL=20261215");
    if (has(count) && has(until)) return refused("the rule has COUNT and UNTIL; give one of the two");
    if (!has(count) && !has(until)) return refused("the rule has no end; add UNTIL=20261215 or COUNT=10");
    return check_combinations();
  }

  // Combinations that RFC 5545 forbids or leaves open, and those that the calendar library ignores.
  parsed check_combinations() const {
    using enum repeat_rule::unit;
    const auto unit = rule_.every;
    const bool long_unit = unit == month || unit == year;
    const bool positioned = std::ranges::any_of(rule_.days, [](const auto& d) { return d.nth != 0; });
    if (positioned && !long_unit) return refused("BYDAY with a number (2TU) is for FREQ=MONTHLY and FREQ=YEARLY only");
    if (positioned && has(bymonthday))
      return refused("BYDAY with a number (2TU) together with BYMONTHDAY has no clear meaning; give one of the two");
    if (positioned && (unit == month || has(bymonth)) &&
        std::ranges::any_of(rule_.days, [](const auto& d) { return d.nth > 5 || d.nth < -5; }))
      return refused("BYDAY: a month has no sixth week; numbers are 1 to 5, or -1 to -5 from the end");
    if (has(bymonthday) && unit == week) return refused("BYMONTHDAY cannot be combined with FREQ=WEEKLY; use FREQ=MONTHLY");
    if (has(bymonthday) && unit == day && std::ranges::any_of(rule_.month_days, [](int d) { return d < 0; }))
      return refused("BYMONTHDAY from the end of the month is for FREQ=MONTHLY and FREQ=YEARLY only");
    if (has(bymonthday) && unit == year && !has(bymonth))
      return refused("FREQ=YEARLY with BYMONTHDAY needs BYMONTH: programs disagree about which months are meant without it");
    if (has(bysetpos) && !long_unit) return refused("BYSETPOS is for FREQ=MONTHLY and FREQ=YEARLY only");
    if (has(bysetpos) && !has(byday) && !has(bymonthday)) return refused("BYSETPOS needs BYDAY or BYMONTHDAY");
    return {};
  }

  repeat_rule rule_;
  std::array<bool, part_names> seen_{};
};

}  // namespace

std::expected<repeat_rule, std::string> parse_recurrence_rule(std::string_view text) {
  return rule_parser().parse(text);
}

std::expected<repeat_rule, std::string> parse_repeat(std::string_view cell, const date_reader& read_date) {
  constexpr std::string_view prefix = "RRULE:";
  if (equal_ignoring_case(cell.substr(0, prefix.size()), prefix)) return parse_recurrence_rule(core::trim(cell.substr(prefix.size())));
  return cell.contains('=') ? parse_recurrence_rule(cell) : parse_repeat_words(cell, read_date);
}

}  // namespace convoke::spec
