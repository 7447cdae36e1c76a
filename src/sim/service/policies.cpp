#include "sim/service/policies.hpp"

#include <utility>

namespace convoke::sim {

bool policies::granted(std::string_view organizer, const std::set<std::string>& without, mono_time now) const {
  const std::string name(organizer);
  bool out = !without.contains(name) && (!how_.granted || how_.granted->contains(name));
  const auto found = changes_.find(organizer);
  if (found == changes_.end()) return out;
  for (const auto& one : found->second)
    if (one.effective <= now) out = one.grant;
  return out;
}

void policies::change(std::string organizer, bool grant, mono_time now, std::optional<double> delay_seconds) {
  constexpr std::size_t most = 100;
  auto& all = changes_[std::move(organizer)];
  if (all.size() == most) all.pop_front();
  const auto delay = delay_seconds.value_or(how_.delay_seconds);
  all.push_back({.grant = grant, .effective = now + std::chrono::nanoseconds(static_cast<std::int64_t>(delay * 1e9))});
}

}  // namespace convoke::sim
