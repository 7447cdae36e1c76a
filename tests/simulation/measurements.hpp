#pragma once

// What the service saw during a job, as numbers over time.

#include <cstdint>
#include <functional>
#include <vector>

#include "simulation/random_source.hpp"

namespace convoke::simulation {

struct call_seen {
  float sent;     // seconds since the world's start
  float arrived;  // at the service
  std::uint32_t organizer;
  enum class result : std::uint8_t { accepted, throttled, other, lost } what = result::other;
  bool organizer_scope = false;  // it was throttled by the limit of its organizer
};

// A throttled answer that convoke received.
struct cooldown_seen {
  float from, to;  // seconds; `to` as announced
  std::uint32_t organizer;
  bool organizer_scope;
};

struct measurements {
  std::vector<call_seen> calls;
  std::vector<cooldown_seen> cooldowns;
  double began = 0;  // the world's start, on the clock of the service's windows
  double first_send = -1, last_commit = 0;
  std::uint64_t early = 0;    // calls that the service found inside a cooldown
  double slowest_answer = 0;  // seconds
  std::uint64_t most_in_flight = 0;

  // Calls that arrived in [from, to).
  [[nodiscard]] std::size_t accepted(double from, double to) const {
    return count(from, to, [](const call_seen& c) { return c.what == call_seen::result::accepted; });
  }
  [[nodiscard]] std::size_t throttled(double from, double to) const {
    return count(from, to, [](const call_seen& c) { return c.what == call_seen::result::throttled; });
  }
  [[nodiscard]] std::size_t all(double from, double to) const {
    return count(from, to, [](const call_seen&) { return true; });
  }
  template <class Predicate>
  [[nodiscard]] std::size_t count(double from, double to, Predicate wanted) const {
    std::size_t n = 0;
    for (const auto& c : calls)
      if (c.arrived >= from && c.arrived < to && wanted(c)) ++n;
    return n;
  }
};

}  // namespace convoke::simulation
