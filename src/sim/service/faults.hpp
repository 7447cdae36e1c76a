#pragma once

// The faults that can hit a call which reached a key, and the decision which one does.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <convoke/error.hpp>
#include <convoke/operation.hpp>

namespace convoke::sim {

enum class fault : std::uint8_t {
  none,
  throttle,        // 429 that no quota caused
  throttle_503,    // 503 with Retry-After
  throttle_after,  // 429 although the operation was carried out
  false_401,
  e500_before,
  e502_before,
  e503_before,
  e504_before,
  e500_after,
  e502_after,
  e503_after,
  e504_after,
  lost_reply,  // carried out, then the connection closes without an answer
  reset,       // RST before anything is done
  slow,
  cut_length,   // Content-Length says more than is sent
  cut_chunked,  // chunked, without its last chunk
  cut_close,    // neither length nor chunks, cut in the middle
  html_200,
  empty_200,
  wrong_type,
  other_external_id,
  missing_id,
  html_503,
  empty_503,  // with Connection: close, before anything is done
  count_
};

inline constexpr std::size_t fault_count = static_cast<std::size_t>(fault::count_);

// The word in switches, scripts and statistics: `fault_500_before`, `lost_reply`, …
[[nodiscard]] std::string_view to_string(fault f) noexcept;
// What help says about it.
[[nodiscard]] std::string_view describe(fault f) noexcept;
[[nodiscard]] std::optional<fault> parse_fault(std::string_view word) noexcept;

// True where the operation is carried out although the caller does not get a proper answer, or gets it late.
[[nodiscard]] bool commits(fault f) noexcept;
[[nodiscard]] bool is_throttle(fault f) noexcept;

// One probability per kind, 0..1; together at most 1.
struct fault_rates {
  std::array<double, fault_count> rate{};

  [[nodiscard]] double& operator[](fault f) { return rate[static_cast<std::size_t>(f)]; }
  [[nodiscard]] double operator[](fault f) const { return rate[static_cast<std::size_t>(f)]; }
  [[nodiscard]] double total() const noexcept;
  // `total` in equal parts over every kind that is neither a throttle nor a false 401.
  void spread(double total);
  // The same over the listed kinds.
  void spread(double total, const std::vector<fault>& kinds);
};

// Forces a fault: at the n-th call of the whole service, or at the n-th call for one external id. Counts from 1, and with an operation only
// the calls of that operation.
struct scripted_fault {
  std::string external_id;  // empty: any
  std::uint64_t call = 0;   // 0 with an external id: each of its calls
  fault what = fault::none;
  std::optional<operation> op{};  // absent: any
  bool batch = false;             // the call is an envelope of `$batch`: `call` counts these only
  std::string error{};            // in place of `what`: this answer, before anything is done (error_bodies.hpp)
};

// [{"call": 3, "fault": "lost_reply"}, {"key": "class-7", "operation": "update", "call": 1, "fault": "fault_500_after"},
// {"key": "class-8", "error": "policy_general"}]. errc::usage.
[[nodiscard]] result<std::vector<scripted_fault>> parse_script(std::string_view json);
// The list that parse_script reads as this script.
[[nodiscard]] std::string write_script(const std::vector<scripted_fault>& script);

// A function of its arguments only: which fault hits the nth call for a key.
[[nodiscard]] fault draw_fault(const fault_rates& rates, std::uint64_t seed, std::string_view key, std::uint64_t nth) noexcept;

}  // namespace convoke::sim
