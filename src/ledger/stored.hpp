#pragma once

// How the values of a ledger are stored. Every store writes the same numbers and texts.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/digest.hpp"
#include "ledger/planning/plan_store.hpp"
#include "ledger/planning/rules.hpp"
#include "ledger/types.hpp"

namespace convoke::ledger {

// The states of an observation, as stored.
using observed = planning::observed_state;

inline std::int64_t to_stored(utc_time t) noexcept {
  return t.time_since_epoch().count();
}
inline utc_time from_stored(std::int64_t count) noexcept {
  return utc_time(ticks(count));
}
inline std::optional<std::int64_t> to_stored(const std::optional<utc_time>& t) noexcept {
  return t ? std::optional(to_stored(*t)) : std::nullopt;
}
// owed.operation: the number of the operation, or one of these. extension: an update that only extends the life of the meeting. waiting: a
// removal that waits for all other rows of its run; it becomes an ordinary one when they have succeeded. repairing: a get that createOrGet
// follows where the meeting is lost or has expired.
inline constexpr int stored_extension = 5, stored_waiting = 6, stored_repairing = 7;
inline int stored_operation(const planning::planned_call& call) noexcept {
  if (call.waits) return stored_waiting;
  if (call.extends) return stored_extension;
  return call.repairs && call.op == operation::get ? stored_repairing : static_cast<int>(call.op);
}
inline operation operation_from_stored(int stored) noexcept {
  switch (stored) {
    case stored_extension:
      return operation::update;
    case stored_waiting:
      return operation::remove;
    case stored_repairing:
      return operation::get;
    default:
      return static_cast<operation>(stored);
  }
}
// Whether a row with this owed.operation removes the meeting, now or later.
inline bool stored_removal(int stored) noexcept {
  return operation_from_stored(stored) == operation::remove;
}
// Dates of occurrences are stored as YYYYMMDD.
[[nodiscard]] std::optional<std::int64_t> stored_date(const occurrence_date& date) noexcept;
[[nodiscard]] std::chrono::local_days date_from_stored(std::int64_t date) noexcept;
// Months are counted from the year 0, in UTC.
[[nodiscard]] std::int64_t month_of(utc_time t) noexcept;
// The record of a rejected row has the hashes of its keys in the place of a payload: a plan that is opened later still knows what is
// present in its input.
[[nodiscard]] std::string to_bytes(const std::vector<digest>& keys);
[[nodiscard]] std::vector<digest> to_digests(std::string_view bytes);
[[nodiscard]] std::string_view to_string(run_state state) noexcept;
// Why a waiting row ended without a call.
inline constexpr const char* not_removed_why =
    "not removed: other rows of this run did not succeed, or another run took them over, and meetings are only removed after everything "
    "else; run the same command again";
// False for one that is not a finite positive rate, or has a number that is none.
[[nodiscard]] bool worth_saving(const lane_pace& pace) noexcept;

// The lowest and the highest id that a row, or an outcome, of this run can have.
inline row_id first_row(run_id run) noexcept {
  return make_row(run, 0);
}
inline row_id last_row(run_id run) noexcept {
  return make_row(run, 0xffffffff);
}
// The outcome of a call has an id made of the number of the call. The numbers of rows are below these.
inline constexpr std::uint32_t first_call = planning::row_limit;
inline row_id outcome_id_of_call(run_id run, std::uint32_t call) noexcept {
  return make_row(run, first_call | call);
}

struct stored_run {
  run_info info;
  bool pruned = false;
};

// Adds `n` rows to the count of this outcome.
void count(outcome_counts& counts, outcome o, std::uint64_t n) noexcept;
// How many rows have an outcome.
[[nodiscard]] std::uint64_t ended(const outcome_counts& counts) noexcept;

// The word for what is known of a key. Without an observation, or with one of something else than is wanted now, it is `wanted`.
[[nodiscard]] std::string_view state_word(int state, bool pending) noexcept;
// Whether a row with this outcome shows the meeting that was observed.
[[nodiscard]] bool shows_meeting(outcome o) noexcept;
// Those that have no meeting as wanted.
[[nodiscard]] bool belongs_in_failed(const std::optional<outcome>& o, bool drift_fails) noexcept;

// errc::usage, for a run that the ledger does not have, and for one whose records it no longer keeps.
[[nodiscard]] std::unexpected<error> no_such_run(run_id id);
[[nodiscard]] std::unexpected<error> records_not_kept(run_id id);

}  // namespace convoke::ledger
