#pragma once

// What a plan does to the rows that other runs still owe: it takes over those whose keys it decides about, and the rows that take their
// place inherit their claims.

#include <algorithm>
#include <cstdint>
#include <vector>

#include "ledger/planning/groups.hpp"

namespace convoke::ledger::planning {

// A row that another run owes.
struct owed_elsewhere {
  run_id run = 0;
  organizer_id organizer = 0;
  std::uint32_t number = 0;
  std::uint32_t call = 0;  // the number of the call within its run
  key_id key = 0;
  lease_token token = 0;  // 0: unclaimed
  std::uint32_t strikes = 0;
  std::uint64_t duplicates = 0;         // further rows of the input that end as this one does
  bool discarded = false;               // of a discarded run: the row stands only for a claim whose call may be in flight
  bool removes = false;                 // it owes the removal of the meeting, now or once all other rows of its run have succeeded
  run_kind kind = run_kind::provision;  // of that run
};

enum class takeover : std::uint8_t {
  none,        // the plan has nothing to do with it
  elsewhere,   // the input lacks the key: the row stays owed where it is
  superseded,  // the row ends as superseded
  claim_only,  // of a discarded run: the row is removed without an outcome, and its claim is inherited
};
// `kind`: of the plan's run.
[[nodiscard]] inline takeover take_over(const owed_elsewhere& row, const key_groups& groups, run_kind kind = run_kind::provision) {
  if (groups.taken.contains(row.key)) return row.discarded ? takeover::claim_only : takeover::superseded;
  if (row.discarded) return takeover::none;
  if (!groups.present.contains(row.key)) return takeover::elsewhere;
  // The input has the key in a conflict or in a wrong row. What is wanted of it is not known, so its row stays owed, and is no surprise;
  // but an input that says what is to exist names it, so its meeting is not removed any more.
  return row.removes && kind == run_kind::provision ? takeover::superseded : takeover::none;
}

// Whether a run that verifies leaves the key of this row out: another open run owes more than to read it, and a row that only reads must
// not take its place.
[[nodiscard]] inline bool keeps_its_call(const owed_elsewhere& row) noexcept {
  return !row.discarded && row.kind != run_kind::verify;
}

// What a row inherits from the rows of other runs that it replaces. A token means that a call with this key may still be in flight, so the
// row counts as claimed by an earlier session (stale) and is not called before that call must have ended. Strikes count by key.
struct inherited_claim {
  lease_token token = 0;
  std::uint32_t strikes = 0;
  friend bool operator==(const inherited_claim&, const inherited_claim&) = default;
};

// A discarded run passes on no strikes: its user gave it up.
[[nodiscard]] inline inherited_claim claim_of(const owed_elsewhere& row) noexcept {
  return {.token = row.token, .strikes = row.discarded ? 0 : row.strikes};
}

// Of several claims on one key any token makes the row stale, and the most strikes count. Commutative and associative: the order in which a
// store finds the claims does not matter.
[[nodiscard]] constexpr inherited_claim merge(const inherited_claim& a, const inherited_claim& b) noexcept {
  return {.token = std::max(a.token, b.token), .strikes = std::max(a.strikes, b.strikes)};
}

// The claims by key. Call add() for all of them, then sort(), then of().
class inherited_claims {
 public:
  void add(key_id key, const inherited_claim& claim) {
    if (claim != inherited_claim{}) entries_.push_back({key, claim});
  }
  void sort();
  [[nodiscard]] inherited_claim of(key_id key) const;

 private:
  struct entry {
    key_id key = 0;
    inherited_claim claim;
  };
  std::vector<entry> entries_;
};

}  // namespace convoke::ledger::planning
