#pragma once

// The data of the engine: what it is set up with, what its events carry, and its actions.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <convoke/error.hpp>
#include <convoke/meeting.hpp>
#include <convoke/operation.hpp>
#include <convoke/outcome.hpp>
#include <convoke/time.hpp>

#include "engine/counters.hpp"

namespace convoke::engine {

using lane_id = std::uint16_t;        // index into the run's lanes
using organizer_id = std::uint32_t;   // the ledger's number for an organizer
using row_id = std::uint64_t;         // run << 32 | line
using key_id = std::uint64_t;         // the ledger's number for a meeting key
using lease_token = std::uint64_t;    // what a claim holds its rows under; the engine passes it on
using connection_id = std::uint32_t;  // the driver's number for a connection of a lane; a new one in its place keeps the number

// ---- what the engine is set up with

// What belongs to one lane.
struct lane_settings {
  double rate = 500;                     // calls/s: the ceiling of the pace
  double start_rate = 10;                // calls/s while nothing is learnt
  bool fixed_rate = false;               // call at `rate` whatever the answers are; cooldowns are obeyed all the same
  std::optional<double> organizer_rate;  // calls/s for each organizer; absent: no such limit
  unsigned organizer_concurrency = 4;    // calls in flight for each organizer
  unsigned connections = 16;
  unsigned batch_size = 1;    // calls in one request at most, 1 to 20; 1: every call is a request of its own
  unsigned max_attempts = 5;  // of one operation of a row
  std::chrono::nanoseconds attempt_timeout = std::chrono::seconds(20);
  std::chrono::nanoseconds row_deadline = std::chrono::minutes(30);  // from a row's first call, whatever operations follow
  std::chrono::nanoseconds max_outage = std::chrono::minutes(30);
  std::chrono::nanoseconds max_cooldown = std::chrono::hours(24);  // a longer Retry-After is cut to this; 10 years at most
};

// What belongs to the run, and what each lane is set up with that has no settings of its own.
struct settings : lane_settings {
  std::optional<std::chrono::nanoseconds> max_duration;
  std::chrono::nanoseconds drain = std::chrono::seconds(25);  // how long a stop waits for the calls in flight
  unsigned max_unacknowledged = 4096;                         // rows in flight until their commit is acknowledged, all lanes together
  // No call is granted while the answers that wait for their commit take this many bytes or more, so a slow disk and large answers do not
  // exhaust the memory. The calls that are in flight then may still add theirs.
  std::size_t max_unacknowledged_bytes = std::size_t{16} * 1024 * 1024;
  std::uint64_t seed = 1;  // of the jitter

  // Other workers carry out the same runs: a lane whose rows are used up looks for more (look_for_rows), and ends when nothing is owed.
  bool shared = false;
  // The run does not end because nothing is owed, or because what is left has to wait: only a stop ends it. Only with `shared`.
  bool follow = false;
  std::chrono::nanoseconds lease_margin = std::chrono::seconds(5);  // a worker trusts its lease so much less than it lasts
};

struct organizer_setup {
  organizer_id organizer;
  std::uint32_t fresh;  // owed rows that no process has claimed
  std::uint32_t stale;  // owed rows that an earlier process claimed and never finished: they go last
};

struct cooldown_setup {
  std::optional<organizer_id> organizer;  // absent: the lane
  mono_time until;                        // on this process's monotonic clock
  bool cut = false;  // `until` is --max-cooldown's end, not the service's: one call is made alone then (see obey_saved)
};

// A cooldown that another worker found.
struct announced_cooldown {
  lane_id lane = 0;
  std::optional<organizer_id> organizer{};  // absent: the lane
  mono_time until{};                        // on this process's monotonic clock
};

// What a lane has learnt about a limit that the service does not publish. It is saved in the ledger for the next run.
struct learnt_pace {
  double rate = 0;     // calls/s that the service took for a while, just below its limit; > 0
  double refused = 0;  // the lowest rate, calls/s, known to be too high; 0: none was
  double credit = 0;   // calls above `rate` that the service takes after a pause (the depth of its bucket); 0: unknown
  friend bool operator==(const learnt_pace&, const learnt_pace&) = default;
};
struct remembered_pace {
  learnt_pace pace;
  std::chrono::nanoseconds age{0};  // since it was saved; 0 where the wall clock was set back
};

struct lane_setup {
  lane_id lane;
  std::uint32_t app = 0;               // lanes with the same number are one application on one Graph root; its cooldown closes all of them
  std::optional<lane_settings> own{};  // absent: those of the run's settings
  std::vector<organizer_setup> organizers;
  std::vector<cooldown_setup> cooldowns;
  std::optional<remembered_pace> learnt{};  // absent: nothing is learnt, and the start is start_rate
};

// Whether a row whose createOrGet succeeded owes an update next.
enum class update_rule : std::uint8_t {
  never = 0,         // differences are reported
  if_different = 1,  // where the answer names fields that differ
  always = 2,        // something is wanted that createOrGet cannot set: always, unless the answer shows that it is set
  both = 3,          // always or if_different
};

struct owed_row {
  row_id row;
  key_id key;
  organizer_id organizer;
  lease_token token;     // of the claim; comes back with record, advance and release
  std::uint8_t strikes;  // earlier runs in a row that ended with this row's attempts used up
  operation op = operation::create_or_get;
  update_rule update = update_rule::never;
  bool repairs = false;  // of a get: createOrGet follows where the meeting is lost or has expired
  // Its createOrGet is one of the beta endpoint. A batch has calls of v1.0 only, so it is a request of its own; what the service does not
  // find then may be the channel or the endpoint, so a 404 of it says nothing of the organizer's other rows.
  bool beta = false;
};

// What a claim brought of one organizer: as many rows as were requested, or fewer.
struct claimed_page {
  organizer_id organizer;
  std::vector<owed_row> rows;
  bool exhausted;  // no further rows of that kind (fresh or stale) of this organizer remain
};

// ---- several workers

// What this worker may use of a lane's rate, and what it learns of the others: see share_changed. Rates are calls/s.
struct lane_share {
  // The worker that leads runs the law of the pace on what all workers of the lane meet, and publishes the rate. The others call at their
  // part of the rate that it published last.
  bool leads = true;
  double part = 1, safe_part = 1;  // of the lane's rate, 0 to 1; safe_part holds from `until` on, if no other share came by then
  mono_time until = mono_time::max();
  double rate = 0;                      // as published; 0: nothing was. Not used by the worker that leads, except when it begins to
  std::optional<learnt_pace> learnt{};  // the same
  // Only where it leads, of the other workers, since the last share.
  std::uint64_t calls = 0, successes = 0;
  struct throttle {
    mono_time sent, until;  // of the throttled call; the end of the cooldown
  };
  std::vector<throttle> throttles{};
};

// What a worker says of a lane to the others, since its last report: see engine::report.
struct lane_report {
  double wants = 0;   // calls/s that it could use now
  bool over = false;  // it has stopped, and sends nothing any more
  std::uint64_t calls = 0, successes = 0;
  std::vector<lane_share::throttle> throttles;  // the first one of each cooldown of the lane
  double rate = 0;                              // of the whole lane, where it leads
  std::optional<learnt_pace> learnt;            // the same
};

// ---- what happened to one attempt. The Graph client translates; the engine classifies.

enum class attempt_error : std::uint8_t {
  none,             // an HTTP answer came: see status
  connect,          // TCP connect failed (before the request began: costs nothing)
  proxy_login,      // a proxy does not accept the user name and password, or requires them (before the request began)
  tls,              // handshake or certificate failed
  timeout,          // our attempt timeout
  closed,           // connection failed or closed after the request began
  stale,            // a reused connection that closed before the first byte of an answer
  truncated,        // body cut, unparsable or too large
  not_believed,     // 200/201 without id, join URL or our external id, of another organizer, or one that quotes the token
  foreign,          // an answer of any status that names another client-request-id and so belongs to another request
  local_resources,  // EMFILE, ENOBUFS, ENOMEM, EADDRNOTAVAIL, no name server
};

struct answer {
  attempt_error error = attempt_error::none;
  bool sent = true;                                     // false: no byte of the call was given to the network
  int status = 0;                                       // HTTP status, 0 where none came
  std::optional<std::chrono::nanoseconds> retry_after;  // parsed, relative to the receipt; absent: none or unusable
  std::string retry_after_text;                         // the same as sent, safe to print
  std::string throttle_scope;                           // x-ms-throttle-scope as sent, empty: none
  std::optional<meeting> stored;                        // of an answer that is believed
  // Names of the fields that differ from the spec. Of an update also those that differed before, were not sent and are not shown.
  std::vector<std::string> drift;
  bool settled = false;             // it shows that everything which createOrGet cannot set is as the spec wants it
  std::vector<std::string> to_set;  // of createOrGet: the wanted options that the answer does not show as wanted
  bool whole = true;                // false: the body was cut, so something may be missing
  bool too_large = false;           // of a whole batch: cut because it is larger than what is read of an answer
  // False: it names no client-request-id, so nothing shows that it belongs to its request. A peer may send something on any connection
  // without a request.
  bool bound = true;
  bool of_envelope = false;               // the answer of a whole batch, taken as the one of each of its calls
  bool for_user = false;                  // the call was made for a person who has signed in, as `/me`
  std::string error_code, error_message;  // Graph's, or ours for transport errors
  std::string request_id, client_request_id;
  std::uint32_t token = 0;  // the number of the token that the request carried: see token_ready
  utc_time finished_at{};   // wall clock at the receipt, as data only
};

// What came back for a send_batch.
struct batch_answer {
  struct item {
    row_id row;
    answer got;  // where `envelope` is absent
  };
  std::vector<item> items;         // one for each call that was sent
  std::optional<answer> envelope;  // where there are no answers to the calls: the transport failed, or the request as a whole was refused
  unsigned strange = 0;            // answers that belong to none of the calls, or to one that has an answer already: ignored
};

// ---- actions

// One organizer's share of a claim: up to `count` of its rows, > 0.
struct page_wanted {
  organizer_id organizer;
  std::uint32_t count;
};

// Claim these pages, durably and in one commit, and answer with one rows_arrived for all of them. Each page is of another organizer, and an
// organizer has one page in progress at a time. No more rows are requested than the setup counted and have not come yet.
// A row that this process has recorded or released is not given to it again.
struct fetch_rows {
  lane_id lane;
  bool stale;
  std::vector<page_wanted> pages;  // at least one
};

// Only with settings::shared: count what this lane could claim now. Answer with rows_available.
struct look_for_rows {
  lane_id lane;
};

// Send the row's operation on this connection now. Nothing may be awaited between taking this action and the write.
struct send_call {
  lane_id lane;
  connection_id connection;
  row_id row;
  unsigned attempt;
  operation op = operation::create_or_get;
};

// Send these calls now, in one `$batch` on this connection. They are of different organizers, at least two, and at most batch_size. Answer
// with batch_answered. Nothing may be awaited between taking this action and the write.
struct send_batch {
  lane_id lane;
  connection_id connection;
  std::vector<send_call> calls;
};

// The service does not take such batches, or its answers to them are too large: from now on this lane puts at most `size` calls into one,
// 1: none is sent. Log it.
struct batch_limited {
  lane_id lane;
  unsigned size;
  std::string reason;  // the answer that says so
};

// The row ended: write its outcome (conditional on the token). Answer with committed.
struct record_outcome {
  lane_id lane;
  row_id row;
  key_id key;
  lease_token token;
  outcome result;
  unsigned attempts;
  answer last;  // what the row ended with
};

// The row's operation is complete and another one is owed: write what was observed and that `next` is owed (conditional on the token). The
// row stays claimed. Answer with committed; only then `next` is sent, so a restart continues with it.
struct advance_row {
  lane_id lane;
  row_id row;
  key_id key;
  lease_token token;
  operation next;
  unsigned attempts;  // calls made for the row so far
  answer last;        // what the completed operation ended with
};

// The row has no outcome: it is unclaimed and owed to the next run. `strike`: its attempts were used up; the third strike in a row fails
// it. Answer with committed, also where it failed. Rows whose call was in flight at the end of a drain are not released: they stay claimed,
// so the next process sends them last.
struct release_row {
  lane_id lane;
  row_id row;
  lease_token token;
  bool strike;
  unsigned attempts;
  answer last;
};

// Every remaining owed row of this organizer fails with this answer, in one statement and without a call. Answer: organizer_closed.
// These are the rows that no process has claimed and those that this process has claimed, but none that an earlier action recorded or
// released. None of the organizer's calls is in flight then, and a page of it that is still being claimed was requested before. The row
// whose answer ended the organizer has a record_outcome of its own, before this.
struct close_organizer {
  lane_id lane;
  organizer_id organizer;
  answer last;
};

// The service throttled a scope for longer than 1 s: commit it, so that a restart obeys it. `until` is the end that the service announced,
// also where less is obeyed: obey_saved computes how much.
struct save_cooldown {
  lane_id lane;
  std::optional<organizer_id> organizer;  // absent: the lane, or with `app` every lane of its application, also those that are not here
  mono_time until;
  bool app = false;
};

// A scope is open before the end that was saved, because that cooldown had been cut: remove it from the ledger.
struct forget_cooldown {
  lane_id lane;
  std::optional<organizer_id> organizer;
};

// A Retry-After above max_cooldown was cut to that: log it. One for each cooldown, not for each answer.
struct cooldown_cut {
  lane_id lane;
  std::optional<organizer_id> organizer;  // absent: the lane, or with `app` every lane of its application
  bool app;
  std::string retry_after_text;  // the header as sent; may be empty
  std::chrono::nanoseconds announced;
};

// Save what the lane has learnt, without a commit of its own: from time to time while it changes, and when the lane ends.
struct save_pace {
  lane_id lane;
  learnt_pace pace;
};

// Get a token that is not number `rejected` (0: any). Answer with token_ready or token_failed. A lane has one request in progress at a
// time.
struct refresh_token {
  lane_id lane;
  std::uint32_t rejected;
};

// How many connections this lane may have from now on: those numbered below `count`. Fewer after EMFILE, more again later.
struct set_connections {
  lane_id lane;
  unsigned count;
};

// Close this connection before it is used again, for example after a 503 or to get a new one in its place; the new one is reported with
// connection_ready. The connection is idle, or its call got an HTTP answer: where the transport failed the driver closes it by itself.
struct drop_connection {
  lane_id lane;
  connection_id connection;
};

// Call tick(now) at this time unless another event comes before. Where the engine waits for a time, take_actions ends with one; it replaces
// the one before. Where there is none, only another event brings something to do.
struct wake_at {
  mono_time when;
};

enum class stop_reason : std::uint8_t {
  finished,     // nothing is owed any more: exit 0 or 3
  deferred,     // rows are left: closed scopes, used up attempts, an outage, a time limit: exit 5
  interrupted,  // a signal or the caller stopped it: exit 130/143
  credentials,  // token or 401: exit 4
  permission,   // 20 times in a row the same permanent answer: exit 4
  storage,      // the ledger failed: exit 6
};

// How one lane ended.
struct lane_end {
  lane_id lane;
  // Deferred also where it was not stopped, but rows are left; finished also where the run was stopped, but all rows of the lane are done.
  stop_reason reason = stop_reason::finished;
  std::string detail;
  std::uint64_t calls = 0;  // made
};

// Nothing is in flight any more and nothing will be sent: the run is over. Emitted once, last. Commits that were not acknowledged within
// settings.drain of the stop (of the last row's end where nothing stopped the run) are not waited for.
struct finished {
  stop_reason reason;
  std::string detail;                                 // one sentence for the user, with what to do
  std::optional<std::chrono::nanoseconds> come_back;  // from now, where a cooldown or a rest decides it
  std::vector<lane_end> lanes{};                      // one for each lane, in the order of the setup; empty where the ledger failed
};

using action = std::variant<fetch_rows, look_for_rows, send_call, send_batch, batch_limited, record_outcome, advance_row, release_row,
                            close_organizer, save_cooldown, forget_cooldown, cooldown_cut, save_pace, refresh_token, set_connections,
                            drop_connection, wake_at, finished>;

}  // namespace convoke::engine
