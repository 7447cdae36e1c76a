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

// now + wait, at most mono_time::max().
[[nodiscard]] mono_time after(mono_time now, std::chrono::nanoseconds wait) noexcept;

// One scope's fence, and its memory of throttles in a row.
class scope {
 public:
  // A throttle came for a call sent at `sent`. Returns the end of the fence it asks for, and counts it once per fence.
  struct announcement {
    mono_time end;
    bool moved;  // the fence ends later than before
    bool first;  // the first throttle of this fence, not an echo of calls that were in flight already
  };
  announcement throttled(std::optional<std::chrono::nanoseconds> retry_after, mono_time sent, mono_time now, pacing::random_engine& random);
  bool close_until(mono_time end) noexcept { return fence_.close_until(end); }
  void succeeded(mono_time sent) noexcept;

  [[nodiscard]] bool closed(mono_time now) const noexcept { return fence_.closed(now); }
  [[nodiscard]] mono_time end() const noexcept { return fence_.end(); }

 private:
  pacing::fence fence_;
  mono_time counted_at_ = mono_time::min();
  unsigned in_a_row_ = 0;
};

}  // namespace convoke::engine
