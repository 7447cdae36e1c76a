#pragma once

// The values of the ledger's interface: names and numbers, runs, planned rows, and what a run under way claims and writes.

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <convoke/error.hpp>
#include <convoke/meeting.hpp>
#include <convoke/operation.hpp>
#include <convoke/outcome.hpp>
#include <convoke/run_kind.hpp>
#include <convoke/summary.hpp>
#include <convoke/time.hpp>

#include "ledger/numbers.hpp"

namespace convoke::ledger {

// ---- runs and their rows

using convoke::named_key;

using convoke::run_kind;

enum class run_state : std::uint8_t { planned = 1, open = 2, finished = 3, discarded = 4 };

// The settings of a run by which a plan chooses the operations that its rows owe. The rules are in ledger/planning/rules.hpp.
struct operation_settings {
  bool update_drifted = false;  // meetings that differ are updated, not only reported
  bool enforce_roles = false;   // an update sets the roles of attendees, which createOrGet does not reliably keep
  // Known meetings that expire within this time, although they end later than now, are extended by an update.
  std::optional<std::chrono::seconds> keep_alive{};
  // Of a verify run: what is lost owes createOrGet, and so does what has expired although it has not ended. With update_drifted what
  // differs owes an update. Without it a verify run only reads.
  bool repair = false;
  // Meetings of keys that vanished from the run's feed are removed once every other row has succeeded: ledger/planning/removals.hpp.
  bool remove_vanished = false;
  friend bool operator==(const operation_settings&, const operation_settings&) = default;
};

// What makes a run this run, and what is needed to write its outputs again without its file.
struct run_header {
  std::string identity;      // SHA-256 over input_sha256, the settings that shape the plan, and the lanes
  std::string input_name;    // as the user wrote it, `-` for standard input
  std::string feed;          // the series of files that the input belongs to; empty: none
  std::string input_sha256;  // hexadecimal
  std::string settings;      // JSON text of the settings that shape the plan; reports read it back
  std::string dialect;       // JSON text: encoding, byte-order mark, delimiter
  std::string header;        // the header record's own bytes, as UTF-8
  std::string tzdata_version, convoke_version;
  bool drift_fails = false;
  operation_settings operations{};
  std::vector<lane_name> lanes;
  // What the plan decides about a row: ledger/planning/kinds.hpp. A remove run with a feed removes meetings of this feed only; one without
  // a feed those of any.
  run_kind kind = run_kind::provision;
};

// The day of one occurrence of a record that repeats, in the record's own wall time; absent for a record that does not.
using occurrence_date = std::optional<std::chrono::local_days>;

// One row of a run: a record of the input, or one occurrence of it. Rows come in the order of their lines; the occurrences of a record
// follow each other, and only the first one has `raw`. The ledger numbers the rows: a row has the number of its line, or the number after
// that of the row before it where that is greater.
//
// Of a run that verifies or removes only the key in `payload` counts: what is wanted of the meeting is what the inventory wants, and the
// stored row gets that payload. So rows with the same key are duplicates, never in conflict; where a file names no times, any do.
struct planned_row {
  std::uint32_t line = 0;  // of the record's first line in the file, 1-based
  std::string raw;         // the record's own bytes as UTF-8, with its line end
  lane_id lane = 0;
  std::string payload;  // encode_spec; empty where the row is wrong
  std::string error;    // why it is wrong (all reasons); empty where it is right
  // What the row itself requires. The plan raises it where the run's operation_settings require more.
  update_rule update = update_rule::never;
  occurrence_date occurrence{};
  // Of a wrong row: the keys that could be read. They count as present in the input. Where the organizer is empty it is not known, and the
  // meetings of every organizer with this external id, in every lane of the run, count as present.
  std::vector<named_key> present{};
};

using convoke::outcome_counts;
using convoke::plan_summary;

struct run_info {
  run_id id = 0;
  run_state state = run_state::planned;
  run_header header;
  utc_time planned_at{};
  std::optional<utc_time> opened_at, finished_at;
  std::uint64_t rows = 0;
  outcome_counts counts;
};

// ---- what is remembered of a lane

struct saved_cooldown {
  lane_id lane;
  std::optional<organizer_id> organizer;  // absent: the lane
  utc_time until;                         // as the service announced; the engine's obey_saved computes how much of it is obeyed
  utc_time saved_at{};                    // not in the future
};

// What a lane's limit looked like when it was last known. It belongs to the lane by name, whatever run it was learnt in.
struct lane_pace {
  double rate = 0;     // calls/s, > 0
  double refused = 0;  // calls/s, 0: unknown
  double credit = 0;   // calls, 0: unknown
  friend bool operator==(const lane_pace&, const lane_pace&) = default;
};
struct saved_pace {
  lane_pace pace;
  utc_time saved_at;  // wall clock: in the future if the clock was set back since
};

// ---- a run under way

struct organizer_rows {
  organizer_id id;
  lane_id lane;
  std::string organizer;
  std::uint32_t fresh, stale;  // unclaimed; claimed under a token that is no longer valid
};

// ---- several workers: a store for several processes shares the rows and the rate of a lane among their sessions

// A cooldown that another session of the lane found.
struct announced_cooldown {
  lane_id lane = 0;
  std::optional<organizer_id> organizer;  // absent: the lane
  utc_time until{};                       // by this machine's wall clock, computed from what is left of it by the database's
};

// What a worker says of a lane in a renewal. Rates are calls/s. Counts are those since the last renewal that succeeded.
struct lane_report {
  lane_id lane = 0;
  double wants = 0;   // the rate that it could use now; 0: it has nothing to send
  double weight = 1;  // its share is in proportion to this, > 0
  std::uint64_t calls = 0, successes = 0;
  struct throttle {
    utc_time sent{}, until{};  // of a throttled call, and the end of the cooldown that it began; by this machine's wall clock
  };
  std::vector<throttle> throttles;  // the first one of each cooldown of the lane
  // Of the worker that leads the lane (see lane_terms): what all workers together may call at, and what is learnt of the limit.
  struct published {
    double rate = 0;
    lane_pace pace{};  // rate 0: nothing is learnt
    struct grant {
      lease_token session = 0;
      double part = 0, safe_part = 0;  // of the rate, 0 to 1
    };
    std::vector<grant> grants;  // for the sessions that the last renewal named
  };
  std::optional<published> leads;
};

// A session of a lane, as the one that leads it sees it.
struct lane_member {
  lease_token session = 0;
  double wants = 0, weight = 1;
  double part = 0;      // as last granted; 0: it has just joined
  bool settled = true;  // false: it joined while the lane was learning, one lease from the start of its first worker
};

// What a renewal says of a lane.
struct lane_terms {
  lane_id lane = 0;
  // Exactly one live session leads a lane: of those that renewed within the last 5 s the one that started first. The others call at a part
  // of the rate that it publishes.
  bool leads = true;
  double part = 1, safe_part = 1;   // of the lane's rate, 0 to 1: granted; and for a session that cannot renew
  std::uint32_t workers = 1;        // live sessions of the lane, this one included
  double rate = 0;                  // as last published; 0: nothing was published yet
  std::optional<lane_pace> pace{};  // the same
  // Only for the one that leads, of the other sessions, since the last renewal of this one.
  std::uint64_t calls = 0, successes = 0;
  std::vector<lane_report::throttle> throttles{};
  std::vector<lane_member> members{};  // this one included
};

// A session holds its rows under a lease that ends unless it is renewed. By the database's clock only: a worker measures from the moment it
// sent the renewal.
struct renewal_request {
  lease_token lease = 0;
  bool extend = true;  // false: only the lanes are exchanged
  std::vector<lane_report> lanes;
};
struct renewal {
  std::chrono::nanoseconds left{0};  // of the lease, counted from when the renewal was sent
  std::vector<lane_terms> lanes;     // one for each lane of the session
  std::vector<announced_cooldown> cooldowns;
};
using renewed_handler = std::function<void(result<renewal>)>;

// What a session could claim now that it has not been given yet.
struct rows_in_store {
  std::vector<organizer_rows> organizers;  // those with such rows
  std::uint64_t held_elsewhere = 0;        // rows of the session's runs and lanes that other live sessions hold
  std::uint64_t held_here = 0;             // the same of this session
  std::uint64_t released = 0;              // rows for later sessions: this one released them, or they used up their attempts since it began
  std::uint64_t waiting = 0;               // rows that wait for all others of their run: see store::claim
};
using surveyed_handler = std::function<void(result<rows_in_store>)>;

// What a session is to carry out.
struct session_request {
  run_id run = all_runs;  // all_runs: every run that is open or is opened while the session lasts
  // Rows of other lanes are left alone: they stay owed, and the run stays open. Of one run these are some of its lanes; none: all of them.
  std::vector<lane_name> lanes;
  // Rows that the session released, and rows that used up their attempts in any session since it began, go to later sessions only, or also
  // to this one once so much time has passed.
  std::optional<std::chrono::nanoseconds> give_again_after{};
};

// A session of a run, or of all open runs: what store::resume returns.
struct opened_run {
  // Of all_runs: id 0; header.lanes are the lanes of the request, rows and counts the sums of the open runs. Of some lanes of a run:
  // header.lanes are these, in the order of the run; rows and counts are of the whole run.
  run_info info;
  lease_token lease = 0;                          // of this session: claims name it
  std::vector<organizer_rows> organizers;         // those that still owe something
  std::vector<saved_cooldown> cooldowns;          // those that have not ended, by wall clock
  std::vector<std::optional<saved_pace>> learnt;  // one for each lane
  bool unclean = false;                           // there are stale rows: a process ended without releasing them
  std::uint64_t waiting = 0;                      // rows that wait for all others (see store::claim), in the session's lanes
  // Absent where one process at a time writes the ledger: there is no lease to renew and nothing to share.
  std::optional<renewal> shared{};
};

// One organizer's share of a claim: up to `count` of its rows, > 0.
struct page_wanted {
  organizer_id organizer;
  std::uint32_t count;
};
// Rows of one lane, of any number of its organizers. It names an organizer at most once.
struct claim_request {
  run_id run = 0;
  lane_id lane = 0;
  lease_token lease = 0;  // of the session, see opened_run
  bool stale = false;     // stale rows, else fresh ones
  std::vector<page_wanted> pages{};

  [[nodiscard]] std::uint64_t count() const noexcept {
    std::uint64_t n = 0;
    for (const auto& page : pages) n += page.count;
    return n;
  }
};

struct claimed_row {
  row_id row;
  key_id key;
  organizer_id organizer;
  lease_token token;
  std::uint8_t strikes;      // earlier sessions in a row that used up this row's attempts
  std::uint32_t duplicates;  // 0: no further row of the run shares its key, to end as it does
  std::string payload;
  std::uint32_t line = 0;  // of its record in the file
  operation op = operation::create_or_get;
  update_rule update = update_rule::never;
  // Only of a row that owes another operation than createOrGet: what was last observed of its meeting.
  std::string meeting_id{};
  std::string drift{};  // names of the fields that differ, `;` between
  // The update is owed only because it extends the life of the meeting: it must change nothing.
  bool extends = false;
  // Of a get: what is lost or has expired owes createOrGet next. Whether an update follows a difference is in `update`.
  bool repairs = false;
};

// What a claim found of one organizer.
struct claimed_page {
  organizer_id organizer = 0;
  std::vector<claimed_row> rows;  // in the order of their numbers; fewer than requested if there are no more
  bool exhausted = false;         // this session can claim no further row of this kind (fresh or stale)
};
struct claim_answer {
  std::vector<claimed_page> pages;  // one for each that was requested, in the same order; one that found nothing has no rows

  [[nodiscard]] std::size_t rows() const noexcept {
    std::size_t n = 0;
    for (const auto& page : pages) n += page.rows.size();
    return n;
  }
};
using claimed_handler = std::function<void(result<claim_answer>)>;

// The row has its outcome.
struct finished_row {
  row_id row = 0;
  key_id key = 0;
  organizer_id organizer = 0;
  lease_token token = 0;
  outcome result = outcome::failed;
  std::uint32_t attempts = 0;
  int http_status = 0;
  std::string error_code, error_message, request_id, client_request_id;
  std::string drift;              // names of the fields that differ, `;` between; of an updated row, of those that did before the update
  std::optional<meeting> stored;  // what was observed; absent if the answer showed no meeting
  utc_time finished_at{};
};

// The row's operation succeeded and another one is owed. What was observed is written, and the row stays claimed.
struct advanced_row {
  row_id row = 0;
  key_id key = 0;
  organizer_id organizer = 0;
  lease_token token = 0;
  operation next = operation::update;
  std::uint32_t attempts = 0;
  std::string drift;              // names of the fields that differ, `;` between
  std::optional<meeting> stored;  // what was observed; absent if the answer showed no meeting
  utc_time finished_at{};
  bool created = false;  // the operation made the meeting
};

// The row has no outcome and is owed to the next session.
struct released_row {
  row_id row;
  key_id key;
  organizer_id organizer;
  lease_token token;
  bool strike;  // its attempts were used up; the third strike in a row ends it as failed (code `retries`)
  std::uint32_t attempts;
  int http_status;
  std::string error_code, error_message, request_id, client_request_id;
  utc_time finished_at;
};

// What a running job writes in one commit.
struct row_writes {
  std::vector<finished_row> finished;
  std::vector<advanced_row> advanced;
  std::vector<released_row> released;

  [[nodiscard]] bool empty() const noexcept { return finished.empty() && advanced.empty() && released.empty(); }
  [[nodiscard]] std::size_t size() const noexcept { return finished.size() + advanced.size() + released.size(); }
};

// Every row of a row_writes is in `calls` or in `lost`.
struct committed_rows {
  std::vector<row_id> calls;                    // rows whose write took effect
  std::vector<row_id> lost;                     // rows that were no longer held under the token: their write changed nothing
  std::uint64_t ended = 0;                      // rows of the input that got their outcome: rows that share a key end together
  std::vector<announced_cooldown> cooldowns{};  // that other sessions of these lanes found since the last answer of the store
};
// Called once they are durable.
using committed_handler = std::function<void(result<committed_rows>)>;

// Ends all that an organizer still owes in a run as failed, with one answer.
struct close_request {
  run_id run = 0;
  lane_id lane = 0;
  lease_token lease = 0;  // of the session, see opened_run
  organizer_id organizer = 0;
  finished_row like;  // its answer; row, key, organizer, token and result are not used
};
struct closed_rows {
  std::uint32_t calls = 0;  // that were owed
  std::uint64_t rows = 0;   // of the input that got their outcome
};
using closed_handler = std::function<void(result<closed_rows>)>;

}  // namespace convoke::ledger
