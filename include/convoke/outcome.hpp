#pragma once

/// \file
/// How a row of a run ended.

#include <cstdint>
#include <optional>
#include <string_view>

namespace convoke {

/// How a row of a run ended, for good. The numbers are stored in ledgers and are never reused.
enum class outcome : std::uint8_t {
  created = 1,     ///< answered 201
  existing = 2,    ///< answered 200, and the stored meeting agrees with the spec
  drifted = 3,     ///< answered 200 (or known from before), and differs
  updated = 4,     ///< differed, and a PATCH made it agree
  unchanged = 5,   ///< the inventory already has it as wanted: no call
  failed = 6,      ///< a permanent answer, or transient faults in 3 runs in a row
  rejected = 7,    ///< the row was wrong; nothing was sent
  superseded = 8,  ///< a later plan took this key over
  lost = 9,        ///< verify: the meeting is gone
  removed = 10,    ///< deleted, or already gone
};

/// The word that users see: `created`, `existing`, …
[[nodiscard]] std::string_view to_string(outcome o) noexcept;

/// The inverse of `to_string`; nullopt for any other word.
[[nodiscard]] std::optional<outcome> parse_outcome(std::string_view word) noexcept;

/// True for created, existing, updated, unchanged and removed; for drifted unless `drift_fails` (`--on-drift fail`).
[[nodiscard]] bool satisfied(outcome o, bool drift_fails) noexcept;

}  // namespace convoke
