#include "spec/repeat.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include <libical/ical.h>

namespace convoke::spec {

using namespace std::chrono;

namespace {

// The calendar library knows no year after 2582, and takes dates before 1582 for those of the Julian calendar.
constexpr year first_year{1900}, last_year{2500};

int days_in_month(year_month_day date) noexcept {
  return static_cast<int>(unsigned{year_month_day_last{date.year(), month_day_last{date.month()}}.day()});
}

// The place of a weekday among the same weekdays of its period, from the period's beginning and from its end.
struct place {
  int nth, from_end;
};
place place_in(local_days day, local_days first, local_days last) noexcept {
  return {static_cast<int>((day - first).count() / 7) + 1, -(static_cast<int>((last - day).count() / 7) + 1)};
}

struct period {
  local_days first, last;
};
period month_of(year_month_day date) noexcept {
  const local_days first{date.year() / date.month() / 1};
  return {first, first + days{days_in_month(date) - 1}};
}
period year_of(year_month_day date) noexcept {
  return {local_days{date.year() / January / 1}, local_days{date.year() / December / 31}};
}

// The period that numbers in BYDAY count in.
period counted_in(const repeat_rule& rule, year_month_day date) noexcept {
  return rule.every == repeat_rule::unit::year && rule.months.empty() ? year_of(date) : month_of(date);
}

bool has_weekday(const repeat_rule& rule, local_days day) {
  const auto within = counted_in(rule, year_month_day{day});
  const auto at = place_in(day, within.first, within.last);
  return std::ranges::any_of(rule.days, [&](const repeat_rule::by_day& d) {
    return d.day == weekday{day} && (d.nth == 0 || d.nth == at.nth || d.nth == at.from_end);
  });
}

bool has_month_day(const repeat_rule& rule, year_month_day date) {
  const int d = static_cast<int>(unsigned{date.day()});
  return lists(rule.month_days, d) || lists(rule.month_days, d - days_in_month(date) - 1);
}

bool has_month(const repeat_rule& rule, year_month_day date) {
  return rule.months.empty() || lists(rule.months, static_cast<int>(unsigned{date.month()}));
}

// All parts except BYSETPOS.
bool candidate(const repeat_rule& rule, local_days day) {
  const year_month_day date{day};
  return has_month(rule, date) && (rule.month_days.empty() || has_month_day(rule, date)) && (rule.days.empty() || has_weekday(rule, day));
}

bool has_position(const repeat_rule& rule, local_days day) {
  const year_month_day date{day};
  const auto within = rule.every == repeat_rule::unit::year ? year_of(date) : month_of(date);
  int before = 0, all = 0;
  for (local_days d = within.first; d <= within.last; d += days{1}) {
    if (!candidate(rule, d)) continue;
    ++all;
    if (d <= day) ++before;
  }
  return lists(rule.positions, before) || lists(rule.positions, before - all - 1);
}

std::string names_of(const std::vector<int>& numbers) {
  std::vector<std::string> out;
  for (const int n : numbers) out.push_back(std::to_string(n));
  return joined(out);
}

std::string names_of(const std::vector<repeat_rule::by_day>& named) {
  std::vector<std::string> out;
  for (const auto& d : named) out.push_back((d.nth == 0 ? std::string() : std::to_string(d.nth)) + std::string(weekday_code(d.day)));
  return joined(out);
}

std::string why_not_weekday(const repeat_rule& rule, local_days day) {
  const auto named = std::ranges::any_of(rule.days, [day](const auto& d) { return d.day == weekday{day}; });
  const std::string name(weekday_name(weekday{day}));
  if (!named) return "is a " + name + ", but the rule names " + names_of(rule.days);
  const year_month_day date{day};
  const auto within = counted_in(rule, date);
  const auto at = place_in(day, within.first, within.last);
  const std::string code(weekday_code(weekday{day}));
  return "is " + name + " number " + std::to_string(at.nth) + " of its " + (within.last - within.first > days{31} ? "year" : "month") +
         " (" + std::to_string(at.nth) + code + " or " + std::to_string(at.from_end) + code + "), but the rule names " +
         names_of(rule.days);
}

// --- libical -----------------------------------------------------------------------------------------------------------------

struct end_iterator {
  void operator()(icalrecur_iterator* it) const noexcept { icalrecur_iterator_free(it); }
};

icaltimetype in_ical(local_days day) noexcept {
  const year_month_day date{day};
  icaltimetype out{};
  out.is_date = 1;
  out.year = static_cast<int>(date.year());
  out.month = static_cast<int>(unsigned{date.month()});
  out.day = static_cast<int>(unsigned{date.day()});
  return out;
}

local_days from_ical(const icaltimetype& at) noexcept {
  return local_days{year{at.year} / month{static_cast<unsigned>(at.month)} / day{static_cast<unsigned>(at.day)}};
}

// The library's number of a weekday with its place: 1 is Sunday.
short in_ical(const repeat_rule::by_day& d) noexcept {
  const int value = static_cast<int>(d.day.c_encoding()) + 1 + 8 * std::abs(d.nth);
  return static_cast<short>(d.nth < 0 ? -value : value);
}

icalrecurrencetype_frequency in_ical(repeat_rule::unit every) noexcept {
  switch (every) {
    case repeat_rule::unit::day:
      return ICAL_DAILY_RECURRENCE;
    case repeat_rule::unit::week:
      return ICAL_WEEKLY_RECURRENCE;
    case repeat_rule::unit::month:
      return ICAL_MONTHLY_RECURRENCE;
    case repeat_rule::unit::year:
      return ICAL_YEARLY_RECURRENCE;
  }
  return ICAL_NO_RECURRENCE;
}

template <std::size_t Size>
void fill(short (&to)[Size], const std::vector<int>& from) noexcept {  // NOLINT(*-avoid-c-arrays): the library's own arrays
  const std::size_t n = std::min(from.size(), Size - 1);
  for (std::size_t i = 0; i < n; ++i) to[i] = static_cast<short>(from[i]);
}

// The days of a week from its first one, as the library expects them.
std::vector<repeat_rule::by_day> in_order(const repeat_rule& rule) {
  auto out = rule.days;
  std::ranges::sort(out, {}, [&](const repeat_rule::by_day& d) { return std::pair((d.day - rule.week_start).count(), d.nth); });
  return out;
}

// `first`: the date at which the iterator begins. A count is left to the caller, because the iterator may begin before the start.
icalrecurrencetype in_ical(const repeat_rule& rule, const std::vector<repeat_rule::by_day>& named, local_days last) noexcept {
  icalrecurrencetype out;
  icalrecurrencetype_clear(&out);
  out.freq = in_ical(rule.every);
  out.interval = static_cast<short>(rule.interval);
  out.until = in_ical(last);
  out.week_start = static_cast<icalrecurrencetype_weekday>(rule.week_start.c_encoding() + 1);
  const std::size_t n = std::min(named.size(), std::size(out.by_day) - 1);
  for (std::size_t i = 0; i < n; ++i) out.by_day[i] = in_ical(named[i]);
  fill(out.by_month_day, rule.month_days);
  fill(out.by_month, rule.months);
  fill(out.by_set_pos, rule.positions);
  return out;
}

// In a weekly rule the library begins at the first named day of the start's week; by itself it finds that day only where weeks begin on
// Monday or Sunday.
local_days iterator_start(const repeat_rule& rule, const std::vector<repeat_rule::by_day>& named, local_days start) noexcept {
  if (rule.every != repeat_rule::unit::week || named.empty()) return start;
  return start - (weekday{start} - rule.week_start) + (named.front().day - rule.week_start);
}

std::string too_many(const repeat_bounds& bounds) {
  return "the rule has more than " + std::to_string(max_occurrences) + " dates until " + date_text(bounds.last) +
         "; end it earlier and write another row for the rest";
}

std::optional<std::string> wrong_bounds(const repeat_rule& rule, const repeat_bounds& bounds) {
  const year_month_day date{bounds.start};
  if (date.year() < first_year || date.year() > last_year)
    return "a row can repeat from the year 1900 to 2500 only, but it starts on " + date_text(bounds.start);
  if (bounds.last < bounds.start) return "the rule ends on " + date_text(bounds.last) + ", before the start on " + date_text(bounds.start);
  if (bounds.last > last_day_of_repeats(bounds.start))
    return "the rule goes on until " + date_text(bounds.last) + ", more than " + std::to_string(max_repeat_span.count()) +
           " years after the start; is the year right?";
  if (const auto why = why_not_on(rule, bounds.start); !why.empty())
    return "the start " + date_text(bounds.start) + " " + why + "; change the start or the rule";
  return std::nullopt;
}

}  // namespace

local_days last_day_of_repeats(local_days start) noexcept {
  return local_days{year_month_day{start} + max_repeat_span};
}

std::string why_not_on(const repeat_rule& rule, local_days day) {
  using unit = repeat_rule::unit;
  const year_month_day date{day};
  const int d = static_cast<int>(unsigned{date.day()});
  if (!has_month(rule, date))
    return "is in month " + std::to_string(unsigned{date.month()}) + ", but the rule names " + names_of(rule.months);
  if (!rule.month_days.empty() && !has_month_day(rule, date))
    return "is day " + std::to_string(d) + " of its month, but the rule names " + names_of(rule.month_days);
  if (!rule.days.empty() && !has_weekday(rule, day)) return why_not_weekday(rule, day);
  if (!rule.positions.empty() && !has_position(rule, day))
    return "is none of the days that BYSETPOS=" + names_of(rule.positions) + " chooses";
  const bool long_unit = rule.every == unit::month || rule.every == unit::year;
  const bool by_start = long_unit && rule.days.empty() && rule.month_days.empty();
  const bool all_months = rule.every == unit::month || !rule.months.empty();
  if (by_start && (all_months ? d > 28 : d == 29 && date.month() == February))
    return "is day " + std::to_string(d) +
           ", which not every month has: write a rule with BYMONTH and BYMONTHDAY=-1 for the last day of the month, or with BYMONTHDAY=" +
           std::to_string(d) + " for the months that have it";
  return {};
}

std::expected<std::vector<local_days>, std::string> expand(const repeat_rule& rule, const repeat_bounds& bounds) {
  if (const auto wrong = wrong_bounds(rule, bounds)) return std::unexpected(*wrong);
  const auto named = in_order(rule);
  const std::unique_ptr<icalrecur_iterator, end_iterator> it(
      icalrecur_iterator_new(in_ical(rule, named, bounds.last), in_ical(iterator_start(rule, named, bounds.start))));
  std::vector<local_days> out;
  const auto odd = [] { return std::unexpected(std::string("the calendar library cannot carry this rule out; write rows of their own")); };
  if (!it) return odd();
  for (;;) {
    const icaltimetype at = icalrecur_iterator_next(it.get());
    if (icaltime_is_null_time(at) != 0) break;
    const local_days day = from_ical(at);
    if (day < bounds.start) continue;
    // The first date is the start, and later ones follow: what else the library might say is not believed.
    if (out.empty() ? day != bounds.start : day <= out.back()) return odd();
    if (std::ssize(out) == max_occurrences) return std::unexpected(too_many(bounds));
    out.push_back(day);
    if (std::ssize(out) == bounds.count && bounds.by_count) return out;
  }
  if (out.empty()) return odd();
  if (bounds.by_count)
    return std::unexpected("the rule has only " + std::to_string(out.size()) + " of its " + std::to_string(bounds.count) +
                           " dates within " + std::to_string(max_repeat_span.count()) + " years; end it by a date, or earlier");
  return out;
}

}  // namespace convoke::spec
