#include "run/worked_lanes.hpp"

#include <algorithm>
#include <utility>

namespace convoke::run {
namespace {

int severity(ending e) noexcept {
  switch (e) {
    case ending::storage:
      return 4;
    case ending::credentials:
    case ending::permission:
      return 3;
    case ending::interrupted:
      return 2;
    case ending::deferred:
      return 1;
    case ending::finished:
      break;
  }
  return 0;
}

}  // namespace

bool outranks(ending a, ending b) noexcept {
  return severity(a) > severity(b);
}

std::size_t worked_lanes::find(const ledger::lane_name& name) const {
  return static_cast<std::size_t>(std::ranges::find(names_, name) - names_.begin());
}

bool worked_lanes::usable(const ledger::lane_name& name) const {
  const auto at = find(name);
  if (at == names_.size()) return false;
  const auto& known = results_[at];
  return !known || (known->end != ending::credentials && known->end != ending::permission);
}

bool worked_lanes::done(const ledger::lane_name& name) const {
  const auto at = find(name);
  return at < names_.size() && (!results_[at] || results_[at]->end == ending::finished);
}

void worked_lanes::add(std::span<const ledger::lane_name> of, std::vector<lane_result> ends) {
  for (std::size_t i = 0; i < std::min(of.size(), ends.size()); ++i) {
    const auto at = find(of[i]);
    if (at == names_.size()) continue;
    auto& known = results_[at];
    auto& one = ends[i];
    if (known) {
      one.calls += known->calls;
      if (!outranks(one.end, known->end)) {
        known->calls = one.calls;
        continue;
      }
    }
    known = std::move(one);
  }
}

void worked_lanes::owes(const ledger::lane_name& name, ending why, const std::string& detail) {
  const auto at = find(name);
  if (at == names_.size() || !results_[at] || results_[at]->end != ending::finished) return;
  results_[at]->end = why;
  results_[at]->detail = detail;
}

std::vector<lane_result> worked_lanes::take() {
  std::vector<lane_result> out;
  for (auto& one : results_)
    if (one) out.push_back(*std::exchange(one, std::nullopt));
  return out;
}

}  // namespace convoke::run
