#pragma once

// The rules by which a plan classifies its rows and chooses what they owe: pure functions of small values. They read no store, no file and
// no clock, so that every store plans alike.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <convoke/spec.hpp>

#include "ledger/planning/rows.hpp"

namespace convoke::ledger::planning {

// What was last observed of a key. The numbers are stored.
//
// lost: Graph does not have the meeting any more. removed: it was deleted. incomplete: the meeting was observed, but a further operation is
// owed before it is as wanted. A row that wants a key in one of these three states, or in `failed`, owes a call.
enum class observed_state : std::uint8_t { satisfied = 1, drifted = 2, failed = 3, lost = 4, removed = 5, incomplete = 6 };

// What a ledger knows of a key in its inventory.
struct known_key {
  std::optional<observed_state> state;  // absent: nothing was observed yet
  bool pending = false;                 // the inventory already wants another payload than the one that the observation was compared with
  bool has_meeting = false;             // the id of the meeting is known
  digest compared{};                    // the payload that the observation was compared with
  feed_id feed = no_feed;               // that the key belongs to
  std::optional<utc_time> ends;         // when the wanted meeting ends; absent: not known
  digest wanted{};                      // the payload that the inventory wants
  std::optional<utc_time> expires{};    // the meeting, as the service said when it was observed; absent: not known
  bool extendable = true;               // an update that changes nothing is possible, see can_extend
  bool correctable = true;              // an update can correct what differs, see can_correct
};

// True if the class of a row depends on `known_key::wanted`: the key was never observed as satisfied or drifted since it was last called.
[[nodiscard]] bool needs_wanted(std::optional<observed_state> state) noexcept;

// unchanged or drifted: the key was observed, and compared with this very payload. expired: the same, but the meeting has expired by `now`,
// so that its link may be dead. retried: the key has no such observation and is wanted as before. changed: everything else.
[[nodiscard]] row_class classify_known(const known_key& key, const digest& payload, utc_time now) noexcept;

// ---- expiry: a meeting expires 60 days after its end, and any update before that extends it (Graph's page of onlineMeeting)

// Whether an update that changes nothing can be made of a meeting with these differences (names of fields, `;` between): it sends the
// wanted times again, which must be those that the meeting has. Where they differ, neither its end nor what to send is known.
[[nodiscard]] bool can_extend(std::string_view drift) noexcept;

// What an update sends, and what is known to differ and stays as it is, by the names of fields that spec::differing_fields has.
struct update_fields {
  std::vector<std::string> sent;  // not empty where anything that an update can correct differs or is to be set
  std::vector<std::string> kept;
};

// Of an update that only extends a meeting with these differences: the times are sent, because the life of a meeting counts from its end.
// Any other field may have been changed since it was observed, and must not be overwritten. Precondition: can_extend(drift).
[[nodiscard]] update_fields fields_to_extend(std::string_view drift);

// Of any other update of a row that owes it by `rule`, where the fields `differing` differ or are to be set. `settled`: what createOrGet
// cannot set is known to be as it is wanted.
[[nodiscard]] update_fields fields_to_update(update_rule rule, bool keeps_roles, std::vector<std::string> differing, bool settled);

// The names in `fields`, which are separated by `;`.
[[nodiscard]] std::vector<std::string> split_fields(std::string_view fields);

// The operation with which a claimed row is carried out: the one that it owes. Where it owes an extension, and another run has found since
// the plan that the times differ, createOrGet takes its place: it changes nothing of the meeting, and shows it.
[[nodiscard]] operation operation_now(const claimed_row& row) noexcept;

// Whether a row owes an update only to keep its meeting alive: the meeting is known as unchanged or drifted, no other call is owed, and it
// expires within `keep_alive` from `now` although the wanted one ends later than now.
[[nodiscard]] bool call_for_expiry(const operation_settings& settings, const known_key& key, row_class what, utc_time ends,
                                   utc_time now) noexcept;

// Whether a known meeting expires before the wanted one has ended. Not where that end has passed: the link is not needed any more.
[[nodiscard]] bool expires_early(const known_key& key, utc_time ends, utc_time now) noexcept;

// True for a meeting that is known to be lost or removed: it cannot vanish from an input.
[[nodiscard]] bool is_gone(std::optional<observed_state> state) noexcept;

// The feed of a key that a run wants: that of the run. A run without a feed leaves a key where it is.
[[nodiscard]] constexpr feed_id feed_after(feed_id known, feed_id run) noexcept {
  return run == no_feed ? known : run;
}

// Whether an update follows a row's createOrGet. Always, unless the answer shows that it is set, where the spec wants something that
// createOrGet cannot set: attendee roles that are to be enforced. On a difference where drifted meetings are to be updated. Both rules can
// hold. Else never.
[[nodiscard]] update_rule update_after_create(const operation_settings& settings, const meeting_spec& spec) noexcept;

// Whether an update can correct one of these differences (names of fields, `;` between), or which ones there are is not known. Where it
// cannot, the meeting stays drifted, and no run owes an update because of it.
[[nodiscard]] bool can_correct(std::string_view drift) noexcept;

// The operation that a row owes first; none where the row needs no call. New, changed and retried rows owe createOrGet. A drifted row owes
// one only where drifted meetings are to be updated: an update, or createOrGet where the meeting's id is not known. An expired one owes
// createOrGet: what the service does with its key is not documented.
[[nodiscard]] std::optional<operation> first_operation(const operation_settings& settings, row_class what, bool has_meeting) noexcept;

// What a row changes in the wanted side of the inventory.
enum class wanted_change : std::uint8_t {
  none,
  replaced,  // the inventory wants this payload from now on, and the observation no longer answers it
  restored,  // the inventory wanted another payload that was never sent; the observation answers this one again
};
[[nodiscard]] wanted_change change_of_wanted(row_class what, bool pending) noexcept;

// The service does not document whether it distinguishes letter case in external ids. A key is therefore always sent in the form in which
// it was first called: a row that writes it in another form could create a second meeting. Returns the row's payload with the external id
// of `first`, the payload that is wanted of the key so far; nothing where the forms are equal or either payload cannot be read.
[[nodiscard]] std::optional<std::string> with_first_form(std::string_view first, std::string_view row);

// What is decided about a row. Every row of the input gets exactly one of these.
enum class decision : std::uint8_t {
  invalid,     // rejected: the row itself is wrong
  conflict,    // rejected: other rows have its key and want another meeting
  unchanged,   // no call: the meeting is known to be as wanted
  drifted,     // no call: the meeting is known to differ
  duplicate,   // ends as the first row with its key, which owes a call
  call,        // owes a call
  gone,        // removed, no call: see planning/kinds.hpp
  unknown,     // failed, no call: the ledger knows no meeting of this key
  other_feed,  // failed, no call: its meeting belongs to another feed than the run
  left_out,    // failed, no call: another open run still owes one
};
[[nodiscard]] decision decide(const matched_row& row, bool conflicting) noexcept;

// Adds one decided row to the counts.
void count(plan_summary& summary, const matched_row& row, decision decided) noexcept;

}  // namespace convoke::ledger::planning
