#include "engine/health.hpp"

#include <algorithm>
#include <utility>

#include "core/saturating.hpp"
#include "engine/scopes.hpp"

namespace convoke::engine {

unsigned health::count(bool fault) noexcept {
  bad_ -= faults_[next_] ? 1U : 0U;
  faults_[next_] = fault;
  bad_ += fault ? 1U : 0U;
  next_ = next_ + 1 == window ? 0 : next_ + 1;
  if (seen_ < window) ++seen_;
  if (seen_ < window || bad_ * 2 <= window) return 0;
  // The next judgement needs another full window, or every single fault would lengthen the pause.
  faults_.fill(false);
  seen_ = bad_ = 0;
  return ++bad_windows_;
}

void health::trouble(mono_time now, std::string what) {
  if (!since_) since_ = now;
  latest_ = now;
  what_ = std::move(what);
}

bool health::down() const noexcept {
  // Measured between troubles: a lane that merely has nothing to send is not down.
  return since_ && latest_ - *since_ >= std::min<std::chrono::nanoseconds>(patience, max_outage_);
}

std::optional<mono_time> health::gives_up_at() const noexcept {
  auto since = down() ? since_ : lacks_since_;
  if (since && lacks_since_) since = std::min(*since, *lacks_since_);
  if (!since) return std::nullopt;
  return core::after(*since, max_outage_);
}

}  // namespace convoke::engine
