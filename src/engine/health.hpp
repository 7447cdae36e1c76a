#pragma once

// Whether the service works at all. Two measures: how many of the last calls were faults, and for how long nothing but failures was seen.

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
  static constexpr std::chrono::seconds down_after{30};  // of nothing but failures
  static constexpr std::chrono::seconds probe_spacing{5};

  explicit health(std::chrono::nanoseconds max_outage) noexcept : max_outage_(max_outage) {}

  // A call was answered. Where most of the last `window` calls were faults, returns how many such windows there were in a row; else 0.
  unsigned count(bool fault) noexcept;
  void success() noexcept { bad_windows_ = 0; }
  // An answer shows that the service works.
  void answered() noexcept { since_.reset(); }
  // An attempt failed: a fault, a failed connect, a failed request for a token. `what` is for messages.
  void failed(mono_time now, std::string what);

  // Nothing but failures for 30 s: calls are made one at a time, as probes.
  [[nodiscard]] bool down() const noexcept;
  [[nodiscard]] mono_time next_probe() const noexcept { return probed_ == mono_time::min() ? probed_ : probed_ + probe_spacing; }
  void probed(mono_time now) noexcept { probed_ = now; }
  // Something without which no call can be made is missing: a token, or any connection. That alone is an outage when it lasts, because no
  // other failure may be reported, for example while a token endpoint asks to wait for a day.
  void lacks(mono_time now) noexcept {
    if (!lacks_since_) lacks_since_ = now;
  }
  void lacks_nothing() noexcept { lacks_since_.reset(); }
  [[nodiscard]] const std::string& latest() const noexcept { return what_; }  // the latest failure, for messages
  // When the outage has lasted for --max-outage; nullopt while there is none.
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
