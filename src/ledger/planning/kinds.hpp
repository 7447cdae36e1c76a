#pragma once

// What the rows of a run that verifies or removes owe: pure functions of small values, the same for every store.
//
// verify, of a key with a known meeting: `get`. A meeting that was found lost before is read again: its organizer may have been absent for
// a time only, and a run that attests the inventory asks about all of it. Under `repair` it owes createOrGet at once, which answers the
// same question. A meeting that was removed is not asked for: the row ends as `removed`. A key for which an open run of another kind still
// owes a call is left out, and its row fails with the code `call_owed`: the call of that run decides how the meeting is to be, and may be
// in flight, so a row that only reads neither takes its place nor attests anything.
//
// remove: `remove`, where the key belongs to the run's feed; a run without a feed removes meetings of any. What is known to be removed ends
// as `removed`; what is known to be lost is deleted all the same, because only a 404 now shows that it is gone now.
//
// A key that the inventory lacks, or whose meeting has no known id, ends as failed with the code `unknown_meeting`, one of another feed
// with `other_feed`. Neither run changes what the inventory wants of a key, nor its feed.

#include <optional>
#include <string>
#include <string_view>

#include <convoke/operation.hpp>

#include "ledger/planning/rules.hpp"

namespace convoke::ledger::planning {

// The codes of rows that such a run fails without a call.
inline constexpr std::string_view unknown_meeting = "unknown_meeting", other_feed = "other_feed", call_owed = "call_owed";
// The code of rows that waited for all others of their run, of which not all succeeded: see store::claim.
inline constexpr std::string_view not_removed = "not_removed";

struct kind_rule {
  row_class what = row_class::unknown;  // checked, gone, unknown or other_feed
  std::optional<operation> first{};     // that the row owes: of a checked one
  bool repairs = false;                 // see claimed_row
};

// Of a run that verifies or removes. `feed`: the run's.
[[nodiscard]] kind_rule rule_of(run_kind kind, const operation_settings& settings, const known_key& key, feed_id feed,
                                utc_time now) noexcept;

// Whether a verify run without a file has a row for a key: its meeting is known and was not removed. One that has ended has a row until it
// was found lost or has expired: from then on nothing is left of it that could be attested.
[[nodiscard]] bool is_verified(const known_key& key, utc_time now) noexcept;

// Whether an update follows the get of a verify run that finds a difference.
[[nodiscard]] constexpr update_rule update_after_get(const operation_settings& settings) noexcept {
  return settings.repair && settings.update_drifted ? update_rule::if_different : update_rule::never;
}

// The code and the message of a row that ends without a call.
struct no_call {
  std::string_view code, why;
};
[[nodiscard]] no_call reason_of(row_class what, run_kind kind) noexcept;
// The code of a row that failed without a call; empty for any other decision.
[[nodiscard]] std::string_view code_of(decision what) noexcept;

}  // namespace convoke::ledger::planning
