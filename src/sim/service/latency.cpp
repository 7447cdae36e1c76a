#include "sim/service/latency.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include <fmt/format.h>

#include "sim/service/setting_values.hpp"

namespace convoke::sim {
namespace {

using kind = latency_options::kind;

// Takes `prefix` off the front of `text`.
bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

// The part before `mark`, which is taken off with it; all of it where there is no mark.
std::string_view next_part(std::string_view& text, char mark) {
  const auto end = std::min(text.find(mark), text.size());
  const auto part = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return part;
}

result<latency_options> read_percentiles(std::string_view text) {
  constexpr std::size_t most = 100;
  latency_options made{.shape = kind::percentiles};
  while (!text.empty()) {
    auto one = next_part(text, ',');
    const auto percent = read_real(next_part(one, '='), 0, 100);
    const auto seconds = read_seconds(one);
    if (!percent || !seconds) return fail(errc::usage, "use percentiles:PERCENT=TIME,…, as in percentiles:50=20ms,90=80ms,99=1s");
    if (!made.points.empty() && (*percent <= made.points.back().first || *seconds < made.points.back().second))
      return fail(errc::usage, "percentiles rise from one to the next");
    made.points.emplace_back(*percent, *seconds);
  }
  if (made.points.empty() || made.points.size() > most) return fail(errc::usage, "there are 1 to 100 percentiles");
  return made;
}

// Below the first point and above the last one the time is theirs.
double at_percent(const std::vector<std::pair<double, double>>& points, double percent) {
  const auto above = std::ranges::upper_bound(points, percent, {}, &std::pair<double, double>::first);
  if (above == points.begin()) return points.front().second;
  if (above == points.end()) return points.back().second;
  const auto& [low, least] = *std::prev(above);
  const auto& [high, most] = *above;
  return least + (most - least) * (percent - low) / (high - low);
}

}  // namespace

result<latency_options> parse_latency(std::string_view text) {
  latency_options made{.shape = kind::fixed};
  if (take(text, "percentiles:")) return read_percentiles(text);
  if (take(text, "lognormal:")) {
    made.shape = kind::lognormal;
    const auto median = next_part(text, ':');
    const auto sigma = read_real(text, 0, 10);
    if (!sigma) return fail(errc::usage, "use lognormal:MEDIAN:SIGMA, as in lognormal:20ms:0.5");
    made.sigma = *sigma;
    text = median;
  } else if (take(text, "uniform:")) {
    made.shape = kind::uniform;
    const auto least = next_part(text, ':');
    const auto most = read_seconds(text);
    if (!most) return fail(errc::usage, "use uniform:LEAST:MOST, as in uniform:10ms:50ms");
    made.most_seconds = *most;
    text = least;
  }
  const auto seconds = read_seconds(text);
  if (!seconds) return std::unexpected(seconds.error());
  made.median_seconds = *seconds;
  if (made.shape == kind::uniform && made.most_seconds < made.median_seconds)
    return fail(errc::usage, "the least time of uniform:LEAST:MOST is not above the other");
  if (made.shape != kind::uniform && made.median_seconds <= 0) made.shape = kind::none;
  return made;
}

std::string latency_text(const latency_options& of) {
  switch (of.shape) {
    case kind::none:
      return "0";
    case kind::fixed:
      return write_number(of.median_seconds) + "s";
    case kind::lognormal:
      return fmt::format("lognormal:{}s:{}", of.median_seconds, of.sigma);
    case kind::uniform:
      return fmt::format("uniform:{}s:{}s", of.median_seconds, of.most_seconds);
    case kind::percentiles:
      break;
  }
  std::string out = "percentiles:";
  for (const auto& [percent, seconds] : of.points) out += fmt::format("{}{}={}s", out.back() == ':' ? "" : ",", percent, seconds);
  return out;
}

std::chrono::nanoseconds draw_latency(const latency_options& from, random_source& random) {
  double seconds = from.median_seconds;
  switch (from.shape) {
    case kind::none:
      return std::chrono::nanoseconds(0);
    case kind::fixed:
      break;
    case kind::lognormal: {
      const double normal = std::sqrt(-2 * std::log(1 - random.real())) * std::cos(2 * std::numbers::pi * random.real());  // Box-Muller
      seconds *= std::exp(from.sigma * normal);
      break;
    }
    case kind::uniform:
      seconds += (from.most_seconds - from.median_seconds) * random.real();
      break;
    case kind::percentiles:
      seconds = at_percent(from.points, 100 * random.real());
      break;
  }
  return std::chrono::nanoseconds(static_cast<std::int64_t>(std::min(seconds, 3600.0) * 1e9));
}

}  // namespace convoke::sim
