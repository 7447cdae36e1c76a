#include "report/forecast.hpp"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "report/local_time.hpp"
#include "report/progress.hpp"
#include "report/wording.hpp"

namespace convoke::report {
namespace {

using basis = forecast::basis;

std::string_view word(basis from) {
  switch (from) {
    case basis::nothing_to_do:
      return "nothing_to_do";
    case basis::fixed:
      return "fixed";
    case basis::learnt:
      return "learnt";
    case basis::learnt_long_ago:
      return "learnt_long_ago";
    case basis::unknown:
      return "unknown";
  }
  return "unknown";
}

std::string calls_text(std::uint64_t calls) {
  return calls == 1 ? "1 call" : grouped(calls) + " calls";
}

double seconds(std::chrono::milliseconds d) {
  return static_cast<double>(d.count()) / 1000;
}

std::string until(const forecast& f, utc_time now) {
  const auto first = local_minute(now + f.least, now), last = local_minute(now + f.most, now);
  return first == last ? "until about " + last : fmt::format("until {} at the earliest, {} at the latest", first, last);
}

}  // namespace

std::string rate_for_people(double rate) {
  return rate >= 10 ? fmt::format("{:.0f}/s", rate) : fmt::format("{:.2g}/s", rate);
}

std::string age_for_people(std::chrono::seconds age) {
  const auto s = std::max<std::int64_t>(age.count(), 0);
  if (s < 120) return fmt::format("{} s", s);
  if (s < 7200) return fmt::format("{} min", s / 60);
  if (s < 48 * 3600) return fmt::format("{} h", s / 3600);
  return fmt::format("{} days", s / 86400);
}

std::string forecast_text(const forecast& f, utc_time now) {
  const auto start = "Forecast: " + calls_text(f.calls);
  const auto longest = duration_for_people(f.most), shortest = duration_for_people(f.least);
  const auto ago = f.learnt_ago ? age_for_people(*f.learnt_ago) : std::string();
  std::string out;
  switch (f.from) {
    case basis::nothing_to_do:
      return "Forecast: no call is owed.";
    case basis::fixed:
      out = fmt::format("{} at {} (--fixed-rate): {}, {}.", start, rate_for_people(f.rate), longest, until(f, now));
      break;
    case basis::learnt:
      out = fmt::format("{} at about {} (learnt {} ago): {}, {}.", start, rate_for_people(f.rate), ago, longest, until(f, now));
      break;
    case basis::learnt_long_ago:
      out = fmt::format("{} from {} on (half of what was learnt {} ago): {} to {}, {}.", start, rate_for_people(f.rate), ago, shortest,
                        longest, until(f, now));
      break;
    case basis::unknown:
      out = fmt::format(
          "{}; the rate that the service takes is not known yet. {} if it takes {} (--rate), {} at the {} of the start (--start-rate), "
          "longer "
          "if it takes less.",
          start, shortest, rate_for_people(f.ceiling), longest, rate_for_people(f.rate));
      break;
  }
  if (f.closed_for.count() > 0)
    out += fmt::format(" The service has closed the lane until {}; the durations include that.", local_minute(now + f.closed_for, now));
  return out;
}

std::string forecast_text(std::uint64_t calls_left, const std::optional<forecast>& f, utc_time now) {
  if (calls_left == 0) return forecast_text({}, now);
  if (f) return forecast_text(*f, now);
  return fmt::format("Forecast: {} left; the rate that the service takes is not known yet.", count_of(calls_left, "call is", "calls are"));
}

boost::json::object forecast_json(const forecast& f, utc_time now) {
  const bool any = f.from != basis::nothing_to_do;
  namespace json = boost::json;
  return {{"calls", f.calls},
          {"basis", word(f.from)},
          {"rate_per_s", any ? json::value(f.rate) : json::value(nullptr)},
          {"ceiling_per_s", f.ceiling},
          {"learnt_ago_s", f.learnt_ago ? json::value(f.learnt_ago->count()) : json::value(nullptr)},
          {"closed_for_s", seconds(f.closed_for)},
          {"least_s", seconds(f.least)},
          {"most_s", seconds(f.most)},
          {"until_earliest", local_time(now + f.least)},
          {"until_latest", local_time(now + f.most)}};
}

}  // namespace convoke::report
