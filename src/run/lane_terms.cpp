#include "run/lane_terms.hpp"

#include <algorithm>
#include <utility>

#include "engine/sharing.hpp"

namespace convoke::run {

engine::lane_share share_of(const ledger::lane_terms& terms, mono_time sent, const two_clocks& at) {
  engine::lane_share out{.leads = terms.leads,
                         .part = terms.part,
                         .safe_part = terms.safe_part,
                         .until = sent + share_lasts,
                         .rate = terms.rate,
                         .calls = terms.calls,
                         .successes = terms.successes};
  if (terms.pace) out.learnt = engine::learnt_pace{.rate = terms.pace->rate, .refused = terms.pace->refused, .credit = terms.pace->credit};
  out.throttles.reserve(terms.throttles.size());
  for (const auto& one : terms.throttles) out.throttles.push_back({.sent = at.mono_of(one.sent), .until = at.mono_of(one.until)});
  return out;
}

void add_report(ledger::lane_report& to, engine::lane_report&& from, const two_clocks& at) {
  to.wants = from.wants;
  to.calls += from.calls;
  to.successes += from.successes;
  for (const auto& one : from.throttles) to.throttles.push_back({.sent = at.wall_of(one.sent), .until = at.wall_of(one.until)});
}

std::optional<ledger::lane_report::published> publication(const engine::lane_report& of, bool leads,
                                                          std::span<const ledger::lane_member> members, ledger::lease_token own) {
  if (!leads || !(of.rate > 0)) return std::nullopt;
  ledger::lane_report::published out{.rate = of.rate, .pace = {}, .grants = {}};
  if (of.learnt) out.pace = {.rate = of.learnt->rate, .refused = of.learnt->refused, .credit = of.learnt->credit};
  std::vector<engine::sharer> among;
  among.reserve(members.size());
  for (const auto& one : members) {
    // What this worker wants now is newer than what the ledger has.
    among.push_back({.session = one.session,
                     .wants = one.session == own ? of.wants : one.wants,
                     .weight = one.weight,
                     .part = one.part,
                     .settled = one.settled,
                     .leads = one.session == own});
  }
  for (const auto& granted : engine::divide(of.rate, among))
    out.grants.push_back({.session = granted.session, .part = granted.part, .safe_part = granted.safe_part});
  return out;
}

mono_time opens_at(const ledger::announced_cooldown& cooldown, std::chrono::nanoseconds max_cooldown, const two_clocks& at) {
  constexpr ticks century = std::chrono::days(36'500);
  return at.now + std::min<std::chrono::nanoseconds>(std::min(cooldown.until - at.wall, century), 2 * max_cooldown);
}

std::vector<engine::organizer_setup> rows_of_lane(const ledger::rows_in_store& rows, ledger::lane_id lane) {
  std::vector<engine::organizer_setup> out;
  for (const auto& one : rows.organizers)
    if (one.lane == lane) out.push_back({.organizer = one.id, .fresh = one.fresh, .stale = one.stale});
  return out;
}

}  // namespace convoke::run
