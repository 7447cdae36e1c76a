#include <algorithm>
#include <functional>
#include <numeric>

#include <fmt/format.h>

#include "simulation/pace.hpp"

namespace convoke::simulation {

namespace {

constexpr std::array<std::string_view, 3> window_names = {"bucket", "fixed", "sliding"};

using value_of = std::function<double(const pace_result&)>;

struct spread {
  std::vector<std::pair<double, std::uint64_t>> values;  // sorted; with their seeds

  [[nodiscard]] double at(double share) const {
    if (values.empty()) return 0;
    const auto i = static_cast<std::size_t>(share * static_cast<double>(values.size() - 1) + 0.5);
    return values[i].first;
  }
  [[nodiscard]] double mean() const {
    const auto sum = std::accumulate(values.begin(), values.end(), 0.0, [](double s, const auto& v) { return s + v.first; });
    return values.empty() ? 0 : sum / static_cast<double>(values.size());
  }
};

spread spread_of(const std::vector<pace_result>& all, const std::function<bool(const pace_result&)>& wanted, const value_of& value) {
  spread s;
  for (const auto& r : all)
    if (wanted(r) && value(r) >= 0) s.values.emplace_back(value(r), r.seed);
  std::ranges::sort(s.values);
  return s;
}

void print_line(std::string_view what, std::string_view window, const spread& s, bool small_is_good, std::string_view threshold) {
  if (s.values.empty()) return;
  std::string worst;
  for (std::size_t i = 0; i < 3 && i < s.values.size(); ++i) {
    const auto& v = small_is_good ? s.values[s.values.size() - 1 - i] : s.values[i];
    worst += fmt::format(" {}:{:.3f}", v.second, v.first);
  }
  fmt::print("{:<34} {:<8} {:>4}  {:>7.3f} {:>7.3f} {:>7.3f} {:>7.3f}  {:<26} worst{}\n", what, window, s.values.size(), s.mean(),
             s.at(0.05), s.at(0.5), s.at(0.95), threshold, worst);
}

class reporter {
 public:
  explicit reporter(const std::vector<pace_result>& all) : all_(all) {}

  // One line for each window, then one for all of them, which is compared with the threshold.
  spread lines(std::string_view what, pace_case c, const value_of& value, bool small_is_good, std::string_view threshold) {
    for (std::size_t w = 0; w < window_names.size(); ++w) {
      const auto kind = static_cast<sim::window_kind>(w);
      print_line(what, window_names[w],
                 spread_of(all_, [&](const pace_result& r) { return r.what == c && r.window == kind; }, value), small_is_good, "");
    }
    auto whole = spread_of(all_, [c](const pace_result& r) { return r.what == c; }, value);
    print_line(what, "all", whole, small_is_good, threshold);
    return whole;
  }
  // A goal that is not met is printed; the report fails where a guard, which was met before, is not.
  struct bounds {
    double goal, guard;
  };
  void at_least(double value, bounds b, std::string_view what) { compare(value >= b.goal, value >= b.guard, value, what); }
  void at_most(double value, bounds b, std::string_view what) { compare(value <= b.goal, value <= b.guard, value, what); }
  [[nodiscard]] bool good() const noexcept { return good_; }

 private:
  void compare(bool met, bool kept, double value, std::string_view what) {
    if (!met) fmt::print("{}: {}: {:.3f}\n", kept ? "NOT MET" : "LOST", what, value);
    good_ = good_ && kept;
  }

  const std::vector<pace_result>& all_;
  bool good_ = true;
};

double goodput(const pace_result& r) {
  return r.goodput;
}
double throttled(const pace_result& r) {
  return r.throttled;
}
double recovered(const pace_result& r) {
  return r.recovered_after;
}

void report_two_runs(reporter& out) {
  const auto first =
      out.lines("60 s of quota, first run", pace_case::two_runs, [](const pace_result& r) { return r.first_run; }, true, "<= 1.10");
  const auto second =
      out.lines("60 s of quota, second run", pace_case::two_runs, [](const pace_result& r) { return r.second_run; }, true, "<= 1.03");
  if (first.values.empty() || second.values.empty()) return;
  out.at_most(first.at(0.5), {1.10, 1.10}, "the first run within 1.10 of the ideal time, median");
  out.at_most(first.at(0.95), {1.10, 1.18}, "the first run within 1.10 of the ideal time, in 19 of 20 worlds");
  out.at_most(second.at(0.5), {1.03, 1.03}, "the second run within 1.03 of the ideal time, median");
  out.at_most(second.at(0.95), {1.03, 1.07}, "the second run within 1.03 of the ideal time, in 19 of 20 worlds");
}

void report_changes(reporter& out) {
  const auto halves = out.lines("halves: goodput from 10 s after", pace_case::halves, goodput, false, "median >= 0.95");
  (void)out.lines("halves: seconds until it is back", pace_case::halves, recovered, true, "");
  const auto doubles = out.lines("doubles: goodput from 30 s after", pace_case::doubles, goodput, false, "median >= 0.95");
  (void)out.lines("doubles: seconds until it is back", pace_case::doubles, recovered, true, "");
  (void)out.lines("disappears: seconds to the ceiling", pace_case::disappears, recovered, true, "");
  (void)out.lines("grows slow: share of its capacity", pace_case::grows_slow, goodput, false, "");
  (void)out.lines(
      "grows slow: the slowest answer, s", pace_case::grows_slow, [](const pace_result& r) { return r.slowest_answer; }, true, "");
  const auto random = out.lines("random throttles: share of the rest", pace_case::random_throttles, goodput, false, "");
  const auto one = out.lines("one organizer: the lane's goodput", pace_case::one_organizer, goodput, false, "median >= 0.95");
  (void)out.lines(
      "one organizer: attributed after, s", pace_case::one_organizer,
      [](const pace_result& r) { return r.labelled ? -1 : r.singled_out_after; }, true, "(unlabelled only)");
  if (!halves.values.empty()) out.at_least(halves.at(0.5), {0.95, 0.92}, "a limit that halves: 0.95 of it from 10 s after, median");
  if (!doubles.values.empty()) out.at_least(doubles.at(0.5), {0.95, 0.92}, "a limit that doubles: 0.95 of it from 30 s after, median");
  if (!random.values.empty()) {
    out.at_least(random.at(0.5), {0.9, 0.8}, "random throttles: 0.9 of what they leave, median");
    out.at_least(random.at(0.05), {0.7, 0.4}, "random throttles: 0.7 of what they leave, in 19 of 20 worlds");
  }
  if (!one.values.empty())
    out.at_least(one.at(0.5), {0.95, 0.92}, "one organizer limited among 100: the lane keeps 0.95 of its pace, median");
}

}  // namespace

bool report_pace(std::vector<pace_result> results) {
  if (results.empty()) return true;
  reporter out(results);
  fmt::print("{:<34} {:<8} {:>4}  {:>7} {:>7} {:>7} {:>7}  {}\n", "", "window", "n", "mean", "p5", "median", "p95", "threshold");
  const auto steady = out.lines("settled: goodput / limit", pace_case::steady, goodput, false, "median >= 0.97, p5 >= 0.93");
  const auto refused = out.lines("settled: share throttled", pace_case::steady, throttled, true, "mean <= 0.01");
  report_two_runs(out);
  report_changes(out);
  if (!steady.values.empty()) {
    out.at_least(steady.at(0.5), {0.97, 0.965}, "settled: a median goodput of 0.97 of the limit");
    out.at_least(steady.at(0.05), {0.93, 0.93}, "settled: a goodput of 0.93 of the limit in 19 of 20 worlds");
    out.at_most(refused.mean(), {0.01, 0.01}, "settled: at most 1 % of the calls throttled");
  }
  std::uint64_t inferred = 0;
  for (const auto& r : results) inferred += r.early_by_inference;
  fmt::print("calls in a cooldown because of an inference: {}\n", inferred);
  return out.good();
}

}  // namespace convoke::simulation
