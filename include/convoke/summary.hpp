#pragma once

/// \file
/// What a plan decided and how a run stands, in numbers.

#include <cstdint>
#include <string>
#include <vector>

namespace convoke {

/// Rows of a run by outcome. A row counts in exactly one member.
struct outcome_counts {
  std::uint64_t created = 0, existing = 0, drifted = 0, updated = 0, unchanged = 0, failed = 0, rejected = 0, superseded = 0;
  std::uint64_t owed = 0;  ///< no outcome yet: deferred when the run is not being carried out

  friend bool operator==(const outcome_counts&, const outcome_counts&) = default;
};

/// A key of one lane, for people.
struct named_key {
  std::string organizer, external_id;
};

/// What a plan decided, counted.
struct plan_summary {
  std::uint64_t rows = 0;            ///< records of the input that the plan covers
  std::uint64_t calls = 0;           ///< distinct keys that a call is owed for
  std::uint64_t new_keys = 0;        ///< of them never seen before
  std::uint64_t changed_keys = 0;    ///< of them known, wanted differently now
  std::uint64_t retried_keys = 0;    ///< of them known, not satisfied so far
  std::uint64_t unchanged = 0;       ///< rows whose meeting is known to be as wanted
  std::uint64_t drifted = 0;         ///< rows whose meeting is known to differ
  std::uint64_t rejected = 0;        ///< rows that are wrong
  std::uint64_t duplicates = 0;      ///< rows that share key and payload with an earlier row
  std::uint64_t superseded = 0;      ///< owed rows of older open runs that this plan takes over once it is open
  std::uint64_t owed_elsewhere = 0;  ///< keys owed to older open runs that this input lacks
  std::uint64_t vanished = 0;        ///< keys that the previous run of the same input name had and this input lacks
  std::vector<named_key> owed_elsewhere_sample, vanished_sample;  ///< at most 20 of each

  /// The same per organizer.
  struct per_organizer {
    std::string organizer;
    std::uint64_t calls = 0, new_keys = 0, vanished = 0;
  };
  std::vector<per_organizer> organizers;
};

}  // namespace convoke
