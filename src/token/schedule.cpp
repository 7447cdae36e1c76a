#include <algorithm>
#include <chrono>
#include <limits>

#include "core/saturating.hpp"
#include "token/token.hpp"

namespace convoke::token {

namespace {

using std::chrono::nanoseconds;

constexpr nanoseconds long_life = std::chrono::hours(2);
constexpr nanoseconds full_margin = std::chrono::minutes(5);
constexpr nanoseconds first_step = std::chrono::seconds(1), last_step = std::chrono::seconds(60);
constexpr nanoseconds shortest = std::chrono::milliseconds(500);  // of a wait after a failure

nanoseconds share(nanoseconds of, double part) {
  return nanoseconds(static_cast<nanoseconds::rep>(static_cast<double>(of.count()) * part));
}

}  // namespace

void schedule::received(const grant& g, mono_time now, double jitter01) {
  const nanoseconds life = g.lifetime;
  const nanoseconds margin = std::min(full_margin, life / 10);
  usable_until_ = now + (life - margin);

  // One margin before the token becomes unusable, so that a lane does not wait while its next token is fetched.
  const nanoseconds latest = life - 2 * margin;
  nanoseconds when = latest;
  if (g.refresh_in) {
    when = std::min<nanoseconds>(*g.refresh_in, latest);
  } else if (life > long_life) {
    when = life / 2;
  }
  // Jitter keeps processes that started together from sending their requests together. It makes a request earlier only: later, the token
  // could run out.
  next_ = now + when - share(std::min(full_margin, when / 10), std::clamp(jitter01, 0.0, 1.0));
  failures_ = 0;
  received_ = true;
  doubted_ = false;
  over_ = false;
}

bool schedule::failed(const refusal& r, mono_time now, double jitter01) {
  failures_ = std::min(failures_ + 1, std::numeric_limits<unsigned>::max() - 1);
  const bool again = r.fatal && r.doubtful && !doubted_ && (received_ || !r.proxy_login);
  doubted_ = r.fatal && r.doubtful;
  if (r.fatal && !again) {
    over_ = true;
    next_ = mono_time::max();
    return true;
  }
  const double jitter = std::clamp(jitter01, 0.0, 1.0);
  if (r.retry_after) {
    const auto wait = std::min(*r.retry_after, longest_wait_);
    next_ = core::after(core::after(now, wait), share(wait, jitter / 10));
    return false;
  }
  nanoseconds step = first_step;
  for (unsigned i = 1; i < failures_ && step < last_step; ++i) step *= 2;
  step = std::min(step, last_step);
  next_ = now + std::max(shortest, share(step, 0.5 + jitter / 2));
  return false;
}

void schedule::rejected(mono_time now) {
  usable_until_.reset();
  // A Retry-After of the endpoint, or a backoff, is obeyed although the present token is of no use.
  if (failures_ == 0 && !over_) next_ = now;
}

mono_time schedule::next_request() const noexcept {
  return next_;
}

}  // namespace convoke::token
