#include "ledger/unsaved_paces.hpp"

#include <algorithm>
#include <utility>

#include "ledger/stored.hpp"

namespace convoke::ledger {

void unsaved_paces::add(run_id run, lane_id lane, const lane_pace& learnt, utc_time when) {
  if (!worth_saving(learnt)) return;
  const std::scoped_lock lock(mutex_);
  const auto same = std::ranges::find_if(paces_, [&](const auto& p) { return p.run == run && p.lane == lane; });
  if (same == paces_.end()) {
    paces_.push_back({run, lane, learnt, when});
  } else {
    same->pace = learnt;
    same->when = when;
  }
}

bool unsaved_paces::empty() {
  const std::scoped_lock lock(mutex_);
  return paces_.empty();
}

std::vector<unsaved_paces::pace> unsaved_paces::take() {
  const std::scoped_lock lock(mutex_);
  return std::exchange(paces_, {});
}

void unsaved_paces::put_back(std::vector<pace> taken) {
  const std::scoped_lock lock(mutex_);
  for (auto& one : taken) {
    const auto newer = std::ranges::any_of(paces_, [&](const auto& p) { return p.run == one.run && p.lane == one.lane; });
    if (!newer) paces_.push_back(one);
  }
}

}  // namespace convoke::ledger
