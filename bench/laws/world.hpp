#pragma once

// Services with random limits, and a caller in virtual time whose pace is a law. The caller is never short of connections or work.

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <vector>

#include "laws/law.hpp"
#include "sim/service/behaviour.hpp"

namespace convoke::bench {

enum class limit_kind : std::uint8_t { shallow_bucket, deep_bucket, fixed, sliding };

// The greatest jitter, as a share of the wait to which it is added.
inline constexpr double longest_jitter = 0.1;

struct world {
  limit_kind kind = limit_kind::shallow_bucket;
  std::uint64_t seed = 1;
  double limit = 0;      // calls/s
  double depth = 0;      // of the bucket, calls
  double window = 1;     // s
  double latency = 0;    // s, median
  double change_at = 0;  // s, if the limit changes
  bool whole_seconds = true;
  bool throttled_count = true;
  double chance = 0;       // probability that a call is throttled at random
  double chance_wait = 0;  // s, the Retry-After of random throttles

  // True where a window has a whole number of calls, at least one, also after the limit was multiplied by `factor`.
  [[nodiscard]] bool can_change_by(double factor) const;
};

[[nodiscard]] world make_world(limit_kind kind, std::uint64_t seed);
// The same world with random throttles: one call in 100 to 2,000, with a Retry-After of 0, 0.1, 0.5 or 1 s.
[[nodiscard]] world with_random_throttles(world w);

// How the calls of one simulation ended, in bins of half a second from the start.
struct course {
  static constexpr double bin = 0.5;
  struct counts {
    std::uint32_t accepted = 0, refused = 0, cooldowns = 0;
  };
  std::vector<counts> bins;
  double finished = 0;  // s: when the last answer of the job came
  std::optional<engine::learnt_pace> learnt;

  [[nodiscard]] counts between(double from, double to) const;
};

struct plan {
  double seconds = std::numeric_limits<double>::infinity();
  std::uint64_t rows = 1'000'000'000;
  std::optional<double> factor{};  // of the limit, from change_at on
  std::uint64_t run = 0;           // another run in the same world, with other noise
};

using law_maker = std::function<std::unique_ptr<law>(mono_time now)>;

[[nodiscard]] course simulate(const world& w, const plan& p, const law_maker& make);

}  // namespace convoke::bench
