#pragma once

#include <cstdint>
#include <string>

namespace convoke::graph {

// Random GUIDs (version 4) for client-request-id: they have to differ, not to be unguessable.
class guid_source {
 public:
  explicit guid_source(std::uint64_t seed) noexcept : state_(seed) {}
  // Writes the 36 characters of a fresh one over `into`.
  void write(char* into) noexcept;
  static constexpr std::size_t size = 36;

 private:
  std::uint64_t next() noexcept;
  std::uint64_t state_;
};

}  // namespace convoke::graph
