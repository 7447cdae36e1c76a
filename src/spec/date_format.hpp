#pragma once

// --date-format: the form in which an input writes its dates and times, such as `%d.%m.%Y %H:%M`.
//
//   %d %m      day and month, one or two digits          %b %B   English name of the month, whole or its first three letters (also Sept)
//   %Y %y      year of four or two digits (2000 to 2099) %F %T   %Y-%m-%d, %H:%M:%S
//   %H %I      hour of 24 or of 12, one or two digits    %p      AM or PM, also a.m. and p.m.
//   %M %S      minute and second, two digits             %z      Z, UTC, +01:00, +0100 or +01
//   %%         a per cent sign
//
// A blank matches any number of blanks of any kind, also none where no number would touch another. Other text matches itself. Case does not
// count in names, AM and PM.

#include <chrono>
#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <convoke/error.hpp>

#include "spec/scanner.hpp"
#include "spec/written_time.hpp"

namespace convoke::spec {

class date_format {
 public:
  // errc::usage, naming the part, where the format has an unknown one, one part twice, no complete date, or an hour of 12 without AM or PM.
  [[nodiscard]] static result<date_format> parse(std::string_view text);

  // Reads a trimmed cell by the whole format, or by its date or time of day alone; what is wanted is tried first. Parts that are mixed
  // (day, hour, month) serve together only. The failure is the reason for people, and names the part that does not fit.
  [[nodiscard]] std::expected<written_time, std::string> read(std::string_view cell, time_cell wanted) const;

  // True where the hours are of 12, so that a mere 8:15 would be ambiguous.
  [[nodiscard]] bool has_half_days() const noexcept { return half_days_; }
  [[nodiscard]] bool begins_with_year() const noexcept { return !items_.empty() && items_.front().what == 'Y'; }
  [[nodiscard]] bool has_time_of_day() const noexcept { return has_hour_; }
  // True where 2026-01-09 may be 1 September in this format.
  [[nodiscard]] bool may_be_year_day_month() const noexcept { return year_day_month_; }

 private:
  struct item {
    char what = '=';      // the letter of the part; ' ' blanks; '=' literal text
    std::string literal;  // of '='
    bool exact = false;   // a number follows at once, so that two digits are needed
  };
  struct span {
    std::size_t begin = 0, end = 0;
  };
  struct parts;  // of a cell while it is read

  [[nodiscard]] result<void> append(std::string_view text);
  [[nodiscard]] result<void> check() const;
  void find_spans();
  [[nodiscard]] std::expected<written_time, std::string> match(std::string_view cell, span which) const;
  [[nodiscard]] static std::string take(const item& it, scanner& s, parts& out);

  std::string text_;
  std::vector<item> items_;
  span date_, time_;  // empty: there is no such part, or it is mixed with the other
  bool has_hour_ = false;
  bool half_days_ = false, year_day_month_ = false;
};

}  // namespace convoke::spec
