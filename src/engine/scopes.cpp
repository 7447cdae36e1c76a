#include "engine/scopes.hpp"

#include <algorithm>
#include <string>

#include <convoke/key.hpp>

#include "engine/rules.hpp"

namespace convoke::engine {

namespace {

// Far beyond any real wait, and near enough that adding jitter and a time point cannot overflow.
constexpr std::chrono::nanoseconds longest_wait = std::chrono::years(10);

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

mono_time after(mono_time now, std::chrono::nanoseconds wait) noexcept {
  return wait > mono_time::max() - std::max(now, mono_time{}) ? mono_time::max() : now + wait;
}

scope::announcement scope::throttled(std::optional<std::chrono::nanoseconds> retry_after, mono_time sent, mono_time now,
                                     pacing::random_engine& random) {
  // Calls that were in flight when the fence was announced tell nothing new about how patient to be.
  const bool first = sent > counted_at_;
  if (first) {
    ++in_a_row_;
    counted_at_ = now;
  }
  auto wait = retry_after ? pacing::with_jitter(std::min(*retry_after, longest_wait), random) : pacing::backoff(in_a_row_, random);
  if (!holds(rule::never_early)) wait = wait / 5 * 4;
  if (!holds(rule::latest_fence_wins)) fence_ = pacing::fence();
  const auto end = after(now, wait);
  return {end, fence_.close_until(end), first};
}

void scope::succeeded(mono_time sent) noexcept {
  if (sent > counted_at_) in_a_row_ = 0;
}

}  // namespace convoke::engine
