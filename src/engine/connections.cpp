#include "engine/connections.hpp"

#include <algorithm>
#include <utility>

namespace convoke::engine {

void connections::forget(connection_id c) noexcept {
  std::erase(used_, c);
  std::erase(unused_, c);
  std::erase(coming_, c);
}

void connections::ready(connection_id c, bool reused) {
  forget(c);
  (reused ? used_ : unused_).push_back(c);
}

void connections::lost(connection_id c) noexcept {
  forget(c);
  if (tried_ == c) tried_.reset();
}

void connections::limit(unsigned count) noexcept {
  limit_ = count;
  std::erase_if(coming_, [count](connection_id c) { return c >= count; });
}

connections::taken connections::take(bool unused_only) noexcept {
  const bool reused = !unused_only && !used_.empty();
  auto& from = reused ? used_ : unused_;
  const auto c = from.back();
  from.pop_back();
  return {c, reused};
}

std::optional<connection_id> connections::free_connection(std::size_t waiting) {
  if (coming_.size() >= waiting) return std::nullopt;
  const auto coldest = std::ranges::find_if(used_, [this](connection_id c) { return c < limit_; });
  if (coldest == used_.end()) return std::nullopt;
  const auto c = *coldest;
  replaced(c);
  return c;
}

bool connections::answered(connection_id c, bool reused, mono_time now) {
  if (reused) dead_ = 0;
  if (!once_until_) return false;
  if (reused && tried_ == c) {
    once_until_.reset();
    tried_.reset();
    rest_ = first_rest;
    return false;
  }
  if (reused || tried_ || now < *once_until_) return true;
  tried_ = c;
  return false;
}

std::vector<connection_id> connections::dead(connection_id c, bool reused, mono_time now) {
  if (!reused) return {};
  if (once_until_) {
    // Others may have been under way when it was decided; only the one that was tried says something new.
    if (tried_ != c) return {};
    rest_ = std::min(rest_ * 2, longest_rest);
  } else if (++dead_ < dead_in_a_row) {
    return {};
  }
  dead_ = 0;
  tried_.reset();
  once_until_ = now + rest_;
  auto close = std::exchange(used_, {});
  for (const auto one : close) replaced(one);
  return close;
}

std::vector<connection_id> connections::take_all() noexcept {
  auto all = std::exchange(used_, {});
  all.insert(all.end(), unused_.begin(), unused_.end());
  unused_.clear();
  return all;
}

void connections::replaced(connection_id c) {
  lost(c);
  if (c < limit_) coming_.push_back(c);
}

}  // namespace convoke::engine
