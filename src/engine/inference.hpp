#pragma once

// Whose is a throttle that does not say so? The lane's, until the evidence singles one organizer out.

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include <convoke/time.hpp>

#include "engine/organizers.hpp"

namespace convoke::engine {

// An organizer is singled out where, after the cooldown that its throttle closed the lane with, it alone is throttled again while enough
// calls of enough others succeeded, and so often that chance does not explain it: a service that throttles anybody now and then meets the
// same one twice in a row before long. It is let back where its own calls succeed again for a while, or where another one is throttled:
// then the reading was wrong, and so were the calls that others made in the meantime.
class inference {
 public:
  static constexpr std::uint32_t calls_of_others = 20, other_organizers = 5;
  static constexpr double by_chance = 1e-4;  // so unlikely it must be that a throttle of the lane met it alone each time
  static constexpr std::uint32_t calls_to_trust_again = 20;

  struct attribution {
    bool organizer = false;                            // its cooldown; else the lane's
    bool newly_limited = false;                        // just now, after it had closed the lane
    bool same_organizer = false;                       // the same organizer as before, but the evidence is not enough ...
    bool others_go_on = false;                         // ... yet: the others have gone on meanwhile
    std::uint64_t misattributed = 0;                   // calls that an earlier, wrong reading let through
    mono_time misattributed_until = mono_time::min();  // and the end of the cooldown that it was wrong about
  };
  // An unlabelled throttle of a call of `who` that was sent at `sent`, with its Retry-After.
  [[nodiscard]] attribution throttled(organizer_index who, mono_time sent, mono_time now,
                                      std::optional<std::chrono::nanoseconds> wait = {});
  // What the latest reading closed ends at this time.
  void closed_until(const attribution& r, mono_time end) noexcept;
  // A call was made. Only those that an inference let through matter: true for one in a cooldown that is known to have been misread.
  bool called(organizer_index who, mono_time now) noexcept;
  void succeeded(organizer_index who, mono_time sent) noexcept;
  [[nodiscard]] bool newly_limited(organizer_index who) const noexcept;

 private:
  struct limited_organizer {
    organizer_index who;
    mono_time until;  // of its cooldown
    std::uint32_t successes;
  };
  void observe(organizer_index who) noexcept;
  [[nodiscard]] double chance() const noexcept;

  static constexpr std::size_t most_remembered = 64;
  std::vector<limited_organizer> limited_;
  std::vector<organizer_index> limited_before_;  // singled out before, until the lane itself was throttled
  std::uint64_t let_through_ = 0;
  mono_time misattributed_until_ = mono_time::min();

  organizer_index candidate_ = no_organizer;
  bool alone_ = false;
  mono_time announced_ = mono_time::min(), reopened_ = mono_time::min();
  unsigned repeats_ = 0;                // its throttles since the first one
  std::uint64_t own_ = 0, others_ = 0;  // calls that succeeded since
  std::vector<organizer_index> seen_;
};

}  // namespace convoke::engine
