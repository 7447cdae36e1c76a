#pragma once

// The scope of a throttle that does not name one: the lane, unless evidence attributes it to one organizer.

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include <convoke/time.hpp>

#include "engine/organizers.hpp"

namespace convoke::engine {

// A throttle is attributed to an organizer where, after the cooldown that the organizer's first throttle caused, it alone is throttled
// again while enough calls of enough other organizers succeed, and so often that chance does not explain it: a service that throttles calls
// at random meets the same organizer twice in a row before long. The attribution is cleared where the organizer's own calls succeed for a
// while. It is cleared as wrong where another organizer is throttled in the meantime: then the calls that others made were too early.
class inference {
 public:
  static constexpr std::uint32_t calls_of_others = 20, other_organizers = 5;
  static constexpr double by_chance = 1e-4;  // probability below which chance no longer explains that only this organizer is throttled
  static constexpr std::uint32_t successes_to_clear = 20;

  struct attribution {
    bool organizer = false;           // the throttle is the organizer's; else the lane's
    bool newly_limited = false;       // it is the first that is attributed to it, after its throttles closed the lane
    bool same_organizer = false;      // the lane's, but of the same organizer as the one before: the evidence is not enough ...
    bool others_go_on = false;        // ... yet, while calls of the others went on succeeding
    std::uint64_t misattributed = 0;  // calls that an earlier, wrong attribution let through
    mono_time misattributed_until = mono_time::min();  // and the end of the cooldown that these calls did not obey
  };
  // An unlabelled throttle of a call of `who` that was sent at `sent`, with its Retry-After.
  [[nodiscard]] attribution throttled(organizer_index who, mono_time sent, mono_time now,
                                      std::optional<std::chrono::nanoseconds> wait = {});
  // The cooldown that the attributed throttle started ends at `end`.
  void closed_until(const attribution& r, mono_time end) noexcept;
  // A call was made. Returns true where it is made in a cooldown of the lane that was attributed to an organizer by mistake.
  bool called(organizer_index who, mono_time now) noexcept;
  void succeeded(organizer_index who, mono_time sent) noexcept;
  [[nodiscard]] bool limited(organizer_index who) const noexcept;

 private:
  struct limited_organizer {
    organizer_index who;
    mono_time until;  // of its cooldown
    std::uint32_t successes;
  };
  void set_candidate(organizer_index who) noexcept;
  [[nodiscard]] double chance() const noexcept;

  static constexpr std::size_t most_remembered = 64;
  std::vector<limited_organizer> limited_;
  std::vector<organizer_index>
      limited_before_;  // whose attribution was cleared by a throttle of the lane: it takes less evidence the next time
  std::uint64_t let_through_ = 0;
  mono_time misattributed_until_ = mono_time::min();

  organizer_index candidate_ = no_organizer;
  bool alone_ = false;
  mono_time announced_ = mono_time::min(), reopened_ = mono_time::min();
  unsigned repeats_ = 0;                // throttles of the candidate since its first one
  std::uint64_t own_ = 0, others_ = 0;  // calls of the candidate and of others that succeeded since then
  std::vector<organizer_index> seen_;
};

}  // namespace convoke::engine
