#include <convoke/time.hpp>

#include <algorithm>
#include <array>

#include "core/civil.hpp"

namespace convoke {

namespace {

using namespace std::chrono;

// Writes the last `digits` decimal digits of `value`, with leading zeros.
void put(char* at, std::uint32_t value, int digits) noexcept {
  for (int i = digits - 1; i >= 0; --i, value /= 10) at[i] = static_cast<char>('0' + value % 10);
}

}  // namespace

std::string format_utc(utc_time t) {
  // A year has four digits here. No time that convoke reads lies outside.
  t = std::clamp(t, utc_time{core::first_second}, utc_time{core::last_second});
  const auto second = floor<seconds>(t);
  const auto midnight = floor<days>(second);
  const year_month_day date{midnight};
  const auto of_day = static_cast<std::uint32_t>((second - midnight).count());
  std::array<char, 28> text{};
  char* const p = text.data();
  put(p, static_cast<std::uint32_t>(static_cast<int>(date.year())), 4);
  p[4] = '-';
  put(p + 5, static_cast<unsigned>(date.month()), 2);
  p[7] = '-';
  put(p + 8, static_cast<unsigned>(date.day()), 2);
  p[10] = 'T';
  put(p + 11, of_day / 3600, 2);
  p[13] = ':';
  put(p + 14, of_day / 60 % 60, 2);
  p[16] = ':';
  put(p + 17, of_day % 60, 2);
  std::size_t length = 19;
  if (const auto fraction = (t - second).count(); fraction != 0) {
    p[19] = '.';
    put(p + 20, static_cast<std::uint32_t>(fraction), 7);
    length = 27;
    while (p[length - 1] == '0') --length;
  }
  p[length++] = 'Z';
  return {p, length};
}

std::optional<utc_time> parse_utc(std::string_view text) {
  const auto written = core::parse_civil(text);
  if (!written || !written->seconds || !written->offset) return std::nullopt;
  const sys_seconds second = sys_seconds{written->local.time_since_epoch()} - *written->offset;
  if (second < core::first_second || second > core::last_second) return std::nullopt;
  return utc_time{second} + ticks{written->fraction};
}

}  // namespace convoke
