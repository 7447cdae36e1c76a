#pragma once

// Which calls of a lane go together into one request (`$batch`), and when. Calls wait for each other only for a short time: at a slow pace
// they are sent alone, at a fast one the pace lets several calls go at once. What the service does not take it is not sent again.

#include <algorithm>
#include <chrono>
#include <optional>

#include "engine/types.hpp"

namespace convoke::engine {

class batching {
 public:
  // The first call that the pace allows waits for further ones for so long at most.
  static constexpr std::chrono::milliseconds patience{100};

  explicit batching(unsigned size) noexcept : size_(std::clamp(size, 1U, 20U)) {}

  [[nodiscard]] unsigned size() const noexcept { return size_; }
  [[nodiscard]] bool on() const noexcept { return size_ > 1; }
  // Whether the pace allows a call now. It is noted from when on.
  void allowed(bool yes, mono_time now) noexcept {
    if (!yes) since_.reset();
    if (yes && !since_) since_ = now;
  }
  // From when on it has allowed one without interruption; absent: it does not.
  [[nodiscard]] std::optional<mono_time> since() const noexcept { return since_; }
  // A batch was sent.
  void sent(mono_time now) noexcept { since_ = now; }

  // A batch of `calls` calls was answered as a whole. True where that says nothing of the calls: they were not carried out, or their
  // answers were too large together. They are sent again at once, in batches of the new size.
  [[nodiscard]] bool refused(const answer& a, unsigned calls) noexcept;

 private:
  void divide(unsigned calls) noexcept { size_ = std::min(size_, std::max(1U, calls / 2)); }

  unsigned size_;
  std::optional<mono_time> since_;
};

}  // namespace convoke::engine
