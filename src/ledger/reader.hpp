#pragma once

// The reading side of a ledger: for status, export and results. A reader works while a run is under way, also in another process.
//
// Long reads go page by page, and no snapshot of the ledger is held while the caller looks at a page: a slow caller costs the run nothing.
// Each page is consistent. Of a run under way a later page can show a later moment than an earlier one; so can the counts of a status. Once
// a run is over its results do not change.

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/types.hpp"

namespace convoke::ledger {

// One row of the input with its result. The views are valid until the next row.
struct result_row {
  std::uint32_t line = 0;  // of its record in the file; 0: it is no record, but a meeting of the inventory
  occurrence_date occurrence;
  std::uint32_t occurrences = 0;  // of its record; only for_each_failed counts them. 0: the record does not repeat
  lane_id lane = 0;
  std::string_view raw;           // the record as UTF-8; the occurrences of a record all have it
  std::string_view payload;       // empty for a row that is wrong in itself; a row of a conflict has it
  std::optional<outcome> result;  // absent: deferred
  // Of the call that gave the row its outcome; of a deferred row that was called and released: of its last call.
  std::uint32_t attempts = 0;
  int http_status = 0;
  std::string_view error_code, error_message, request_id, client_request_id, drift;
  std::optional<utc_time> finished_at;
  std::string_view meeting_id, join_web_url, join_meeting_id, passcode, dial_in_number, conference_id, options_url;
  std::optional<utc_time> expires_at;
};

// The views are valid until the next row.
struct inventory_row {
  lane_name lane;
  // state: wanted (not observed as it is wanted now), satisfied, drifted, failed, lost, removed
  std::string_view organizer, external_id, payload, state, drift;
  std::string_view feed;  // empty: none
  // Of a lost or removed meeting: what it had.
  std::string_view meeting_id, join_web_url, join_meeting_id, passcode, dial_in_number, conference_id, options_url;
  std::optional<utc_time> expires_at;
  std::optional<utc_time> observed_at;
};

struct count_by {
  std::string what;
  std::uint64_t count = 0;
};

// What is remembered of a lane.
struct lane_cooldown {
  std::string organizer;  // empty: the lane itself
  utc_time until;         // as in saved_cooldown
  utc_time saved_at{};
};
struct lane_memory {
  std::optional<saved_pace> learnt;
  std::vector<lane_cooldown> cooldowns;  // those that have not ended, by wall clock
};

struct run_status {
  run_info info;
  std::vector<count_by> errors;  // error code -> rows
  struct by_organizer {
    std::string organizer;
    lane_id lane = 0;  // of the run's lanes
    outcome_counts counts;
  };
  std::vector<by_organizer> organizers;
  std::uint64_t calls_left = 0;                    // owed: rows that share a key share a call
  std::vector<std::uint64_t> calls_left_of_lanes;  // the same of each of the run's lanes
  std::vector<lane_memory> lanes;                  // one for each of the run's lanes
};

// A live session of a ledger for several processes, and those whose lease ran out without a goodbye while rows are still held by them.
struct worker_info {
  std::string host;
  std::uint32_t process = 0;
  utc_time started_at{};
  std::chrono::seconds lease_left{0};  // negative: since when it has ended
  std::uint64_t rows_held = 0;
  struct lane_share {
    lane_name lane;
    bool leads = false;
    double wants = 0, part = 0;  // calls/s; of the lane's rate, 0 to 1
    double rate = 0;             // calls/s that the part comes to; 0: not known
  };
  std::vector<lane_share> lanes;
};

// Not thread-safe: one thread at a time. Errors: errc::usage for a run that the ledger does not have, or whose records it no longer keeps;
// errc::storage for everything else. After an error a reader may be used again.
class reader {
 public:
  virtual ~reader() = default;
  virtual result<std::vector<run_info>> runs() = 0;  // in the order of their ids
  virtual result<std::optional<run_info>> run(run_id id) = 0;
  virtual result<std::optional<run_info>> last_run() = 0;                       // the one opened last, else the newest
  virtual result<std::optional<run_info>> find(std::string_view identity) = 0;  // newest not discarded of this identity
  // True if a run that was opened after `id` has taken over any of its keys.
  virtual result<bool> overtaken(run_id id) = 0;
  // Whether a plan of the rows of this run would owe calls at `now` for meetings that were observed as satisfied or drifted, only because
  // they have expired, or because they expire within `keep_alive` and can be extended: see call_for_expiry in planning/rules.hpp. False
  // where the decisions of the run are not kept.
  virtual result<bool> any_expires(run_id id, utc_time now, std::optional<std::chrono::seconds> keep_alive) = 0;
  virtual result<run_status> status(run_id id) = 0;
  // Why rows of the run that belong into its failed file have no meeting as wanted: the most frequent reasons first, `most` at most.
  virtual result<std::vector<failure_reason>> reasons(run_id id, std::size_t most) = 0;
  // Rows of the run that an update made agree, by the fields that differed (`;` between) -> rows.
  virtual result<std::vector<count_by>> updates(run_id id) = 0;
  virtual result<std::vector<count_by>> inventory_counts() = 0;  // state -> keys
  // Of the keys that were observed as satisfied or drifted, those whose meeting has expired by `now`.
  virtual result<std::uint64_t> inventory_expired(utc_time now) = 0;
  virtual result<std::vector<count_by>> inventory_feeds() = 0;    // feed -> keys; the keys of no feed are counted under ""
  virtual result<lane_memory> memory(const lane_name& lane) = 0;  // empty for a lane that this ledger does not know
  // In the order in which they started. Empty for a ledger for one process at a time.
  virtual result<std::vector<worker_info>> workers() { return std::vector<worker_info>(); }
  // Every row of the run, in the order of the lines and dates. An error that the function returns ends the read, and is returned.
  virtual result<void> for_each_result(run_id id, const std::function<result<void>(const result_row&)>&) = 0;
  // The same for the rows that belong into the failed file: failed, rejected, lost, or (drift_fails) drifted. Not those that are no records
  // of the input (line 0).
  virtual result<void> for_each_failed(run_id id, const std::function<result<void>(const result_row&)>&) = 0;
  virtual result<void> for_each_inventory(const std::function<result<void>(const inventory_row&)>&) = 0;
};

}  // namespace convoke::ledger
