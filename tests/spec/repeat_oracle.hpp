#pragma once

// The dates of a rule, found by looking at every day of ten years. It shares nothing with the code under test.

#include <chrono>
#include <cstdlib>
#include <vector>

#include "spec/repeat_rule.hpp"

namespace spec_test {

class naive_dates {
 public:
  naive_dates(const convoke::spec::repeat_rule& rule, std::chrono::local_days start) : rule_(rule), start_(start) {}

  // From the start to `last`, both included.
  [[nodiscard]] std::vector<std::chrono::local_days> until(std::chrono::local_days last) const {
    std::vector<std::chrono::local_days> out;
    const long first_period = period(start_);
    for (auto day = start_; day <= last; day += std::chrono::days{1}) {
      if ((period(day) - first_period) % rule_.interval == 0 && chosen(day)) out.push_back(day);
    }
    return out;
  }

 private:
  using date = std::chrono::year_month_day;
  using days = std::chrono::days;
  using unit = convoke::spec::repeat_rule::unit;

  // The number of the day, week, month or year since some time before the start.
  [[nodiscard]] long period(std::chrono::local_days day) const {
    const date d{day};
    const std::chrono::local_days epoch{std::chrono::year{1890} / 1 / 1};
    switch (rule_.every) {
      case unit::day:
        return (day - epoch).count();
      case unit::week: {
        auto first = epoch;
        while (std::chrono::weekday{first} != rule_.week_start) first += days{1};
        return (day - first).count() / 7;
      }
      case unit::month:
        return static_cast<int>(d.year()) * 12L + static_cast<long>(unsigned{d.month()});
      case unit::year:
        return static_cast<int>(d.year());
    }
    return 0;
  }
  [[nodiscard]] bool chosen(std::chrono::local_days day) const {
    if (!candidate(day)) return false;
    if (rule_.positions.empty()) return true;
    int before = 0, after = 0;
    for (auto d = day; period(d) == period(day); d -= days{1}) before += candidate(d) ? 1 : 0;
    for (auto d = day; period(d) == period(day); d += days{1}) after += candidate(d) ? 1 : 0;
    for (const int p : rule_.positions)
      if (p == before || -p == after) return true;
    return false;
  }

  [[nodiscard]] bool candidate(std::chrono::local_days day) const {
    const date d{day}, s{start_};
    bool ok = rule_.months.empty();
    for (const int m : rule_.months) ok |= std::chrono::month{static_cast<unsigned>(m)} == d.month();
    return ok && day_of_month(day) && weekday(day) && implied(d, s);
  }

  // What the rule does not name is as in the start.
  [[nodiscard]] bool implied(date d, date s) const {
    const bool named = !rule_.days.empty() || !rule_.month_days.empty();
    if (rule_.every == unit::day || named) return true;
    if (rule_.every == unit::week) return std::chrono::weekday{std::chrono::local_days{d}} == std::chrono::weekday{start_};
    return d.day() == s.day() && (rule_.every == unit::month || !rule_.months.empty() || d.month() == s.month());
  }

  [[nodiscard]] bool day_of_month(std::chrono::local_days day) const {
    if (rule_.month_days.empty()) return true;
    for (const int n : rule_.month_days) {
      int left = std::abs(n) - 1;
      auto d = day;
      for (; left > 0 && date{d}.month() == date{day}.month(); --left) d += n > 0 ? -days{1} : days{1};
      const auto beyond = d + (n > 0 ? -days{1} : days{1});
      if (left == 0 && date{d}.month() == date{day}.month() && date{beyond}.month() != date{day}.month()) return true;
    }
    return false;
  }

  [[nodiscard]] bool weekday(std::chrono::local_days day) const {
    if (rule_.days.empty()) return true;
    const bool in_year = rule_.every == convoke::spec::repeat_rule::unit::year && rule_.months.empty();
    const auto same = [&](std::chrono::local_days other) {
      return date{other}.year() == date{day}.year() && (in_year || date{other}.month() == date{day}.month());
    };
    int nth = 0, from_end = 0;
    for (auto d = day; same(d); d -= days{7}) ++nth;
    for (auto d = day; same(d); d += days{7}) --from_end;
    for (const auto& named : rule_.days)
      if (named.day == std::chrono::weekday{day} && (named.nth == 0 || named.nth == nth || named.nth == from_end)) return true;
    return false;
  }

  const convoke::spec::repeat_rule& rule_;
  std::chrono::local_days start_;
};

}  // namespace spec_test
