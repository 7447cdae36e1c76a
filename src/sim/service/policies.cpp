#include "sim/service/policies.hpp"

#include <utility>

#include "sim/service/text.hpp"

namespace convoke::sim {

bool policies::granted(std::string_view organizer, std::string_view app, const std::set<std::string>& without, mono_time now) const {
  const std::string name(organizer);
  bool out = !without.contains(name) && (!how_.granted || (same_ignoring_case(app, own_app_) && how_.granted->contains(name)));
  const auto found = changes_.find(organizer);
  if (found == changes_.end()) return out;
  for (const auto& one : found->second)
    if (one.effective <= now && same_ignoring_case(app, one.app)) out = one.grant;
  return out;
}

void policies::change(std::string organizer, std::string app, bool grant, mono_time now, std::optional<double> delay_seconds) {
  constexpr std::size_t most = 100;
  auto& all = changes_[std::move(organizer)];
  if (all.size() == most) all.pop_front();
  const auto delay = delay_seconds.value_or(how_.delay_seconds);
  all.push_back(
      {.app = std::move(app), .grant = grant, .effective = now + std::chrono::nanoseconds(static_cast<std::int64_t>(delay * 1e9))});
}

}  // namespace convoke::sim
