#pragma once

// Is the service there at all? Two measures: how many of the last calls were faults, and how long ago it last showed life.

#include <array>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

#include <convoke/time.hpp>

namespace convoke::engine {

class health {
 public:
  static constexpr std::size_t window = 100;
  static constexpr std::chrono::seconds patience{30};  // without life before the lane is taken to be down
  static constexpr std::chrono::seconds probe_spacing{5};

  explicit health(std::chrono::nanoseconds max_outage) noexcept : max_outage_(max_outage) {}

  // A call was answered. Returns how often in a row most of a window were faults, where that is so now; else 0.
  unsigned count(bool fault) noexcept;
  void success() noexcept { bad_windows_ = 0; }
  void alive() noexcept { since_.reset(); }
  // A fault, a failed connect, no token: something was tried and got nowhere.
  void trouble(mono_time now, std::string what);

  // Nothing but trouble for 30 s: one probe at a time.
  [[nodiscard]] bool down() const noexcept;
  [[nodiscard]] mono_time next_probe() const noexcept { return probed_ == mono_time::min() ? probed_ : probed_ + probe_spacing; }
  void probed(mono_time now) noexcept { probed_ = now; }
  // Something without which no call can be made is missing (a token, any connection), or is not any more. That alone is trouble: nothing
  // else may ever be heard, as from a token endpoint that asks to wait for a day.
  void lacks(mono_time now) noexcept {
    if (!lacks_since_) lacks_since_ = now;
  }
  void lacks_nothing() noexcept { lacks_since_.reset(); }
  [[nodiscard]] const std::string& latest() const noexcept { return what_; }  // the latest trouble, for people
  // When waiting any longer is pointless; nullopt while the lane is not down and lacks nothing.
  [[nodiscard]] std::optional<mono_time> gives_up_at() const noexcept;

 private:
  std::chrono::nanoseconds max_outage_;
  std::array<bool, window> faults_{};
  std::size_t next_ = 0, seen_ = 0, bad_ = 0;
  unsigned bad_windows_ = 0;
  std::optional<mono_time> since_, lacks_since_;
  mono_time latest_ = mono_time::min();
  std::string what_;
  mono_time probed_ = mono_time::min();
};

}  // namespace convoke::engine
