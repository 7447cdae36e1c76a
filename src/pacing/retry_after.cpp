#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "core/civil.hpp"
#include "core/text.hpp"
#include "pacing/pacing.hpp"

namespace convoke::pacing {

namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;

// A shorter wait is taken for a rounded one: `Retry-After: 0` would otherwise mean a busy loop.
constexpr nanoseconds shortest = std::chrono::milliseconds(500);
// Longer than any real number of seconds; bounds the work that a hostile server can cause.
constexpr std::size_t longest_number = 64;

bool digits_only(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, core::ascii_digit);
}

// `5` or `2.128`, rounded up to a nanosecond.
std::optional<nanoseconds> read_seconds(std::string_view text) {
  if (text.size() > longest_number) return std::nullopt;
  const auto point = text.find('.');
  const auto whole = text.substr(0, point);
  const auto fraction = point == std::string_view::npos ? std::string_view("0") : text.substr(point + 1);
  if (!digits_only(whole) || !digits_only(fraction)) return std::nullopt;

  constexpr auto most = std::chrono::duration_cast<seconds>(longest_wait).count();
  std::int64_t value = 0;
  for (const char c : whole) {
    value = value * 10 + (c - '0');
    if (value >= most) return longest_wait;
  }
  std::int64_t part = 0;
  for (std::size_t i = 0; i < 9; ++i) part = part * 10 + (i < fraction.size() ? fraction[i] - '0' : 0);
  if (fraction.size() > 9 && fraction.find_first_not_of('0', 9) != std::string_view::npos) ++part;
  return seconds(value) + nanoseconds(part);
}

nanoseconds from_until(utc_time base, utc_time target) {
  if (target <= base) return nanoseconds::zero();
  // Compared as ticks: eight thousand years of nanoseconds overflow.
  const ticks distance = target - base;
  return distance >= std::chrono::duration_cast<ticks>(longest_wait) ? longest_wait : nanoseconds(distance);
}

void keep_larger(std::optional<nanoseconds>& best, nanoseconds candidate) {
  best = best ? std::max(*best, candidate) : candidate;
}

// One header line. A comma joins repeated headers and also stands within two of the three forms of a date.
void read_line(std::string_view line, utc_time base, std::optional<nanoseconds>& best) {
  std::size_t begin = 0;
  while (begin <= line.size()) {
    const auto comma = std::min(line.find(',', begin), line.size());
    const auto part = core::trim_http(line.substr(begin, comma - begin));
    std::size_t next = comma + 1;
    if (const auto wait = read_seconds(part)) {
      keep_larger(best, *wait);
    } else if (const auto asctime = parse_http_date(part, base)) {
      keep_larger(best, from_until(base, *asctime));
    } else if (comma < line.size()) {
      const auto second_comma = std::min(line.find(',', comma + 1), line.size());
      if (const auto date = parse_http_date(line.substr(begin, second_comma - begin), base)) {
        keep_larger(best, from_until(base, *date));
        next = second_comma + 1;
      }
    }
    begin = next;
  }
}

}  // namespace

std::optional<nanoseconds> parse_retry_after(std::span<const std::string_view> values, std::string_view date, utc_time local_now) {
  const utc_time here = std::clamp(local_now, utc_time{core::first_second}, utc_time{core::last_second});
  const utc_time base = parse_http_date(date, here).value_or(here);
  std::optional<nanoseconds> best;
  for (const auto line : values) read_line(line, base, best);
  if (!best) return std::nullopt;
  return std::max(*best, shortest);
}

}  // namespace convoke::pacing
