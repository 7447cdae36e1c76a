#include "run/connection_pool.hpp"

#include <algorithm>

namespace convoke::run {

void connection_pool::move(engine::connection_id c, state to) noexcept {
  const auto count = [this](state s) -> unsigned* {
    return s == state::idle ? &idle_ : s == state::connecting ? &connecting_ : s == state::resting ? &resting_ : nullptr;
  };
  auto& one = connections_[c];
  if (auto* const from = count(one.is)) --*from;
  if (auto* const into = count(to)) ++*into;
  one.is = to;
}

connection_pool::turn connection_pool::ask_to_connect(engine::connection_id c, mono_time allowed_at, mono_time now) {
  // Those that are connecting count too: otherwise all that rest would connect at once where one is needed.
  const bool needed = connections_[c].is != state::resting || idle_ + connecting_ < kept_idle;
  if (c >= limit_ || suspended_ || !needed || !login_.may_connect(connecting_ > 0)) return {false, now + check_interval};
  // Not later than the next check: the engine may allow it earlier than it says now.
  if (allowed_at > now) return {false, std::min(allowed_at, now + check_interval)};
  connections_[c].replace = false;
  move(c, state::connecting);
  return {true};
}

bool connection_pool::ready(engine::connection_id c, mono_time now, bool carried) {
  if (carried) connections_[c].idle_since = now;
  move(c, state::idle);
  return login_.connected();
}

connection_pool::check_result connection_pool::check_idle(engine::connection_id c, bool usable, mono_time now) {
  const auto& one = connections_[c];
  if (one.replace) {
    move(c, state::waiting);
    return check_result::replace;
  }
  if (usable && c < limit_ && !suspended_ && now - one.idle_since < idle_limit) return check_result::keep;
  move(c, state::resting);
  return check_result::rest;
}

std::optional<engine::connection_id> connection_pool::granted(engine::connection_id c) {
  move(c, state::busy);
  if (resting_ == 0 || idle_ >= kept_idle) return std::nullopt;
  const auto end = connections_.begin() + std::min(limit_, size());
  const auto found = std::find_if(connections_.begin(), end, [](const connection& one) { return one.is == state::resting; });
  if (found == end) return std::nullopt;
  const auto next = static_cast<engine::connection_id>(found - connections_.begin());
  move(next, state::waiting);
  return next;
}

}  // namespace convoke::run
