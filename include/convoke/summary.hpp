#pragma once

/// \file
/// What a plan decided and the state of a run, in numbers.

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <convoke/outcome.hpp>
#include <convoke/run_kind.hpp>
#include <convoke/time.hpp>

namespace convoke {

/// Rows of a run by outcome. A row counts in exactly one member.
struct outcome_counts {
  std::uint64_t created = 0, existing = 0, drifted = 0, updated = 0, unchanged = 0, failed = 0, rejected = 0, superseded = 0, lost = 0,
                removed = 0;
  std::uint64_t owed = 0;  ///< no outcome yet: deferred when the run is not being carried out

  outcome_counts& operator+=(const outcome_counts& more) noexcept {
    for (const auto member : {&outcome_counts::created, &outcome_counts::existing, &outcome_counts::drifted, &outcome_counts::updated,
                              &outcome_counts::unchanged, &outcome_counts::failed, &outcome_counts::rejected, &outcome_counts::superseded,
                              &outcome_counts::lost, &outcome_counts::removed, &outcome_counts::owed})
      this->*member += more.*member;
    return *this;
  }
  friend bool operator==(const outcome_counts&, const outcome_counts&) = default;
};

/// A key of one lane, for messages.
struct named_key {
  std::string organizer, external_id;
};

/// New meetings of one organizer in a month beyond which Graph may refuse more: "Meeting information: 2,000 meetings/user/month" per
/// app (Microsoft Graph, service-specific throttling limits, Cloud communications). A plan that passes it warns.
inline constexpr std::uint64_t meetings_per_organizer_and_month = 2000;

/// How long the calls of a plan or of a run will take, as far as that can be known. Graph publishes no rate for createOrGet: either the
/// rate was learnt in an earlier run, or it is not known and the forecast is a range. Durations count from the time of the forecast.
struct forecast {
  enum class basis : std::uint8_t {
    nothing_to_do,    ///< no calls
    fixed,            ///< --fixed-rate
    learnt,           ///< the rate that this lane took when it was last used
    learnt_long_ago,  ///< the same, but older than 36 h, so that a run starts at half of it: a range from the old rate to the half
    unknown,          ///< nothing was learnt yet: a range from the ceiling to the start rate
  };
  basis from = basis::nothing_to_do;
  std::uint64_t calls = 0;
  double rate = 0;     ///< calls/s to expect; where the limit is unknown or old: to start with
  double ceiling = 0;  ///< calls/s that are never exceeded: --rate
  std::optional<std::chrono::seconds> learnt_ago;
  std::chrono::milliseconds closed_for{0};      ///< the rest of the lane's cooldown; part of both durations
  std::chrono::milliseconds least{0}, most{0};  ///< from the first call to the last; equal where the rate is known
};

/// How a plan uses one column of the input.
struct column_use {
  enum class kind : std::uint8_t {
    used,     ///< it has a role
    carried,  ///< it is carried through to the results
    ignored,  ///< convoke_line and convoke_error of a failed file, and columns without a name
  };
  std::size_t column = 0;  ///< counted from 1
  std::string header;      ///< its name in the input, trimmed
  kind use = kind::carried;
  std::string role;  ///< where it is used: `organizer`, `start`, `option.NAME`, …
};

/// Why a plan warns about rows of its input. Each kind is counted and reported once.
enum class input_warning_kind : std::uint8_t {
  id_null_word,          ///< the external id is a word for nothing: NULL, nan, TBD, `-`
  id_scientific,         ///< the external id is a number in E-notation: a spreadsheet has shortened it
  id_apostrophe,         ///< the external id begins with an apostrophe, which spreadsheets use to mark text
  id_decimal,            ///< every external id ends in `.0`: a program has read them as numbers
  long_meeting,          ///< longer than 30 h
  short_meeting,         ///< shorter than 5 min: its duration may be in hours
  past_meeting,          ///< it has ended already
  far_meeting,           ///< it begins more than two years ahead
  fixed_offset_zone,     ///< the zone is `Etc/GMT+n` or `Etc/GMT-n`, whose sign is the opposite of the usual one
  utf8_in_windows_1252,  ///< read as windows-1252, but its bytes are valid UTF-8
  unnamed_column,        ///< a column without a name has values, which are ignored
  role_not_kept,         ///< it has a presenter or a coorganizer, a role that createOrGet does not reliably keep, and no update sets it
  lasting_option,        ///< an option is set that nothing takes back: anonymizeIdentityForRoles
  beta_endpoint,         ///< it is a channel meeting, which Graph's beta endpoint makes: that may change without notice
};
struct input_warning {
  input_warning_kind kind = input_warning_kind::id_null_word;
  std::uint64_t rows = 0;        ///< how many rows
  std::uint32_t first_line = 0;  ///< the line of the first of them
  std::string example;           ///< its value, escaped for people
};
/// `id_null_word`, `long_meeting`, …: the name of a kind for programs.
[[nodiscard]] std::string_view to_string(input_warning_kind kind) noexcept;

/// A field of meetings that a run updated.
struct updated_field {
  std::string name;        ///< `subject`, `start`, `end`, `attendees`, `roles`
  std::uint64_t rows = 0;  ///< in how many of the updated rows it differed
  friend bool operator==(const updated_field&, const updated_field&) = default;
};

/// A new key of a plan, and the key of a known meeting that it probably replaces.
struct replaced_key {
  named_key now, before;
};

/// Why rows ended without what they want: the rows of a run that failed, were lost, were rejected or, by option, drifted, and that share
/// outcome, code, status and, apart from values in it, the message.
struct failure_reason {
  outcome result = outcome::failed;
  std::string code;     ///< Graph's error code, or convoke's (`retries`, `invalid`, `conflict`); of drifted rows the fields
  int http_status = 0;  ///< 0: no answer
  std::uint64_t rows = 0;
  std::uint32_t line = 0;                       ///< the first of them
  std::string organizer, external_id, message;  ///< of that row
  std::uint16_t lane = 0;                       ///< of all of them: its position among the lanes of the run
  std::string tenant;                           ///< of that lane; empty where the run has one lane
  std::string request_id;                       ///< Graph's, of the answer to that row; empty: none came
  std::optional<utc_time> answered_at;          ///< when that answer came; absent: no call was made
  std::string remedy;                           ///< what is wrong and what to do, one or more sentences
  std::string fixed_by;                         ///< who can do it: `tenant administrator`, …; empty: not known
  std::vector<std::string> commands;            ///< that do it, in their order; empty where no command does
  bool in_rows = false;                         ///< the rows are to be corrected; otherwise the same command sends them again as they are
};

/// Why a plan removes no meeting, although meetings of its feed may have vanished from the input.
enum class removal_bar : std::uint8_t {
  none,           ///< what vanished is removed (on_vanished::remove)
  not_wanted,     ///< what vanished is only reported (on_vanished::report)
  no_feed,        ///< the input belongs to no feed
  part_of_input,  ///< only a part of the rows is planned (`limit`, `only`), or the input is the failed file of another one
  no_rows,        ///< the input has no rows
  wrong_rows,     ///< rows are wrong: such a run does not succeed as a whole, and what a wrong row wants is not known
  other_tenants,  ///< rows of other tenants are left out: a meeting that moved could be in one of them
  drifted_rows,   ///< meetings are known to differ, and drift fails the run (on_drift::fail)
};
/// `none`, `not_wanted`, …: for programs.
[[nodiscard]] std::string_view to_string(removal_bar why) noexcept;

/// What a plan decided, counted.
struct plan_summary {
  run_kind kind = run_kind::provision;
  std::string feed;                 ///< empty: the input belongs to no feed
  std::uint64_t records = 0;        ///< records of the input that the plan covers, without empty ones
  std::uint64_t empty_records = 0;  ///< records whose every cell is empty: skipped
  std::uint64_t other_tenants = 0;  ///< records that are left out because they are of other tenants; 0 where that was not counted
  /// Records that are left out because they are rows of convoke's results with the outcome `removed`: a run that provisions would make
  /// their meetings again. 0 where that was not counted.
  std::uint64_t removed_before = 0;
  std::uint64_t rows = 0;           ///< rows of the plan: a record, or one occurrence of a record that repeats
  std::uint64_t calls = 0;          ///< distinct keys that a call is owed for
  std::uint64_t new_keys = 0;       ///< of these, not in the inventory
  std::uint64_t changed_keys = 0;   ///< of these, in the inventory with another payload
  std::uint64_t retried_keys = 0;   ///< of these, in the inventory with this payload but not satisfied
  std::uint64_t extended_keys = 0;  ///< of these, as wanted or drifted, and about to expire: a PATCH extends them (keep_alive)
  std::uint64_t expired_keys = 0;   ///< of these, in the inventory with this payload, and expired
  std::uint64_t update_keys = 0;    ///< of the retried: known to differ, so that an update is owed and no createOrGet (`--on-drift update`)
  std::uint64_t settings_keys = 0;  ///< of the calls, createOrGet that an update follows for what it cannot set (options, roles)
  /// Of the calls: GET, of a run that verifies; DELETE, of one that removes, or of one that provisions and removes what vanished from its
  /// feed (on_vanished::remove); and createOrGet, of one that verifies, of meetings that are known to be lost (`--repair`).
  std::uint64_t get_keys = 0, remove_keys = 0, repaired_keys = 0;
  std::uint64_t gone = 0;        ///< rows, in such a run, whose meeting is known to be removed: no call
  std::uint64_t unknown = 0;     ///< rows, in such a run, whose meeting this ledger does not know: failed (`unknown_meeting`), no call
  std::uint64_t other_feed = 0;  ///< rows, in a remove run, whose meeting belongs to another feed: failed (`other_feed`), no call
  /// Rows, of a run that verifies, of meetings that another open run still owes a call for: failed (`call_owed`), no call.
  std::uint64_t left_out = 0;
  std::vector<std::uint32_t> left_out_runs;      ///< those runs; at most 20
  std::uint64_t unchanged = 0;                   ///< rows whose meeting is known to be as wanted
  std::uint64_t drifted = 0;                     ///< rows whose meeting is known to differ
  std::uint64_t rejected = 0;                    ///< rows that are wrong
  std::uint64_t rejected_records = 0;            ///< records with such a row; 0 where that was not counted
  std::uint64_t duplicates = 0;                  ///< rows that share key and payload with an earlier row
  std::uint64_t superseded = 0;                  ///< owed rows of older open runs that this plan takes over once it is open
  std::uint64_t owed_elsewhere = 0;              ///< keys owed to older open runs that this input lacks
  std::uint64_t vanished = 0;                    ///< known keys of this feed whose meeting has not ended and that this input lacks
  removal_bar barred = removal_bar::not_wanted;  ///< why nothing of that is removed; of a run that provisions, remove_keys is what is
  std::uint64_t changed_ids = 0;  ///< new keys that want the meeting (organizer, subject, start, end) of a known key that this input lacks
  std::uint64_t moved = 0;        ///< new keys with the external id of a known key of another organizer that this input lacks
  std::uint64_t changed_ids_removed = 0, moved_removed = 0;  ///< of these, those whose old meeting the plan removes
  std::uint64_t expire_early = 0;  ///< known meetings that expire before the wanted ones have ended, and that the plan does not extend
  std::vector<named_key> owed_elsewhere_sample, vanished_sample, expire_early_sample, remove_sample;  ///< at most 20 of each
  std::vector<replaced_key> changed_ids_sample, moved_sample;                                         ///< at most 20 of each

  /// The organizers that rows name by UPN, each counted once per tenant.
  struct look_up_counts {
    std::uint64_t names = 0;      ///< distinct UPNs; `check` counts these only
    std::uint64_t cached = 0;     ///< of these, known from the ledger
    std::uint64_t looked_up = 0;  ///< of these, found by the service
    std::uint64_t unknown = 0;    ///< of these, users that the tenant does not have: their rows are wrong
  };
  look_up_counts look_ups;
  std::vector<input_warning> warnings;
  std::vector<column_use> columns;    ///< of the input, in order
  std::vector<std::string> defaults;  ///< what the input does not say, and what is used: a sentence each

  /// The same per organizer.
  struct per_organizer {
    std::string organizer;
    std::size_t lane = 0;  ///< of the run's lanes, from 0
    std::uint64_t calls = 0, new_keys = 0, vanished = 0;
    std::uint64_t made_this_month = 0;  ///< meetings that this ledger made for it in this calendar month (UTC); only where new_keys > 0
  };
  std::vector<per_organizer> organizers;

  std::optional<convoke::forecast> expected;  ///< of all lanes together; absent where there is none (`check`)

  /// The same per lane, in the order of the run's lanes; empty where there is none (`check`).
  struct per_lane {
    std::string name, tenant, app;  ///< as the configuration names it, Entra tenant id, Entra application id; name and app may be empty
    std::uint64_t calls = 0, new_keys = 0;
    convoke::forecast expected;
  };
  std::vector<per_lane> lanes;
};

}  // namespace convoke
