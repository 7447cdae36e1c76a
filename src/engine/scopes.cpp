#include "engine/scopes.hpp"

#include <algorithm>
#include <string>

#include <convoke/key.hpp>

#include "core/saturating.hpp"
#include "engine/rules.hpp"

namespace convoke::engine {

namespace {

// A cooldown that was cut is saved with an end so far beyond the limit and its jitter that it is recognized later.
constexpr std::chrono::minutes clearly_more{1};

}  // namespace

std::optional<scope_kind> parse_scope(std::string_view header) noexcept {
  const auto first = header.substr(0, header.find('/'));
  if (first.empty() || first.size() > 64) return std::nullopt;
  const auto word = to_lower(first);
  if (word.contains("user") || word.contains("mailbox")) return scope_kind::organizer;
  if (word.contains("tenant")) return scope_kind::lane;
  if (word.starts_with("app")) return scope_kind::app;
  return std::nullopt;
}

obeyed_cooldown obey_saved(utc_time until, utc_time saved, std::chrono::nanoseconds limit) noexcept {
  const auto most = std::chrono::ceil<ticks>(std::min(limit, longest_cooldown));
  if (until <= saved + most + most / 10) return {until, false};
  return {saved + most, true};
}

scope::announcement scope::throttled(std::optional<std::chrono::nanoseconds> retry_after, mono_time sent, mono_time now,
                                     std::chrono::nanoseconds limit, pacing::random_engine& random) {
  // Throttles of calls that were in flight when the cooldown was announced do not lengthen the backoff.
  const bool first = sent > counted_at_;
  if (first) {
    ++in_a_row_;
    counted_at_ = now;
  }
  const bool cut = retry_after && *retry_after > limit;
  auto wait = retry_after ? pacing::with_jitter(std::min(*retry_after, limit), random) : pacing::backoff(in_a_row_, random);
  if (!holds(rule::never_early)) wait = wait / 5 * 4;
  if (!holds(rule::latest_cooldown_wins)) cooldown_ = pacing::cooldown();
  const auto end = core::after(now, wait);
  // Without a Retry-After the next call is still the only one.
  const bool was_on_trial = on_trial(sent) && retry_after;
  const auto announced =
      cut ? core::after(now, std::max(std::min(*retry_after, longest_cooldown), limit + limit / 10 + clearly_more)) : end;
  return merge({end, announced, retry_after.has_value(), first, cut}, was_on_trial);
}

scope::announcement scope::closed_with(const announcement& other, mono_time now) noexcept {
  return merge(other, on_trial(now));
}

scope::announcement scope::merge(announcement one, bool was_on_trial) noexcept {
  const bool moved = close_until(one.end, one.cut || (cut_ && !was_on_trial));
  cut_ = cut_ || one.cut;
  one.lasts = cut_ ? moved || one.lasts : moved;
  if (!cut_) return one;
  // Of two announced ends the later one is saved. It must also be later than the one before, so that it is saved with the present time,
  // from which a cut cooldown counts.
  announced_ = one.announced = std::max(core::after(announced_, std::chrono::seconds(1)), one.announced);
  return one;
}

bool scope::close_until(mono_time end, bool cut) noexcept {
  if (!cooldown_.close_until(end)) return false;
  if (!cut || !cut_) announced_ = mono_time::min();
  cut_ = cut;
  return true;
}

bool scope::reopen(mono_time sent) noexcept {
  if (!on_trial(sent)) return false;
  cut_ = false;
  return true;
}

void scope::succeeded(mono_time sent) noexcept {
  if (sent > counted_at_) in_a_row_ = 0;
}

}  // namespace convoke::engine
