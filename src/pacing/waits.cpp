#include <algorithm>
#include <chrono>

#include "pacing/pacing.hpp"

namespace convoke::pacing {

using std::chrono::nanoseconds;

namespace {

constexpr nanoseconds first_step = std::chrono::seconds(1);
constexpr nanoseconds last_step = std::chrono::seconds(60);
constexpr nanoseconds shortest = std::chrono::milliseconds(500);

}  // namespace

nanoseconds with_jitter(nanoseconds wait, random_engine& random) {
  if (wait <= nanoseconds::zero()) return wait;
  const auto most = std::min(wait.count() / 10, nanoseconds::max().count() - wait.count());
  std::uniform_int_distribution<nanoseconds::rep> extra(0, most);
  return wait + nanoseconds(extra(random));
}

nanoseconds backoff(unsigned failures, random_engine& random) {
  nanoseconds step = first_step;
  for (unsigned i = 1; i < failures && step < last_step; ++i) step *= 2;
  step = std::min(step, last_step);
  std::uniform_int_distribution<nanoseconds::rep> chosen(step.count() / 2, step.count());
  return std::max(nanoseconds(chosen(random)), shortest);
}

}  // namespace convoke::pacing
