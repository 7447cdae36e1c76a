#pragma once

// How a caller ends a job early.

#include <stop_token>

namespace convoke::run {

// Both may be requested on any thread, at any time, also before the job begins; what they end sees them on its own thread.
struct stop_tokens {
  std::stop_token drain;    // no new calls; those in flight may finish, within settings.drain
  std::stop_token at_once;  // what is in flight is given up, and what is known is committed

  // True once either was requested: work that is no call under way ends. Any thread; long work polls it.
  [[nodiscard]] bool requested() const noexcept { return drain.stop_requested() || at_once.stop_requested(); }
};

}  // namespace convoke::run
