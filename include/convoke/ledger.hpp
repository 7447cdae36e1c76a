#pragma once

/// \file
/// Reads a ledger: runs, their state and results, and the inventory. `convoke runs`, `status` and `discard` are these functions and code
/// that prints.
///
///     auto ledger = convoke::ledger_reader::open("sqlite:/var/lib/convoke/ledger.db");
///     const auto last = ledger->last_run();
///     if (last && *last) const auto status = ledger->status((*last)->id);

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include <convoke/error.hpp>
#include <convoke/outcome.hpp>
#include <convoke/run_kind.hpp>
#include <convoke/spec.hpp>
#include <convoke/summary.hpp>
#include <convoke/time.hpp>

namespace convoke {

/// A lane as ledgers name it.
struct lane_key {
  std::string graph_root;  ///< lower case, without a trailing slash
  std::string tenant;      ///< Entra tenant id, lower case
  std::string app;         ///< Entra application id, lower case; may be empty. Of a signed-in user: `/` and the object id behind it
};

enum class run_state : std::uint8_t {
  planned,    ///< nothing of it is sent until `apply` opens it
  open,       ///< rows may be owed
  finished,   ///< nothing is owed
  discarded,  ///< closed, because it is not wanted
};

/// `planned`, `open`, `finished`, `discarded`.
[[nodiscard]] std::string_view to_string(run_state s) noexcept;

struct run_info {
  std::uint32_t id = 0;
  run_state state = run_state::planned;
  std::string input;         ///< the input's name as it was given, `-` for standard input
  std::string input_sha256;  ///< hexadecimal
  std::string feed;          ///< the series of files that the input belongs to; empty: none
  utc_time planned_at{};
  std::optional<utc_time> opened_at, finished_at;
  std::uint64_t rows = 0;
  outcome_counts counts;
  bool drift_fails = false;  ///< drifted rows count as failed
  run_kind kind = run_kind::provision;
  std::vector<lane_key> lanes;
};

/// How many rows or meetings share a property.
struct counted {
  std::string what;
  std::uint64_t count = 0;
};

/// The limit of a lane, as earlier calls found it.
struct learnt_rate {
  double rate = 0;      ///< calls per second that the lane took
  double refused = 0;   ///< the lowest rate known to be too much; 0: not known
  utc_time saved_at{};  ///< may lie in the future where the clock was set back
};

/// A scope that the service closed.
struct closed_scope {
  std::string organizer;  ///< Entra object id; empty: the lane itself
  utc_time until{};
};

struct lane_status {
  lane_key lane;
  std::optional<learnt_rate> learnt;
  std::vector<closed_scope> closed;  ///< cooldowns that still run, cut to the limit that `status` was given
  std::uint64_t calls_left = 0;      ///< owed calls of this lane: rows that share a key share a call
  /// How long these will take at the learnt rate. Absent where no call is left, or nothing is known of the limit.
  std::optional<forecast> expected;
};

struct run_status {
  run_info run;
  std::vector<counted> errors;  ///< rows by error code
  struct of_organizer {
    std::string organizer;
    std::size_t lane = 0;  ///< index into run_info::lanes
    outcome_counts counts;
  };
  std::vector<of_organizer> organizers;
  std::uint64_t calls_left = 0;  ///< owed calls: rows that share a key share a call
  std::vector<lane_status> lanes;
  /// How long the calls that are left will take at the learnt rates, in all lanes together. Absent where no call is left, or nothing is
  /// known of the limit of a lane that owes calls.
  std::optional<forecast> expected;
  /// Of a run that is over: why rows have no meeting as wanted. The most frequent reasons first, 20 at most.
  std::vector<failure_reason> reasons;
};

/// A process that carries out runs of a ledger for several processes, as its session in the ledger shows it.
struct worker_status {
  std::string host;
  std::uint32_t process = 0;
  utc_time started_at{};
  /// Until others may take its rows, unless it renews its lease before. Negative: since when they may.
  std::chrono::seconds lease_left{0};
  std::uint64_t rows_held = 0;
  struct share {
    lane_key lane;
    bool leads = false;  ///< it decides about the rate of the lane and divides it
    double wants = 0;    ///< calls per second that it could make
    double part = 0;     ///< of the lane's rate, 0 to 1; 0: nothing is granted yet
    double rate = 0;     ///< calls per second that the part comes to; 0: not known
  };
  std::vector<share> lanes;
};

/// A row of a run. Views are valid until the callback that received it returns.
struct result_row {
  std::uint32_t line = 0;  ///< of the record's first line in the input, from 1; its occurrences all have it
  /// The date of an occurrence of a record that repeats, in the record's own wall time.
  std::optional<std::chrono::local_days> occurrence;
  std::size_t lane = 0;                ///< index into run_info::lanes
  std::string_view raw;                ///< the record's own bytes as UTF-8
  std::optional<meeting_spec> wanted;  ///< absent where the row was rejected
  std::optional<outcome> result;       ///< absent: deferred
  std::uint32_t attempts = 0;          ///< calls made for it
  int http_status = 0;                 ///< of the last answer; 0: none
  std::string_view error_code, error_message, request_id, client_request_id;
  std::string_view drift;  ///< names of the fields that differ, `;` between
  std::optional<utc_time> finished_at;
  std::string_view meeting_id, join_web_url, join_meeting_id, passcode, dial_in_number, conference_id, options_url;
  std::optional<utc_time> expires_at;  ///< when the service lets the meeting expire; absent: not known
};

/// A meeting that this ledger knows. Views are valid until the callback that received it returns.
struct inventory_row {
  lane_key lane;
  std::string_view external_id;
  meeting_spec wanted;
  std::string_view state;  ///< wanted (not observed as it is wanted now), satisfied, drifted, failed, lost or removed
  std::string_view drift;
  std::string_view meeting_id, join_web_url, join_meeting_id, passcode, dial_in_number, conference_id, options_url;
  std::optional<utc_time> expires_at;  ///< when the service lets the meeting expire; absent: not known
  std::optional<utc_time> observed_at;
  std::string_view feed;  ///< the series of files that the meeting belongs to; empty: none
};

/// Reads a ledger while other processes write it. It takes no lock and creates nothing. Long reads go page by page, and no snapshot
/// of the ledger is held while a callback runs: a slow reader costs a run nothing. Each page is consistent. Of a run under way a later page
/// can show a later moment than an earlier one; the results of a run that is over do not change.
///
/// Use it on one thread at a time. Every error is errc::storage unless a member says more; what a callback returns ends the read and comes
/// back as it is.
class ledger_reader {
 public:
  /// `url`: `sqlite:PATH` or `postgresql://…`. errc::usage for anything else, errc::storage where there is no ledger that can be read.
  [[nodiscard]] static result<ledger_reader> open(const std::string& url);
  ledger_reader(ledger_reader&&) noexcept;
  ledger_reader& operator=(ledger_reader&&) noexcept;
  ~ledger_reader();

  /// All runs, by number.
  [[nodiscard]] result<std::vector<run_info>> runs();
  /// nullopt where there is no run of that number.
  [[nodiscard]] result<std::optional<run_info>> run(std::uint32_t id);
  /// The run that was opened last, else the newest plan; nullopt in an empty ledger.
  [[nodiscard]] result<std::optional<run_info>> last_run();
  /// `max_cooldown`: how much of a saved cooldown is obeyed, as in pace_options. errc::usage where there is no run of that number, or
  /// max_cooldown is out of its range.
  [[nodiscard]] result<run_status> status(std::uint32_t id, std::chrono::milliseconds max_cooldown = std::chrono::hours(24));
  /// Every row of the run, in the order of the lines and dates. errc::usage where there is no run of that number, or its records are not
  /// kept any more (see job::keep_runs).
  [[nodiscard]] result<void> for_each_result(std::uint32_t id, const std::function<result<void>(const result_row&)>& take);
  /// Every meeting of the inventory, in no particular order.
  [[nodiscard]] result<void> for_each_inventory(const std::function<result<void>(const inventory_row&)>& take);
  /// Why rows of the run have no meeting as wanted: the most frequent reasons first, `most` at most. errc::usage as for_each_result.
  [[nodiscard]] result<std::vector<failure_reason>> reasons(std::uint32_t id, std::size_t most = 20);
  /// Meetings of the inventory by state.
  [[nodiscard]] result<std::vector<counted>> inventory_counts();
  /// Of the meetings that are known as wanted or drifted, those that have expired by `now`, as the service said when they were observed.
  [[nodiscard]] result<std::uint64_t> inventory_expired(utc_time now);
  /// Meetings of the inventory by feed; those of no feed are counted under the empty name.
  [[nodiscard]] result<std::vector<counted>> inventory_feeds();
  /// The processes that carry out runs of this ledger, in the order in which they started; also those that have ended without a word and
  /// still hold rows. nullopt for a ledger for one process at a time.
  [[nodiscard]] result<std::optional<std::vector<worker_status>>> workers();

  struct impl;  ///< private to the library

 private:
  friend struct ledger_access;
  explicit ledger_reader(std::unique_ptr<impl> made) noexcept;
  std::unique_ptr<impl> impl_;
};

/// Closes a run: nothing of it will be sent. A run that is discarded already stays as it is. It waits up to `wait_lock` while another
/// process has a SQLite ledger. Workers that carry the run out on a PostgreSQL ledger go on with other runs; what calls in flight observe
/// is not recorded. Errors: usage (no such run, or it is finished; `wait_lock` is not 0 to ten years), busy, storage, interrupted.
[[nodiscard]] result<void> discard_run(const std::string& url, std::uint32_t id, std::chrono::milliseconds wait_lock = {},
                                       std::stop_token stop = {});

/// How far a copy is.
struct copy_progress {
  std::uint64_t keys = 0;  ///< meetings gone through
  std::uint64_t of = 0;    ///< all of the inventory
  bool verifying = false;  ///< they are copied, and both ledgers are read anew
};

struct copy_options {
  std::chrono::milliseconds wait_lock{};  ///< how long to wait while another process carries out a run on a SQLite ledger
  std::function<void(const copy_progress&)> progress{};
};

/// What a copy did.
struct ledger_copy {
  std::uint64_t meetings = 0;  ///< of the inventory
  std::uint64_t added = 0;     ///< the other meetings were in the target already, and the same there
  std::uint64_t cooldowns = 0, learnt_rates = 0, month_counts = 0;
  /// Hexadecimal, over everything about each meeting: its key, what is wanted, its feed, its state and what was observed. Each was computed
  /// from its own ledger after the copy; they are equal.
  std::string source_digest, target_digest;
};

/// Copies the inventory of the ledger `from`, and the cooldowns, learnt rates and counts of its lanes, into the ledger `to`, which is made
/// if it does not exist. Runs, with their records and results, are not copied: they stay in `from`. A plan of the same file finds every
/// meeting in `to` as it was in `from`.
///
/// A copy that was interrupted is completed by the same call; after a complete one it changes nothing. What the target has besides is left
/// alone. Errors: usage (`from` and `to` are the same, an open run of one of them still owes calls, or a meeting is in both and differs),
/// busy (another process uses one of them), storage (also if the copy differs from its source in the end), credentials, interrupted.
[[nodiscard]] result<ledger_copy> copy_ledger(const std::string& from, const std::string& to, const copy_options& options = {},
                                              std::stop_token stop = {});

/// Warnings, one sentence each: other users of this machine may read, change or replace the ledger. Empty for a URL that names no ledger.
[[nodiscard]] std::vector<std::string> ledger_warnings(const std::string& url);

}  // namespace convoke
