#include "report/local_time.hpp"

#include <algorithm>
#include <ctime>

#include <fmt/format.h>

namespace convoke::report {
namespace {

std::tm local(utc_time t) {
  // Years that RFC 3339 can write.
  constexpr std::time_t first = -62'135'596'800, last = 253'402'214'400;
  const auto second = std::clamp<std::time_t>(std::chrono::floor<std::chrono::seconds>(t).time_since_epoch().count(), first, last);
  std::tm out{};
  ::localtime_r(&second, &out);
  return out;
}

std::string offset(const std::tm& at) {
  const auto minutes = at.tm_gmtoff / 60;
  return fmt::format("{}{:02}:{:02}", minutes < 0 ? '-' : '+', std::abs(minutes) / 60, std::abs(minutes) % 60);
}

}  // namespace

std::string local_time(utc_time t) {
  const auto at = local(t);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{}", at.tm_year + 1900, at.tm_mon + 1, at.tm_mday, at.tm_hour, at.tm_min,
                     at.tm_sec, offset(at));
}

std::string local_minute(utc_time t, utc_time now) {
  const auto at = local(t), today = local(now);
  const bool same_day = at.tm_year == today.tm_year && at.tm_yday == today.tm_yday;
  const auto date = same_day ? std::string() : fmt::format("{:04}-{:02}-{:02} ", at.tm_year + 1900, at.tm_mon + 1, at.tm_mday);
  return fmt::format("{}{:02}:{:02} {}", date, at.tm_hour, at.tm_min, offset(at));
}

}  // namespace convoke::report
