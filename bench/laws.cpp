// Compares control laws in virtual time: each meets the same hidden limits with the same noise. Prints tables in Markdown.

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

#include "laws/law.hpp"
#include "laws/world.hpp"

namespace convoke::bench {
namespace {

struct options {
  std::uint64_t worlds = 200, seed = 1;
  tuning how;
};

constexpr std::array laws{law_kind::convoke, law_kind::cubic, law_kind::aimd};
constexpr std::array kinds{limit_kind::shallow_bucket, limit_kind::deep_bucket, limit_kind::fixed, limit_kind::sliding};
constexpr std::array<std::string_view, 4> kind_names{"bucket, 1-9 calls deep", "bucket, 1 s deep", "fixed window", "sliding window"};

// The default settings of a lane.
constexpr engine::settings defaults{};

constexpr double settled_from = 60, settled_to = 300;
constexpr double watched = 300;   // s after a limit doubled; also the figure of a law that has not found the new limit by then
constexpr double long_job = 60;   // s of quota
constexpr double short_job = 20;  // s of the quota that random throttles leave

struct samples {
  std::vector<double> goodput, throttled, first, second, halved, halved_later, doubled, found, found_late, cooldowns, noisy, noisy_job;
  // The number of worlds with more than 1 % of the calls throttled, and the highest limit among them; the number of worlds with goodput
  // below 0.93, and of buckets one call deep among them.
  double often_throttled = 0, often_up_to = 0, poor = 0, poor_shallow = 0;

  void add(const samples& s) {
    const auto append = [](std::vector<double>& to, const std::vector<double>& from) { to.insert(to.end(), from.begin(), from.end()); };
    append(goodput, s.goodput), append(throttled, s.throttled), append(first, s.first), append(second, s.second);
    append(halved, s.halved), append(doubled, s.doubled), append(found, s.found), append(found_late, s.found_late);
    append(noisy, s.noisy), append(noisy_job, s.noisy_job);
    append(halved_later, s.halved_later), append(cooldowns, s.cooldowns);
    often_throttled += s.often_throttled, often_up_to = std::max(often_up_to, s.often_up_to);
    poor += s.poor, poor_shallow += s.poor_shallow;
  }
};

double quantile(std::vector<double> v, double part) {
  if (v.empty()) return std::nan("");
  const auto at =
      v.begin() + static_cast<std::ptrdiff_t>(std::min(static_cast<double>(v.size()) - 1, part * static_cast<double>(v.size())));
  std::ranges::nth_element(v, at);
  return *at;
}
double mean(const std::vector<double>& v) {
  double sum = 0;
  for (const double x : v) sum += x;
  return v.empty() ? std::nan("") : sum / static_cast<double>(v.size());
}

class comparison {
 public:
  comparison(const options& o, law_kind kind) : options_(o), law_(kind) {}

  void measure(const world& w, bool also_late) {
    steady(w);
    random_throttles(with_random_throttles(w));
    // With few calls in a minute or with long windows, the time of a job is too coarse to compare.
    if (w.limit >= 10 && w.window <= 1) second_run(w);
    if (w.limit >= 8 && w.can_change_by(0.5)) {
      const auto c = simulate(w, {.seconds = w.change_at + 76, .factor = 0.5}, fresh());
      of.halved.push_back(c.between(w.change_at + 10, w.change_at + 25).accepted / (7.5 * w.limit));
      of.halved_later.push_back(c.between(w.change_at + 25, w.change_at + 75).accepted / (25 * w.limit));
    }
    if (w.limit >= 8 && 2 * w.limit <= defaults.rate) doubles(w, also_late);
  }

  samples of;

 private:
  [[nodiscard]] law_maker fresh(std::optional<engine::learnt_pace> learnt = std::nullopt) const {
    return [this, learnt](mono_time now) { return make_law(law_, options_.how, defaults, learnt, now); };
  }
  void steady(const world& w) {
    const auto c = simulate(w, {.seconds = settled_to + 1}, fresh()).between(settled_from, settled_to);
    const double goodput = c.accepted / ((settled_to - settled_from) * w.limit);
    const double throttled = static_cast<double>(c.refused) / (c.refused + c.accepted);
    of.goodput.push_back(goodput);
    of.throttled.push_back(throttled);
    of.cooldowns.push_back(c.cooldowns / (settled_to - settled_from) * 60);
    if (throttled > 0.01) {
      ++of.often_throttled;
      of.often_up_to = std::max(of.often_up_to, w.limit);
    }
    if (goodput < 0.93) {
      ++of.poor;
      if (w.kind == limit_kind::shallow_bucket && w.depth < 2) ++of.poor_shallow;
    }
  }
  // The ideal is a caller at exactly the limit that obeys the cooldown of each random throttle.
  void random_throttles(const world& w) {
    const double ideal = w.limit / (1 + w.chance * w.limit * w.chance_wait * (1 + longest_jitter / 2));
    const auto c = simulate(w, {.seconds = settled_to + 1}, fresh()).between(settled_from, settled_to);
    of.noisy.push_back(c.accepted / ((settled_to - settled_from) * ideal));
    if (w.limit < 10 || w.window > 1) return;
    of.noisy_job.push_back(simulate(w, {.rows = static_cast<std::uint64_t>(short_job * ideal)}, fresh()).finished / short_job);
  }
  void second_run(const world& w) {
    const auto rows = static_cast<std::uint64_t>(long_job * w.limit);
    const auto one = simulate(w, {.rows = rows}, fresh());
    const auto two = simulate(w, {.rows = rows, .run = 1}, fresh(one.learnt));
    of.first.push_back(one.finished / long_job);
    of.second.push_back(two.finished / long_job);
  }
  void doubles(world w, bool also_late) {
    const auto soon = simulate(w, {.seconds = w.change_at + watched, .factor = 2}, fresh());
    of.doubled.push_back(soon.between(w.change_at + 30, w.change_at + 60).accepted / (60 * w.limit));
    of.found.push_back(found(w, soon));
    if (!also_late) return;
    w.change_at += 600;
    of.found_late.push_back(found(w, simulate(w, {.seconds = w.change_at + watched, .factor = 2}, fresh())));
  }
  // Seconds from the change to the first six seconds in which nine tenths of the doubled limit are used.
  [[nodiscard]] static double found(const world& w, const course& c) {
    for (double t = 0; t + 6 < watched; t += course::bin)
      if (c.between(w.change_at + t, w.change_at + t + 6).accepted >= 0.9 * 6 * 2 * w.limit) return t;
    return watched;
  }

  options options_;
  law_kind law_;
};

void print(std::string_view kind, law_kind l, const samples& s) {
  std::printf("| %-22.*s | %-11.*s | %.3f | %.3f | %5.2f %% | %5.2f %% | %.3f | %.3f | %.3f | %.3f | %.3f | %.3f | %.3f | %.3f |\n",
              static_cast<int>(kind.size()), kind.data(), static_cast<int>(name_of(l).size()), name_of(l).data(), quantile(s.goodput, 0.5),
              quantile(s.goodput, 0.05), 100 * quantile(s.throttled, 0.5), 100 * quantile(s.throttled, 0.95), quantile(s.first, 0.5),
              quantile(s.first, 0.95), quantile(s.second, 0.5), quantile(s.second, 0.95), quantile(s.halved, 0.5), quantile(s.halved, 0.05),
              quantile(s.doubled, 0.5), quantile(s.doubled, 0.05));
}

void print_found(law_kind l, const samples& s) {
  std::printf("| %-11.*s | %5.1f s | %5.1f s | %5.1f s | %5.1f s | %5.1f s | %5.1f s |\n", static_cast<int>(name_of(l).size()),
              name_of(l).data(), mean(s.found), quantile(s.found, 0.5), quantile(s.found, 0.95), mean(s.found_late),
              quantile(s.found_late, 0.5), quantile(s.found_late, 0.95));
}

void print_noisy(law_kind l, const samples& s) {
  std::printf("| %-11.*s | %.3f | %.3f | %.3f | %.3f | %.3f |\n", static_cast<int>(name_of(l).size()), name_of(l).data(),
              quantile(s.noisy, 0.5), quantile(s.noisy, 0.25), quantile(s.noisy, 0.05), quantile(s.noisy_job, 0.5),
              quantile(s.noisy_job, 0.95));
}

void print_worst(law_kind l, const samples& s) {
  std::printf("| %-11.*s | %.1f | %.3f | %.0f | %.0f/s | %.0f | %.0f |\n", static_cast<int>(name_of(l).size()), name_of(l).data(),
              quantile(s.cooldowns, 0.5), quantile(s.halved_later, 0.5), s.often_throttled, s.often_up_to, s.poor, s.poor_shallow);
}

void compare(const options& o) {
  std::printf(
      "| limit                  | law         | goodput | p5 | throttled | p95 | first run | p95 | second run | p95 | halved | p5 | "
      "doubled | p5 |\n|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n");
  std::array<samples, laws.size()> all;
  for (std::size_t k = 0; k < kinds.size(); ++k) {
    for (std::size_t l = 0; l < laws.size(); ++l) {
      comparison c(o, laws[l]);
      // A limit that doubles late takes long to simulate: every fourth world only.
      for (std::uint64_t i = 0; i < o.worlds; ++i) c.measure(make_world(kinds[k], o.seed * 1'000'000 + i), i % 4 == 0);
      print(kind_names[k], laws[l], c.of);
      std::fflush(stdout);
      all[l].add(c.of);
    }
  }
  for (std::size_t l = 0; l < laws.size(); ++l) print("all", laws[l], all[l]);

  std::printf(
      "\n| law         | doubled after 60-100 s: mean | median | p95 | after 660-700 s: mean | median | p95 |\n"
      "|---|--:|--:|--:|--:|--:|--:|\n");
  for (std::size_t l = 0; l < laws.size(); ++l) print_found(laws[l], all[l]);

  std::printf(
      "\n| law         | random throttles: goodput | p25 | p5 | job of 20 s | p95 |\n"
      "|---|--:|--:|--:|--:|--:|\n");
  for (std::size_t l = 0; l < laws.size(); ++l) print_noisy(laws[l], all[l]);

  std::printf(
      "\n| law         | cooldowns a minute | halved, 25-75 s after | worlds over 1 %% throttled | limits up to | worlds with goodput "
      "below "
      "0.93 | "
      "buckets 1 call deep among them |\n|---|--:|--:|--:|--:|--:|--:|\n");
  for (std::size_t l = 0; l < laws.size(); ++l) print_worst(laws[l], all[l]);
}

template <class T>
bool read(std::string_view text, T& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size();
}

bool parse(std::span<char*> words, options& o) {
  for (std::size_t i = 1; i < words.size(); i += 2) {
    const std::string_view word = words[i], value = i + 1 < words.size() ? words[i + 1] : "";
    const bool known = (word == "--worlds" && read(value, o.worlds) && o.worlds > 0) || (word == "--seed" && read(value, o.seed)) ||
                       (word == "--cubic-seconds" && read(value, o.how.cubic_seconds) && o.how.cubic_seconds > 0);
    if (!known) return false;
  }
  return true;
}

}  // namespace
}  // namespace convoke::bench

int main(int count, char** words) {
  convoke::bench::options o;
  if (!convoke::bench::parse({words, static_cast<std::size_t>(count)}, o)) {
    std::fprintf(stderr,
                 "usage: compare_laws [--worlds N] [--seed N] [--cubic-seconds S]\n"
                 "  --worlds N           worlds of each kind of limit (default 200)\n"
                 "  --seed N             other worlds (default 1)\n"
                 "  --cubic-seconds S    CUBIC's K: seconds from a throttle back to the last good rate (default 10)\n");
    return 2;
  }
  convoke::bench::compare(o);
  return 0;
}
