#pragma once

// The rule by which a row repeats: what a `repeat` cell says.
//
// A cell holds a recurrence rule of RFC 5545, with or without `RRULE:`, or its short form. Case does not matter. A rule has an end.
//
//   FREQ=WEEKLY;BYDAY=MO,WE;UNTIL=20261215        FREQ=MONTHLY;BYDAY=1TU;COUNT=6 FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=6
//
// Parts: FREQ (DAILY, WEEKLY, MONTHLY, YEARLY), INTERVAL, COUNT, UNTIL (a date, which is included; a local time; or an instant that ends in
// Z), BYDAY, BYMONTHDAY, BYMONTH, BYSETPOS, WKST. A part that the start decides (BYHOUR and finer), that the calendar library gets wrong
// (BYWEEKNO, BYYEARDAY) or that readers of rules disagree about (BYMONTHDAY in a year without BYMONTH) is refused, as are unknown parts,
// parts that occur twice and values that occur twice.
//
// The short form:
//
//   rule  = every [ [ "on" ] day { [ "and" ] day } ] end
//   every = "daily" | "weekly" | "monthly" | "yearly" | "every" ( unit | "other" unit | NUMBER unit | day { [ "and" ] day } )
//   unit  = "day" | "week" | "month" | "year", or its plural
//   day   = "MO" | "Mon" | "Monday" | …; weekly only
//   end   = "until" DATE | NUMBER ( "times" | "time" )
//
// A comma is a blank. `weekly MO,WE until 2026-12-15`, `daily 5 times`, `every 2 weeks TU 10 times`, `every Monday until 2027-02-12`.
//
// COUNT and `times` count the dates of the rule before skip_dates leaves some out, as RFC 5545 does with EXDATE.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "spec/dates.hpp"

namespace convoke::spec {

// Occurrences of one row, and how long after its start the last one may be. More is taken for a mistake, and keeps the work bounded.
inline constexpr int max_occurrences = 366;
inline constexpr std::chrono::years max_repeat_span{10};

struct repeat_rule {
  enum class unit : std::uint8_t { day, week, month, year };
  struct by_day {
    std::chrono::weekday day;
    int nth = 0;  // in the month or year, from its end where negative; 0: each
    friend bool operator==(const by_day&, const by_day&) = default;
  };
  // How often; the last day, included; the last local time; the last instant.
  using end_of_rule = std::variant<int, std::chrono::local_days, std::chrono::local_seconds, std::chrono::sys_seconds>;

  unit every = unit::week;
  int interval = 1;             // 1 to 999
  std::vector<by_day> days;     // BYDAY; the following likewise; empty: not given
  std::vector<int> month_days;  // ±1 to ±31
  std::vector<int> months;      // 1 to 12
  std::vector<int> positions;   // ±1 to ±366
  std::chrono::weekday week_start = std::chrono::Monday;
  end_of_rule end = 1;
};

template <typename T>
[[nodiscard]] bool lists(const std::vector<T>& values, const T& value) {
  return std::ranges::find(values, value) != values.end();
}

// Reads a cell, trimmed. The failure is the reason, for people, why it is wrong. `read_date` reads the date after `until`.
[[nodiscard]] std::expected<repeat_rule, std::string> parse_repeat(std::string_view cell, const date_reader& read_date);

// The two forms, for parse_repeat.
[[nodiscard]] std::expected<repeat_rule, std::string> parse_recurrence_rule(std::string_view text);
[[nodiscard]] std::expected<repeat_rule, std::string> parse_repeat_words(std::string_view text, const date_reader& read_date);

}  // namespace convoke::spec
