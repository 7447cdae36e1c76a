#pragma once

// Random limits, and a caller in virtual time that meets them with a law. It has any number of connections and always work.

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <vector>

#include "laws/law.hpp"
#include "sim/service/behaviour.hpp"

namespace convoke::bench {

enum class limit_kind : std::uint8_t { shallow_bucket, deep_bucket, fixed, sliding };

// Of a wait, added to it.
inline constexpr double longest_jitter = 0.1;

struct world {
  limit_kind kind = limit_kind::shallow_bucket;
  std::uint64_t seed = 1;
  double limit = 0;      // calls/s
  double depth = 0;      // of the bucket, calls
  double window = 1;     // s
  double latency = 0;    // s, median
  double change_at = 0;  // s, where the limit changes
  bool whole_seconds = true;
  bool throttled_count = true;
  double chance = 0;       // that a call is throttled whatever the rate
  double chance_wait = 0;  // s, the Retry-After of those

  // Whole calls per window, at least one, that many times the limit of now.
  [[nodiscard]] bool can_change_by(double factor) const;
};

[[nodiscard]] world roll(limit_kind kind, std::uint64_t seed);
// The same with throttles that hit calls by chance, one in 100 to 2,000 of them, with a Retry-After of 0, 0.1, 0.5 or 1 s.
[[nodiscard]] world with_chance(world w);

// What a law made of a world, by half seconds from the start.
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

[[nodiscard]] course play(const world& w, const plan& p, const law_maker& make);

}  // namespace convoke::bench
