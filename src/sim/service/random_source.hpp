#pragma once

// Seeded random numbers: each stream is a function of what it was made from.

#include <cstdint>
#include <string>
#include <string_view>

namespace convoke::sim {

// FNV-1a with a final mix: it scatters keys, and is the same on every machine.
[[nodiscard]] std::uint64_t hash_of(std::string_view text, std::uint64_t start = 0) noexcept;

// SplitMix64 (Steele, Lea, Flood 2014).
class random_source {
 public:
  // Different purposes give independent streams for one key and call.
  enum class purpose : std::uint64_t { fault = 1, detail, latency, identity, token, request };

  explicit random_source(std::uint64_t state) noexcept : state_(state) {}
  random_source(std::uint64_t seed, std::string_view key, std::uint64_t nth, purpose p) noexcept;

  [[nodiscard]] std::uint64_t next() noexcept;
  [[nodiscard]] double real() noexcept;                             // [0, 1)
  [[nodiscard]] std::uint64_t below(std::uint64_t bound) noexcept;  // [0, bound), bound > 0
  void append_guid(std::string& out);
  [[nodiscard]] std::string guid();

 private:
  std::uint64_t state_;
};

}  // namespace convoke::sim
