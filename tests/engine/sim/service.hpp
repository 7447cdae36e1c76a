#pragma once

// A service in virtual time: creates or gets meetings, misbehaves by the dice, and notes what a real one could be broken by.

#include <chrono>
#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "engine/types.hpp"

namespace convoke::engine::sim {

using dice = std::mt19937_64;

struct temper {
  double fault = 0;     // 5xx, cut, unbelievable, reset: before or after the meeting was made
  double hang = 0;      // no answer within the attempt timeout; the call goes on over there for up to 4.9 s
  double throttle = 0;  // with waits of every kind
  double free = 0;      // stale connections, requests that never began, shortages on our side
  bool long_waits = false;
  std::chrono::seconds token_life{3600};
};

struct wanted {
  organizer_id organizer;
  key_id key;
  bool bad_row;        // 400 whenever it is asked for
  bool bad_organizer;  // 403
};

class service {
 public:
  service(std::uint64_t seed, temper t) : dice_(seed), temper_(t) {}

  struct reply {
    answer said;
    std::chrono::nanoseconds after;
    bool connection_lives;
  };
  reply call(const wanted& w, std::uint32_t token, mono_time now);
  // The caller died: its calls go on for an attempt timeout at most, which is all that the rule about stale rows promises to wait.
  void caller_died(mono_time now);
  std::uint32_t new_token(mono_time now);

  [[nodiscard]] unsigned creations(key_id k) const;
  [[nodiscard]] unsigned overlaps() const noexcept { return overlaps_; }  // two calls of one key at work at the same time
  [[nodiscard]] std::uint64_t calls() const noexcept { return calls_; }

 private:
  struct span {
    mono_time from, to;
  };
  [[nodiscard]] bool chance(double p) { return std::uniform_real_distribution<>(0, 1)(dice_) < p; }
  [[nodiscard]] std::chrono::nanoseconds between(std::chrono::nanoseconds a, std::chrono::nanoseconds b);
  int work(key_id k, span s);  // 201 or 200
  reply misbehave(const wanted& w, span s);
  reply throttled(std::chrono::nanoseconds after);
  reply refuse_or_serve(const wanted& w, span s, mono_time now);

  dice dice_;
  temper temper_;
  std::map<key_id, std::vector<span>> worked_;
  std::map<key_id, unsigned> created_;
  std::map<std::uint32_t, mono_time> tokens_;  // number -> end
  unsigned overlaps_ = 0;
  std::uint64_t calls_ = 0;
};

}  // namespace convoke::engine::sim
