#include "engine/noise.hpp"

#include <algorithm>
#include <cmath>
#include <ranges>
#include <utility>

namespace convoke::engine {

namespace {

// Chosen by playing hidden limits with and without throttles by chance (`./dev bench laws`): what finds more of the latter costs more where
// there are none.

// When a slower pace has not helped.
constexpr double few_calls = 30;       // say nothing of how far apart throttles are
constexpr double fallen = 0.9;         // of a rate: slower than that
constexpr unsigned faster_ones = 3;    // openings, to compare a slower one with
constexpr double similar = 2;          // times as many calls are no more
constexpr double as_crowded = 0.5;     // of the echoes at the faster rate are no fewer
constexpr double other_times = 20;     // times as many calls as in all openings since: the limit was another one then
constexpr double first_weight = 0.25;  // of the latest echoes, in their mean

// A trial.
constexpr double passes = 0.2;        // of the usual calls: what chance leaves in four trials of five
constexpr double really_tried = 0.8;  // of the rate
constexpr double next_trial = 0.8;    // of the rate at which the last one failed
constexpr unsigned rest = 3;          // openings between trials

// What chance does not do.
constexpr double improbable = 0.003;
// So many gaps that differ by no more than a factor of two: 1 in 35, 130 and 1,600 by chance.
constexpr std::size_t even_for_trial = 4, even_ones = 5, even_for_long = 7;
constexpr double more_echoes = 2, few_echoes = 0.1;
constexpr double weight = 1.0 / 16;                                           // of the latest gap, in their mean
constexpr double faster = 1.05;                                               // than any rate seen
constexpr double openings_to_compare = 8, much_faster = 2, least_gain = 0.1;  // of what is faster must get done
constexpr unsigned long_rest = 16;                                            // openings, after it was no chance
constexpr double quiet = 12;                                                  // usual gaps without a throttle: it is over

template <class T, std::size_t N>
void put_first(std::array<T, N>& kept, std::size_t& count, const T& latest) noexcept {
  std::shift_right(kept.begin(), kept.end(), 1);
  kept[0] = latest;
  count = std::min(count + 1, N);
}

// That k events which come by chance, `expected` of them, are there so soon (Erlang's distribution).
double probability(std::size_t k, double expected) noexcept {
  double term = std::exp(-expected), fewer = 0;
  for (std::size_t i = 0; i < k; ++i) {
    fewer += term;
    term *= expected / static_cast<double>(i + 1);
  }
  return 1 - fewer;
}

template <class Gaps>
bool even(const Gaps& gaps, std::size_t count, std::size_t enough) noexcept {
  if (count < enough) return false;
  const auto [least, most] = std::ranges::minmax(gaps | std::views::take(enough));
  return most <= 2 * least;
}

}  // namespace

noise::finding noise::attribute(const opening& o) noexcept {
  if (to_try_ > 0) return close_trial(o);
  if (chance_ > 0) return attribute_known(o);
  remember(o);
  if (rest_ > 0) {
    --rest_;
    return finding::limit;
  }
  return slower_is_no_better() ? finding::try_faster : finding::limit;
}

void noise::remember(const opening& o) noexcept {
  if (crowded(o)) past_count_ = 0;
  count_echoes(o, first_weight);
  put_first(past_, past_count_, o);
  double since = 0;
  for (std::size_t i = 0; i < past_count_; ++i) {
    if (i >= 2 && past_[i].calls > other_times * since / static_cast<double>(i)) past_count_ = i;
    since += past_[i].calls;
  }
}

bool noise::slower_is_no_better() noexcept {
  const auto& last = past_[0];
  if (last.calls < few_calls || even(past_ | std::views::transform(&opening::calls), past_count_, even_for_trial)) return false;
  sum fast, slow;
  double fastest = 0, longest = 0;
  for (std::size_t i = 0; i < past_count_; ++i) {
    const auto& o = past_[i];
    const bool slower = o.rate * fallen < last.rate;
    (slower ? slow : fast).add(o);
    if (slower) continue;
    longest = std::max(longest, o.calls);
    if (o.calls >= few_calls) fastest = std::max(fastest, o.rate);
  }
  if (fast.count < faster_ones) return false;
  // The longest may have been so long because the limit was higher then.
  const auto no_more = similar * (fast.calls - longest) / (fast.count - 1);
  if (last.calls > no_more || slow.calls > no_more * slow.count) return false;
  if (slow.refused + 1 < as_crowded * fast.refused / std::max(fast.after, 1e-9) * slow.after) return false;
  if (failed_at_ > 0) fastest = std::min(fastest, next_trial * failed_at_);
  if (fastest * fallen < last.rate) return false;
  to_try_ = fastest;
  usual_ = (slow.calls + fast.calls) / static_cast<double>(past_count_);
  return true;
}

noise::finding noise::close_trial(const opening& o) noexcept {
  const auto tried = to_try_;
  to_try_ = 0;
  if (crowded(o) || o.calls < std::max(few_calls, passes * usual_) || o.rate < really_tried * tried) {
    failed_at_ = tried;
    rest_ = rest;
    return finding::failed;
  }
  const auto n = static_cast<double>(past_count_);
  chance_ = (n + 1) / (n * usual_ + o.calls);
  seen_at_ = tried;
  failed_at_ = 0;
  gap_count_ = 0;
  met_limit_ = false;
  then_ = lately_ = {};
  for (std::size_t i = 0; i < past_count_; ++i) then_.add(past_[i]);
  return finding::chance;
}

noise::finding noise::attribute_known(const opening& o) noexcept {
  if (crowded(o)) {
    gap_count_ = 0;
    return finding::limit;
  }
  if (faster_is_no_better(o)) {
    forget();
    rest_ = long_rest;
    return finding::limit;
  }
  const auto usual = 1 / chance_;
  if (met_limit_ && o.calls > usual / 2) {
    // Slow enough again.
    gap_count_ = 0;
    met_limit_ = false;
  }
  put_first(gaps_, gap_count_, o.calls);
  if (too_soon()) {
    met_limit_ = true;
    return finding::limit;
  }
  if (even(gaps_, gap_count_, even_ones)) {
    // Such gaps as these were taken for chance.
    if (even(gaps_, gap_count_, even_for_long) && o.calls > usual / 2) forget();
    return finding::limit;
  }
  learn(o);
  return finding::chance;
}

void noise::sum::add(const opening& o) noexcept {
  ++count;
  calls += o.calls;
  rates += o.rate;
  after += o.after;
  refused += o.refused;
  seconds += o.seconds;
}

bool noise::faster_is_no_better(const opening& o) noexcept {
  lately_.add(o);
  if (lately_.count < openings_to_compare) return false;
  const auto now = std::exchange(lately_, {});
  const auto faster_by = now.rate() / then_.rate();
  if (faster_by < much_faster) return false;
  if (now.per_second() < then_.per_second() * (1 + least_gain * (faster_by - 1))) return true;
  then_ = now;
  return false;
}

// One echo more than usual says nothing.
bool noise::crowded(const opening& o) const noexcept {
  return o.refused > (more_echoes * echoes_ + few_echoes) * o.after + std::max(1.0, more_echoes * echoes_);
}

bool noise::too_soon() const noexcept {
  double calls = 0;
  for (std::size_t k = 1; k <= gap_count_; ++k) {
    calls += gaps_[k - 1];
    if (probability(k, chance_ * calls) < improbable) return true;
  }
  return false;
}

void noise::count_echoes(const opening& o, double latest) noexcept {
  if (o.after > 0.5) echoes_ += (std::min(1.0, o.refused / o.after) - echoes_) * latest;
}

// At a rate not seen yet, more throttles than usual may be the limit's, so only fewer count.
void noise::learn(const opening& o) noexcept {
  count_echoes(o, weight);
  const auto usual = 1 / chance_;
  if (o.rate <= faster * seen_at_ || o.calls > usual) chance_ = 1 / (usual + (o.calls - usual) * weight);
  double all = 0;
  for (std::size_t i = 0; i < gap_count_; ++i) all += gaps_[i];
  if (o.rate > seen_at_ && gap_count_ >= 4 && all * chance_ > 0.8 * static_cast<double>(gap_count_)) seen_at_ = o.rate;
}

void noise::quiet_for(double calls) noexcept {
  if ((to_try_ > 0 && calls > 8 * usual_) || (chance_ > 0 && calls * chance_ > quiet)) forget();
}

void noise::forget() noexcept {
  chance_ = to_try_ = 0;
  past_count_ = gap_count_ = 0;
}

}  // namespace convoke::engine
