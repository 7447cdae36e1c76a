#pragma once

// The durable record of what is wanted and observed. One interface for every store; SQLite is the first.
//
// A store has a thread of its own. Planning calls block the caller (with back-pressure); the calls of a running job are
// asynchronous: they return at once and complete by calling back ON THE LEDGER'S THREAD, so a caller posts from there to its own.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <convoke/error.hpp>
#include <convoke/meeting.hpp>
#include <convoke/operation.hpp>
#include <convoke/outcome.hpp>
#include <convoke/summary.hpp>
#include <convoke/time.hpp>

namespace convoke::ledger {

using run_id = std::uint32_t;
using row_id = std::uint64_t;  // run << 32 | line
using key_id = std::uint64_t;
using organizer_id = std::uint32_t;
using lane_id = std::uint16_t;  // index into the run's lanes

// What a process holds rows under: random, never 0, new with every claim or (where one process at most writes) with every session. Every
// later write names it, and changes nothing where the row is held under another one by then.
using lease_token = std::uint64_t;

// Whether a row whose createOrGet succeeded owes an update next. The numbers are stored.
enum class update_rule : std::uint8_t { never = 0, if_different = 1, always = 2 };

constexpr row_id make_row(run_id run, std::uint32_t line) noexcept {
  return row_id{run} << 32 | line;
}
constexpr std::uint32_t line_of(row_id row) noexcept {
  return static_cast<std::uint32_t>(row);
}

struct lane_name {
  std::string graph_root, tenant, app;  // lower case, the root without a trailing slash
  friend bool operator==(const lane_name&, const lane_name&) = default;
};

enum class run_state : std::uint8_t { planned = 1, open = 2, finished = 3, discarded = 4 };

// The settings of a run by which a plan chooses the operations that its rows owe.
struct operation_settings {
  bool update_drifted = false;  // meetings that differ are updated, not only reported
  bool enforce_roles = false;   // an update sets the roles of attendees, which createOrGet does not reliably keep
  friend bool operator==(const operation_settings&, const operation_settings&) = default;
};

// What makes a run this run, and what is needed to write its outputs again without its file.
struct run_header {
  std::string identity;      // SHA-256 over input_sha256, the settings that shape the plan, and the lanes
  std::string input_name;    // as the user wrote it, `-` for standard input
  std::string input_sha256;  // hexadecimal
  std::string settings;      // JSON text of the settings that shape the plan (report code reads it back)
  std::string dialect;       // JSON text: encoding, byte-order mark, delimiter
  std::string header;        // the header record's own bytes, as UTF-8
  std::string tzdata_version, convoke_version;
  bool drift_fails = false;
  operation_settings operations{};  // only for plans: run_info does not have it
  std::vector<lane_name> lanes;
};

struct planned_row {
  std::uint32_t line = 0;  // of the record's first line in the file, 1-based
  std::string raw;         // the record's own bytes as UTF-8, with its line end
  lane_id lane = 0;
  std::string payload;  // encode_spec; empty where the row is wrong
  std::string error;    // why it is wrong (all reasons); empty where it is right
  // What the row itself requires. The plan raises it where the run's operation_settings require more.
  update_rule update = update_rule::never;
};

using convoke::named_key;
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

// ---- planning: one transaction, from begin to commit. Only one at a time. The rules are in ledger/planning, the same for every store.
//
// add_rows streams records in line order. Then classify() decides about every row: duplicates (same key, same payload: one
// meeting, two result rows; different payloads: all of them wrong, each naming the other lines), unchanged, drifted (known), owed.
class plan_builder {
 public:
  virtual ~plan_builder() = default;  // rolls back if not committed
  virtual result<void> add_rows(std::vector<planned_row> rows) = 0;
  // errc::interrupted: the plan can only be dropped.
  virtual result<plan_summary> classify() = 0;
  // Every rejected row with its reason, in line order, also before commit. Called on the caller's thread.
  virtual result<void> for_each_rejected(const std::function<void(std::uint32_t line, std::string_view raw, std::string_view why)>&) = 0;
  // open=false: the run stays `planned` and the inventory is not touched: nothing of it can be sent, nothing is superseded.
  // open=true: the plan, its inventory and its owed rows in one commit; a run that owes nothing is finished at once.
  virtual result<run_id> commit(bool open) = 0;
};

// ---- a run under way

struct organizer_rows {
  organizer_id id;
  lane_id lane;
  std::string organizer;
  std::uint32_t fresh, stale;
};
struct saved_cooldown {
  lane_id lane;
  std::optional<organizer_id> organizer;
  utc_time until;       // as the service announced; the engine's obey_saved computes how much of it is obeyed
  utc_time saved_at{};  // not in the future
};

// What a lane's limit looked like when it was last known: the engine's learnt_pace, in its words, kept for the next night. It belongs to
// the lane by name, whatever run it was learnt in.
struct lane_pace {
  double rate = 0;     // calls/s, > 0
  double refused = 0;  // calls/s, 0: unknown
  double credit = 0;   // calls, 0: unknown
  friend bool operator==(const lane_pace&, const lane_pace&) = default;
};
struct saved_pace {
  lane_pace pace;
  utc_time saved_at;  // wall clock: may lie in the future where the clock went back since
};

struct opened_run {
  run_info info;
  lease_token lease = 0;                          // of this session: claims name it
  std::vector<organizer_rows> organizers;         // those that still owe something
  std::vector<saved_cooldown> cooldowns;          // those that still run, by wall clock
  std::vector<std::optional<saved_pace>> learnt;  // one for each lane
  bool unclean = false;                           // an earlier process left claims behind
};

struct claimed_row {
  row_id row;
  key_id key;
  organizer_id organizer;
  lease_token token;
  std::uint8_t strikes;
  std::uint32_t duplicates;  // 0: no further row shares its key, to end as it does
  std::string payload;
  operation op = operation::create_or_get;
  update_rule update = update_rule::never;
  std::string meeting_id{};  // of a row that owes another operation than createOrGet
};
// One organizer's share of a claim: up to `count` of its rows, > 0.
struct page_wanted {
  organizer_id organizer;
  std::uint32_t count;
};
// Rows of one lane, of any number of its organizers, `count` in all at most.
struct claim_request {
  run_id run = 0;
  lane_id lane = 0;
  lease_token lease = 0;  // of the session (opened_run): where it is no longer valid the claim is refused with errc::busy
  bool stale = false;     // rows that an earlier session claimed and never finished; else rows that are unclaimed
  std::vector<page_wanted> pages{};

  [[nodiscard]] std::uint64_t count() const noexcept {
    std::uint64_t n = 0;
    for (const auto& page : pages) n += page.count;
    return n;
  }
};

// What a claim found of one organizer.
struct claimed_page {
  organizer_id organizer = 0;
  std::vector<claimed_row> rows;  // in line order; fewer than were asked for where there are no more
  bool exhausted = false;         // no further row of this kind (fresh or stale) can be claimed in this session
};
struct claim_answer {
  std::vector<claimed_page> pages;  // one for each that was asked for, in the same order; one that found nothing has no rows

  [[nodiscard]] std::size_t rows() const noexcept {
    std::size_t n = 0;
    for (const auto& page : pages) n += page.rows.size();
    return n;
  }
};
using claimed_handler = std::function<void(result<claim_answer>)>;

struct finished_row {
  row_id row = 0;
  key_id key = 0;
  organizer_id organizer = 0;
  lease_token token = 0;
  outcome result = outcome::failed;
  std::uint32_t attempts = 0;
  int http_status = 0;
  std::string error_code, error_message, request_id, client_request_id;
  std::string drift;              // field names, `;` between
  std::optional<meeting> stored;  // what was observed, where it was
  utc_time finished_at{};
};
struct released_row {
  row_id row;
  key_id key;
  organizer_id organizer;
  lease_token token;
  bool strike;
  std::uint32_t attempts;
  int http_status;
  std::string error_code, error_message, request_id, client_request_id;
  utc_time finished_at;
};

// The row's operation succeeded and another one is owed: what was observed is written, and the row stays claimed.
struct advanced_row {
  row_id row = 0;
  key_id key = 0;
  organizer_id organizer = 0;
  lease_token token = 0;
  operation next = operation::update;
  std::uint32_t attempts = 0;
  std::string drift;              // field names, `;` between
  std::optional<meeting> stored;  // what was observed, where it was
  utc_time finished_at{};
};

// What a running job hands over for one commit.
struct row_writes {
  std::vector<finished_row> finished;
  std::vector<advanced_row> advanced;
  std::vector<released_row> released;

  [[nodiscard]] bool empty() const noexcept { return finished.empty() && advanced.empty() && released.empty(); }
  [[nodiscard]] std::size_t size() const noexcept { return finished.size() + advanced.size() + released.size(); }
};

struct committed_rows {
  std::vector<row_id> calls;  // those that were handed in and changed something: finished, advanced, released
  std::vector<row_id> lost;   // those that were no longer held under their token, or had an outcome already: they changed nothing
  std::uint64_t ended = 0;    // rows of the input that got their outcome by them: rows that share a key end together
};
// Called once they are durable. A release with the third strike in a row ends the row as failed (code `retries`).
using committed_handler = std::function<void(result<committed_rows>)>;

struct closed_rows {
  std::uint32_t calls = 0;  // that were owed
  std::uint64_t rows = 0;   // of the input, that got their outcome by it
};

// ---- reading: for status, export, results. Works while a run goes on, also from another process.
//
// Long reads go page by page, and no snapshot of the ledger is held while the caller looks at a page: a slow caller costs the run
// nothing. Each page is consistent; of a run under way a later page can show a later moment than an earlier one, as can the counts of a
// status. Once a run is over its results do not change.

// One result row, as results need it. Views and strings live until the next row.
struct result_row {
  std::uint32_t line = 0;
  lane_id lane = 0;
  std::string_view raw;           // the record as UTF-8
  std::string_view payload;       // empty for a rejected row
  std::optional<outcome> result;  // absent: deferred
  std::uint32_t attempts = 0;
  int http_status = 0;
  std::string_view error_code, error_message, request_id, client_request_id, drift;
  std::optional<utc_time> finished_at;
  std::string_view meeting_id, join_web_url, join_meeting_id, passcode, dial_in_number, conference_id;
};

struct inventory_row {
  lane_name lane;
  std::string_view organizer, external_id, payload, state, drift;  // state: wanted, satisfied, drifted, failed
  std::string_view meeting_id, join_web_url, join_meeting_id, passcode, dial_in_number, conference_id;
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
  std::vector<lane_cooldown> cooldowns;  // those that still run, by wall clock
};

struct run_status {
  run_info info;
  std::vector<count_by> errors;  // error code -> rows
  struct by_organizer {
    std::string organizer;
    outcome_counts counts;
  };
  std::vector<by_organizer> organizers;
  std::uint64_t calls_left = 0;    // owed: rows that share a key share a call
  std::vector<lane_memory> lanes;  // one for each of the run's lanes
};

class reader {
 public:
  virtual ~reader() = default;
  virtual result<std::vector<run_info>> runs() = 0;
  virtual result<std::optional<run_info>> run(run_id id) = 0;
  virtual result<std::optional<run_info>> last_run() = 0;                       // the one opened last, else the newest
  virtual result<std::optional<run_info>> find(std::string_view identity) = 0;  // newest not discarded of this identity
  // True where a run opened after `id` has taken over any of its keys.
  virtual result<bool> overtaken(run_id id) = 0;
  virtual result<run_status> status(run_id id) = 0;
  virtual result<std::vector<count_by>> inventory_counts() = 0;   // state -> keys
  virtual result<lane_memory> memory(const lane_name& lane) = 0;  // empty for a lane that this ledger has never met
  virtual result<void> for_each_result(run_id id, const std::function<result<void>(const result_row&)>&) = 0;
  // Rows that failed, were rejected, or (drift_fails) drifted: for the failed file.
  virtual result<void> for_each_failed(run_id id, const std::function<result<void>(const result_row&)>&) = 0;
  virtual result<void> for_each_inventory(const std::function<result<void>(const inventory_row&)>&) = 0;
};

// The writer: at most one process at a time, by a lock file that names its holder.
class store {
 public:
  virtual ~store() = default;  // stops the thread after what was queued is done

  virtual result<std::unique_ptr<plan_builder>> begin_plan(const run_header& header) = 0;
  // Plan an already planned run again from its stored records, against the inventory as it is now; commit(true) opens it.
  virtual result<std::unique_ptr<plan_builder>> begin_open(run_id planned) = 0;
  virtual result<void> discard(run_id id) = 0;
  // Forget the raw records of all but the `keep` runs that are over and were opened last, and of all but the newest `keep` plans that were
  // discarded unopened; the inventory stays. errc::interrupted: the next call goes on with what is left.
  virtual result<void> prune(unsigned keep) = 0;

  // Rows that are still claimed were left by a dead process; they are counted as stale.
  virtual result<opened_run> resume(run_id id) = 0;
  // Claims rows of any number of organizers of the lane, in one commit: all pages or, where the store fails, none. Fresh rows are those
  // that are unclaimed; stale ones those that an earlier session claimed and never finished. Each row is given out once in a session, in
  // line order within its organizer. A claim names an organizer at most once. Done when the claim is durable; one that finds no row at all
  // changes nothing, and is answered like any other. What a claim weighs in a group commit is the number of rows it found.
  virtual void claim(claim_request wanted, claimed_handler done) = 0;
  virtual void write(row_writes rows, committed_handler done) = 0;
  // Every remaining owed row of this organizer in this run ends as failed with this answer.
  virtual void close_organizer(run_id, lane_id, organizer_id, finished_row like, std::function<void(result<closed_rows>)> done) = 0;
  virtual void save_cooldown(run_id, lane_id, std::optional<organizer_id>, utc_time until) = 0;
  virtual void forget_cooldown(run_id, lane_id, std::optional<organizer_id>) = 0;
  // All of a lane, and those of its organizers. Returns how many still ran.
  virtual result<std::uint64_t> forget_cooldowns(const lane_name& lane) = 0;
  // Kept without a commit of its own: with the next one that the run makes anyway, or when the ledger is closed. The latest counts; one
  // that is not a finite positive rate is dropped.
  virtual void save_pace(run_id, lane_id, const lane_pace& pace, utc_time when) = 0;
  // Unclaims nothing, checks that nothing is owed: a run without owed rows becomes finished. Returns its state.
  virtual result<run_state> finish_run(run_id id) = 0;

  virtual std::unique_ptr<reader> read() = 0;
};

struct open_options {
  std::string path;  // of `sqlite:PATH`
  std::string program_version;
  std::chrono::milliseconds wait_lock{0};
  // Ends that wait, the check of the pages, classify() and prune() with errc::interrupted. Asked often, also on the ledger's thread, as
  // long as the store lives.
  std::function<bool()> interrupted = [] { return false; };
  bool create = true;
  // Nothing is written, neither the ledger nor anything beside it: what is planned, and what brings an old ledger up to date, goes into
  // unnamed files under TMPDIR and is gone with the store. A ledger that is not there is an empty one.
  bool rehearsal = false;
  // Group commit: a group ends with so many rows, or so long after the last commit.
  std::size_t group_rows = 1024;
  std::chrono::microseconds group_interval = std::chrono::milliseconds(10);
};

// errc::busy where another process holds the lock (its message names the holder), errc::interrupted, errc::storage for everything else:
// also for what is not a regular file, for a ledger with several names (hard links), and for a lock file that was planted.
[[nodiscard]] result<std::unique_ptr<store>> open_sqlite(const open_options& options);
// Readers take no lock and create nothing.
[[nodiscard]] result<std::unique_ptr<reader>> read_sqlite(const std::string& path);
// Warnings, a sentence each: other users of the machine may read or change the ledger at this path, or replace it.
[[nodiscard]] std::vector<std::string> sqlite_exposures(const std::string& path);

}  // namespace convoke::ledger
