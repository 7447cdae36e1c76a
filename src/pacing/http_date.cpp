#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <string_view>

#include "core/civil.hpp"
#include "core/text.hpp"
#include "pacing/pacing.hpp"

namespace convoke::pacing {

namespace {

using std::chrono::sys_days;
using std::chrono::sys_seconds;

constexpr std::array<std::string_view, 12> months{"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::array<std::string_view, 7> short_days{"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
constexpr std::array<std::string_view, 7> long_days{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"};

// Reads forward and remembers whether anything failed, so that each grammar below is a plain sequence.
class cursor {
 public:
  explicit cursor(std::string_view text) noexcept : rest_(text) {}

  bool complete() const noexcept { return ok_ && rest_.empty(); }

  void literal(std::string_view expected) {
    if (!starts_with(expected)) return refuse();
    rest_.remove_prefix(expected.size());
  }

  // Exactly `digits` digits.
  int number(std::size_t digits) {
    if (!ok_ || rest_.size() < digits) return refuse(), 0;
    int value = 0;
    for (const char c : rest_.substr(0, digits)) {
      if (!core::ascii_digit(c)) return refuse(), 0;
      value = value * 10 + (c - '0');
    }
    rest_.remove_prefix(digits);
    return value;
  }

  // asctime pads the day with a blank.
  int blank_padded_number() {
    if (!rest_.empty() && rest_.front() == ' ') {
      rest_.remove_prefix(1);
      return number(1);
    }
    return number(2);
  }

  // The index of the one of `words` that comes next.
  template <std::size_t N>
  unsigned word(const std::array<std::string_view, N>& words) {
    for (unsigned i = 0; i < N; ++i) {
      if (!starts_with(words[i])) continue;
      rest_.remove_prefix(words[i].size());
      return i;
    }
    return refuse(), 0;
  }

 private:
  // Without regard to case: RFC 9110 requires the exact case of a sender only, and a date that is refused would mean a call too early.
  bool starts_with(std::string_view expected) const noexcept {
    return ok_ && core::equal_ignoring_case(rest_.substr(0, expected.size()), expected);
  }
  void refuse() noexcept { ok_ = false; }

  std::string_view rest_;
  bool ok_ = true;
};

struct time_of_day {
  int hour = 0, minute = 0, second = 0;
};

time_of_day read_time(cursor& in) {
  time_of_day t;
  t.hour = in.number(2);
  in.literal(":");
  t.minute = in.number(2);
  in.literal(":");
  t.second = in.number(2);
  return t;
}

std::optional<sys_seconds> assemble(int year, unsigned month_index, int day, time_of_day t) {
  const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{month_index + 1},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  // A leap second is written as 60 and is read as the first second of the next minute.
  if (!date.ok() || t.hour > 23 || t.minute > 59 || t.second > 60) return std::nullopt;
  return sys_days{date} + std::chrono::hours{t.hour} + std::chrono::minutes{t.minute} + std::chrono::seconds{t.second};
}

// RFC 9110, 5.6.7: a date that appears to be more than 50 years ahead is in the most recent past year with these two digits.
std::optional<sys_seconds> assemble_short_year(int two_digits, unsigned month_index, int day, time_of_day t, utc_time local_now) {
  const std::chrono::year_month_day today{std::chrono::floor<std::chrono::days>(local_now)};
  const int this_year = std::clamp(static_cast<int>(today.year()), 1970, 9899);
  const auto horizon = sys_days{std::chrono::year{this_year + 50} / today.month() / today.day()} +
                       std::chrono::duration_cast<std::chrono::seconds>(local_now - std::chrono::floor<std::chrono::days>(local_now));
  for (int year = this_year / 100 * 100 + two_digits + 100; year > this_year - 150; year -= 100) {
    const auto candidate = assemble(year, month_index, day, t);
    if (candidate ? *candidate <= horizon : year <= this_year + 50) return candidate;
  }
  return std::nullopt;
}

std::optional<sys_seconds> imf_fixdate(std::string_view text) {
  cursor in(text);
  in.word(short_days);
  in.literal(", ");
  const int day = in.number(2);
  in.literal(" ");
  const unsigned month = in.word(months);
  in.literal(" ");
  const int year = in.number(4);
  in.literal(" ");
  const auto time = read_time(in);
  in.literal(" GMT");
  return in.complete() ? assemble(year, month, day, time) : std::nullopt;
}

std::optional<sys_seconds> rfc850_date(std::string_view text, utc_time local_now) {
  cursor in(text);
  in.word(long_days);
  in.literal(", ");
  const int day = in.number(2);
  in.literal("-");
  const unsigned month = in.word(months);
  in.literal("-");
  const int year = in.number(2);
  in.literal(" ");
  const auto time = read_time(in);
  in.literal(" GMT");
  return in.complete() ? assemble_short_year(year, month, day, time, local_now) : std::nullopt;
}

std::optional<sys_seconds> asctime_date(std::string_view text) {
  cursor in(text);
  in.word(short_days);
  in.literal(" ");
  const unsigned month = in.word(months);
  in.literal(" ");
  const int day = in.blank_padded_number();
  in.literal(" ");
  const auto time = read_time(in);
  in.literal(" ");
  const int year = in.number(4);
  return in.complete() ? assemble(year, month, day, time) : std::nullopt;
}

}  // namespace

std::optional<utc_time> parse_http_date(std::string_view text, utc_time local_now) {
  // A clock that is far off must not overflow the arithmetic below.
  local_now = std::clamp(local_now, utc_time{core::first_second}, utc_time{core::last_second});
  text = core::trim_http(text);
  auto found = imf_fixdate(text);
  if (!found) found = rfc850_date(text, local_now);
  if (!found) found = asctime_date(text);
  if (!found) return std::nullopt;
  return utc_time{*found};
}

}  // namespace convoke::pacing
