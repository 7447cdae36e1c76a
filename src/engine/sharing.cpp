#include "engine/sharing.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace convoke::engine {

namespace {

constexpr double safe_in_all = 0.5;      // of the rate
constexpr double for_the_leader = 0.01;  // at least
constexpr double smallest_part = 1e-6;

struct claimant {
  double weight, wanted, part = 0;  // parts of the rate
};

// By weight, until a worker has what it wants; what is left goes to the others. Returns what none of them wants.
double fill(std::vector<claimant*> open, double left) {
  while (!open.empty() && left > 0) {
    const auto weights = std::accumulate(open.begin(), open.end(), 0.0, [](double sum, const claimant* c) { return sum + c->weight; });
    const auto satisfied = [&](const claimant* c) { return c->wanted - c->part <= left * c->weight / weights; };
    const auto first_open = std::partition(open.begin(), open.end(), satisfied);
    if (first_open == open.begin()) {
      for (auto* c : open) c->part += left * c->weight / weights;
      return 0;
    }
    for (auto i = open.begin(); i != first_open; ++i) {
      left -= std::max(0.0, (*i)->wanted - (*i)->part);
      (*i)->part = std::max((*i)->part, (*i)->wanted);
    }
    open.erase(open.begin(), first_open);
  }
  return std::max(0.0, left);
}

double sane(double value, double otherwise) {
  return std::isfinite(value) && value > 0 ? value : otherwise;
}

}  // namespace

std::vector<granted_part> divide(double rate, std::span<const sharer> among) {
  std::vector<granted_part> out;
  std::vector<claimant> claimants;
  double weights = 0;
  for (const auto& s : among) {
    claimants.push_back({sane(s.weight, 1), std::min(1.0, sane(s.wants, 0) / sane(rate, 1))});
    weights += claimants.back().weight;
  }
  // The parts that are aimed at.
  std::vector<claimant*> all, free;
  for (std::size_t i = 0; i < among.size(); ++i) {
    auto& c = claimants[i];
    const auto safe = safe_in_all * c.weight / weights;
    out.push_back({among[i].session, 0, safe});
    const bool capped = !among[i].settled && !among[i].leads && among.size() > 1;
    if (among[i].leads) c.wanted = std::max(c.wanted, std::min(for_the_leader, safe));
    if (capped) c.wanted = std::min(c.wanted, safe);
    all.push_back(&c);
    if (!capped) free.push_back(&c);
  }
  auto left = fill(all, 1);
  // What no worker wants now is shared as well: each may want it before the next division.
  for (auto* c : free) c->wanted = 1;
  if (left > 0) fill(free, left);
  // A worker whose part shrinks calls at the old one until it reads the new one, so others get no more than what is free until then.
  double granted = 0, wishes = 0;
  for (std::size_t i = 0; i < among.size(); ++i) {
    const auto old = std::clamp(among[i].part, 0.0, 1.0);
    granted += old;
    wishes += std::max(0.0, claimants[i].part - old);
  }
  // What rounding leaves is not free: a worker with so little would claim rows and send none.
  const auto free_now = 1 - granted > smallest_part ? 1 - granted : 0.0;
  const auto fulfilled = wishes > 0 ? std::clamp(free_now / wishes, 0.0, 1.0) : 0.0;
  for (std::size_t i = 0; i < among.size(); ++i) {
    const auto old = std::clamp(among[i].part, 0.0, 1.0), aim = claimants[i].part;
    out[i].part = aim > old && fulfilled < 1 ? old + (aim - old) * fulfilled : aim;
    out[i].safe_part = std::min(out[i].safe_part, out[i].part);
  }
  return out;
}

}  // namespace convoke::engine
