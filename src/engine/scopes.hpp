#pragma once

// Which calls a throttle holds back, and for how long.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "engine/types.hpp"
#include "pacing/pacing.hpp"

namespace convoke::engine {

enum class scope_kind : std::uint8_t { app, lane, organizer };

// `x-ms-throttle-scope`, as in `Tenant_Application/ReadWrite/{app}/{tenant}`. nullopt: absent, or a word that is not known.
[[nodiscard]] std::optional<scope_kind> parse_scope(std::string_view header) noexcept;

// Beyond any real wait, and short enough that adding jitter and a time point does not overflow.
inline constexpr std::chrono::nanoseconds longest_cooldown = std::chrono::years(10);

// How much is obeyed of a cooldown that was saved at `saved` and announced until `until`: all of it where it is not longer than `limit` and
// its jitter; else `limit` from when it was saved (`cut`). After a cooldown that was cut one call is made alone first.
struct obeyed_cooldown {
  utc_time until;
  bool cut;
};
[[nodiscard]] obeyed_cooldown obey_saved(utc_time until, utc_time saved, std::chrono::nanoseconds limit) noexcept;

// The cooldown of one scope, and how many throttles in a row it had.
class scope {
 public:
  // A call that was sent at `sent` was throttled. Returns the end of the cooldown that this starts; it is counted once per cooldown.
  struct announcement {
    mono_time end;        // what is obeyed
    mono_time announced;  // what is saved: later than `end` where the cooldown was cut
    bool lasts;           // the cooldown, or what is saved of it, ends later than before
    bool first;           // the first throttle of this cooldown; the others are of calls that were in flight already
    bool cut;             // Retry-After was above the limit
  };
  announcement throttled(std::optional<std::chrono::nanoseconds> retry_after, mono_time sent, mono_time now, std::chrono::nanoseconds limit,
                         pacing::random_engine& random);
  // The cooldown was announced to another lane of the application.
  announcement closed_with(const announcement& other, mono_time now) noexcept;
  bool close_until(mono_time end, bool cut = false) noexcept;
  void succeeded(mono_time sent) noexcept;
  // The service took a call that was sent at `sent`. Returns true where this ends the trial.
  bool reopen(mono_time sent) noexcept;

  [[nodiscard]] bool closed(mono_time now) const noexcept { return cooldown_.closed(now); }
  [[nodiscard]] mono_time end() const noexcept { return cooldown_.end(); }
  // A cooldown that was cut is over, and no call has shown yet that the scope is open: calls are made one at a time.
  [[nodiscard]] bool on_trial(mono_time now) const noexcept { return cut_ && !closed(now); }

 private:
  announcement merge(announcement one, bool was_on_trial) noexcept;

  pacing::cooldown cooldown_;
  bool cut_ = false;
  mono_time announced_ = mono_time::min();  // the latest announced end of a cooldown that was cut
  mono_time counted_at_ = mono_time::min();
  unsigned in_a_row_ = 0;
};

}  // namespace convoke::engine
