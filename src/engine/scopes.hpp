#pragma once

// What a throttle closes, and for how long.

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

// Far beyond any real wait, and near enough that adding jitter and a time point cannot overflow.
inline constexpr std::chrono::nanoseconds longest_cooldown = std::chrono::years(10);

// What is obeyed of a cooldown that was saved at `saved` and announced until `until`: all of it where that is not longer than
// `limit` and its jitter; else `limit`, from when it was saved, and after that one call comes alone.
struct obeyed_cooldown {
  utc_time until;
  bool cut;
};
[[nodiscard]] obeyed_cooldown obey_saved(utc_time until, utc_time saved, std::chrono::nanoseconds limit) noexcept;

// One scope's cooldown, and its memory of throttles in a row.
class scope {
 public:
  // A throttle came for a call sent at `sent`. Returns the end of the cooldown it asks for, and counts it once per cooldown.
  struct announcement {
    mono_time end;        // what is obeyed
    mono_time announced;  // what is saved: later where a cooldown was cut
    bool lasts;           // the cooldown ends later than before, or what is saved of it does
    bool first;           // the first throttle of this cooldown, not an echo of calls that were in flight already
    bool cut;             // Retry-After was above the limit
  };
  announcement throttled(std::optional<std::chrono::nanoseconds> retry_after, mono_time sent, mono_time now, std::chrono::nanoseconds limit,
                         pacing::random_engine& random);
  // What was announced to another lane of the application.
  announcement closed_with(const announcement& other, mono_time now) noexcept;
  bool close_until(mono_time end, bool cut = false) noexcept;
  void succeeded(mono_time sent) noexcept;
  // The service took a call that was sent at `sent`. True where the scope had been on trial until now.
  bool reopen(mono_time sent) noexcept;

  [[nodiscard]] bool closed(mono_time now) const noexcept { return cooldown_.closed(now); }
  [[nodiscard]] mono_time end() const noexcept { return cooldown_.end(); }
  // A cooldown that was cut is over, and no call has shown yet that the scope is open: one call at a time.
  [[nodiscard]] bool on_trial(mono_time now) const noexcept { return cut_ && !closed(now); }

 private:
  announcement merge(announcement one, bool tried) noexcept;

  pacing::cooldown cooldown_;
  bool cut_ = false;
  mono_time said_ = mono_time::min();  // the latest end that was announced and cut
  mono_time counted_at_ = mono_time::min();
  unsigned in_a_row_ = 0;
};

}  // namespace convoke::engine
