#pragma once

#include <cstdint>
#include <string>

namespace convoke::graph {

// Random GUIDs (RFC 4122, version 4) for client-request-id. They must differ; they need not be hard to guess.
class guid_source {
 public:
  explicit guid_source(std::uint64_t seed) noexcept : state_(seed) {}
  // Writes the 36 characters of a new GUID to `into`.
  void write(char* into) noexcept;
  static constexpr std::size_t size = 36;

 private:
  std::uint64_t next() noexcept;
  std::uint64_t state_;
};

}  // namespace convoke::graph
