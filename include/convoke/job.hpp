#pragma once

/// \file
/// Plans a file of meetings and carries the plan out. `convoke check`, `plan`, `apply` and `work` are these functions and code that prints;
/// `convoke verify` and `remove` are `apply` of a job of another kind (plan_options::kind).
///
///     convoke::job j;
///     j.input = "classes.csv";
///     j.ledger = "sqlite:/var/lib/convoke/ledger.db";
///     j.lanes.front().tenant = "11111111-2222-3333-4444-555555555555"; …
///     convoke::observer watch;
///     std::stop_source stop;
///     auto done = convoke::apply(j, watch, stop.get_token());
///     return done ? done->exit_code() : convoke::exit_code(done.error().code);
///
/// Threads. `check`, `plan`, `dry_run`, `apply` and `work` block until they are done. They start threads of their own and join them before
/// they return, except that the thread of a name look-up which is still without an answer is left behind. They call the observer on the
/// thread that called them, and on no other. Two of them may run at once in one process on different ledgers; on one SQLite ledger the
/// second one gets errc::busy. The job and the observer must not change and must outlive the call.
///
/// Process state. The library installs no signal handler and never ends the process. A caller that wants to stop at a signal requests a
/// stop of the source whose token it passed. SIGPIPE should be ignored: a pipe without a reader is then an error of a write.

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include <convoke/error.hpp>
#include <convoke/lane.hpp>
#include <convoke/observer.hpp>
#include <convoke/outcome.hpp>
#include <convoke/results_dialect.hpp>
#include <convoke/run_kind.hpp>
#include <convoke/secret.hpp>
#include <convoke/spec.hpp>
#include <convoke/summary.hpp>
#include <convoke/time.hpp>

namespace convoke {

/// What becomes of a meeting that exists and differs.
enum class on_drift : std::uint8_t {
  report,
  update,  ///< a PATCH sends the members that differ
  fail,    ///< it counts as failed
};

/// What becomes of known meetings that have not ended and that a later file of their feed lacks.
enum class on_vanished : std::uint8_t {
  report,
  /// They are deleted, once every row of the input has succeeded. Never where the input belongs to no feed, where only a part of it is
  /// planned, or where rows of it are wrong or left out as of other tenants (removal_bar); an input without rows, and more removals than
  /// max_remove, are refused.
  remove,
};

/// What becomes of the roles of attendees.
enum class attendee_roles : std::uint8_t {
  send,     ///< createOrGet sends them; Graph may not keep them
  enforce,  ///< where the answer does not show them, a PATCH sets them, with `allowedPresenters` `roleIsPresenter`
};

/// How the input's bytes become text.
enum class input_encoding : std::uint8_t {
  detect,  ///< by byte-order mark, else UTF-8
  utf8,
  utf16le,
  utf16be,
  windows_1252,  ///< never detected: every byte string is valid in it
};

/// What separates the fields of a record.
enum class input_delimiter : std::uint8_t {
  detect,  ///< from the header
  comma,
  semicolon,
  tab,
};

/// Which instant a local time means that occurs twice, at the end of summer time.
enum class overlap_choice : std::uint8_t {
  refuse,  ///< the row is wrong
  earlier,
  later,
};

/// A column of the input that is used for a role although it has another name.
struct column_role_choice {
  std::string role;    ///< a role, or one of its other names: `start`, `title`, `option.NAME`
  std::string header;  ///< the column's name in the input; compared as header names are
};

/// Settings that shape a plan. Together with the input's SHA-256 and the lane they are a run's identity, except where a member says no.
struct plan_options {
  input_encoding encoding = input_encoding::detect;
  input_delimiter delimiter = input_delimiter::detect;
  std::string time_zone;  ///< zone of local times without one of their own; an IANA or Windows name
  overlap_choice overlap = overlap_choice::refuse;
  std::string external_id_template;         ///< `{course}-{start:%Y%m%d}`; empty: the column is required
  std::vector<column_role_choice> columns;  ///< roles of columns that their names do not say
  std::vector<std::string> carry;           ///< columns that are only carried to the results, although their names are near a role's
  std::string date_format;                  ///< how dates are written, as for strptime: `%d.%m.%Y %H:%M`; empty: year, month, day
  std::string skip_dates;                   ///< a file with dates on which nothing repeats (holidays); empty: none
  std::optional<std::uint64_t> limit;       ///< plan only the first N rows
  std::string only;                         ///< `COLUMN=VALUE`: plan only these rows; empty: all
  std::vector<option_default> options;      ///< of rows whose cell is empty, where lane_options::options has nothing of the option
  bool skip_invalid = false;                ///< provision the valid rows although others are wrong
  /// Rows whose external id has more bytes are wrong, because the service does not take it (`convoke probe`); absent: 128 is the most.
  std::optional<std::uint32_t> longest_external_id;
  convoke::on_drift drift = convoke::on_drift::report;
  /// Known meetings that expire within this time although they end later than now are extended by a PATCH that changes nothing: 1 s to less
  /// than 60 days, for which an update extends a meeting; absent: none is.
  std::optional<std::chrono::milliseconds> keep_alive;
  attendee_roles roles = attendee_roles::send;
  std::optional<std::uint64_t> expect_rows;  ///< refuse unless the input has exactly N rows; not part of the identity
  std::optional<std::uint64_t> max_new;      ///< refuse if more than N keys are new; not part of the identity
  /// What is done for the rows. A run that verifies reads the known meetings of the rows, or, without an input, every known meeting of the
  /// job's lanes. One that removes deletes the known meetings of the rows; it belongs to a feed only where job::feed is set, and then
  /// deletes meetings of this feed only. What a row wants besides its key counts in a run that provisions only. Kinds but
  /// `provision` are for `apply`: the other functions refuse them.
  run_kind kind = run_kind::provision;
  /// Of a run that verifies: meetings that are lost are made again, and with on_drift::update those that differ are updated.
  bool repair = false;
  bool confirmed = false;  ///< of a run that removes: the observer is not asked; not part of the identity
  on_vanished vanished = on_vanished::report;
  std::uint64_t max_remove = 0;  ///< refuse if more than N meetings would be removed (on_vanished::remove); not part of the identity
};

/// Limits of the call phase, and how fast each lane is called that has no pace of its own. None of them is part of a run's identity.
/// Durations are 1 ms to ten years (3,650 days) unless a member gives another range.
struct pace_options : lane_pace_options {
  unsigned max_attempts = 5;                              ///< calls per row and process that may end in a fault, 1 to 100
  std::chrono::milliseconds connect_timeout{10'000};      ///< TCP and TLS together
  std::chrono::milliseconds attempt_timeout{20'000};      ///< one call, from the write to the last byte of the answer
  std::chrono::milliseconds row_deadline{1'800'000};      ///< from a row's first call to its last
  std::optional<std::chrono::milliseconds> max_duration;  ///< of the call phase; absent: no limit
  std::chrono::milliseconds max_outage{1'800'000};        ///< time without a success, or without a token, after which the rest is deferred
  std::chrono::milliseconds max_cooldown{86'400'000};     ///< a longer Retry-After is cut to this, then one call is made alone
  bool forget_cooldowns = false;                          ///< start without the saved cooldowns of the lane, and delete them
  std::chrono::milliseconds drain{25'000};                ///< how long calls in flight may take after a stop; 0 is allowed
};

/// Everything that a job needs. Strings are UTF-8; paths are used as they are, relative to the current folder.
struct job {
  std::string input;  ///< a path, or `-` for standard input; empty, for a run that verifies: every known meeting of the lanes
  /// The series of files that the input belongs to: keys of a feed that a later file of it lacks have vanished (see on_vanished). Absent:
  /// the input's name without its folder, and without the `.failed.csv`, `.verify.failed.csv` or `.remove.failed.csv` of a failed file,
  /// which is never the whole of its feed; a pipe then belongs to no feed. Part of a run's identity where it is present.
  std::optional<std::string> feed;
  std::string ledger;                      ///< `sqlite:PATH` or `postgresql://…`
  std::chrono::milliseconds wait_lock{0};  ///< how long to wait while another process has a SQLite ledger; 0 to ten years
  /// One or more, each of another Graph root, tenant or app. With several of them every row names its tenant.
  std::vector<lane_options> lanes = std::vector<lane_options>(1);
  /// Tenants that rows may name and that this job leaves out: their rows are not planned.
  std::vector<known_tenant> other_tenants;
  plan_options plan;
  pace_options pace;
  std::string results;  ///< written at the end, by ending: .csv or .jsonl; `-`: CSV on standard output; empty: none
  convoke::results_dialect dialect = convoke::results_dialect::input;  ///< of CSV results
  /// Written only if rows failed. Empty: `INPUT.failed.csv`, of a run that verifies or removes `INPUT.verify.failed.csv` or
  /// `INPUT.remove.failed.csv`.
  std::string failed;
  unsigned keep_runs = 10;  ///< older runs lose their raw records; 1 to 1,000,000
  std::uint64_t seed = 0;   ///< of the jitter; 0: a random one
};

/// What a job is going to be used for: how much of it has to be valid.
enum class job_use : std::uint8_t {
  check,  ///< `check`: the plan options
  plan,   ///< `plan` and `dry_run`: also the ledger, the lane's names and the pace; credentials only where organizers must be looked up
  apply,  ///< `apply`: everything, with credentials and outputs
  work,   ///< `work`: the ledger, the lanes with credentials, and the pace
};

/// Checks every range and every rule that holds between settings, without reading a file or the network. `check`, `plan`, `dry_run` and
/// `apply` call it first, so that an invalid job has no effect at all. What only the input or the system can say (a column that `only`
/// names, a zone, a file) is found later. Any thread.
/// \returns errc::usage for the first setting that is wrong. Messages call a setting by the name of its command-line flag.
[[nodiscard]] result<void> validate(const job& j, job_use use = job_use::apply);

/// How `work` goes about it.
struct work_options {
  /// Wait for more runs where nothing is owed. Only a stop ends it. Not with a SQLite ledger, into which no other process could plan
  /// meanwhile.
  bool follow = false;
};

/// Signs in to every lane of the job whose credential is `device_code`, one after the other, and sets its `user` and `session`. A saved
/// sign-in (lane_options::sign_in_file) is used where there is one; where there is none, or the authority does not accept it any more, the
/// observer is asked to show what to do (observer::sign_in_wanted), and the function waits until a person has signed in. Without such lanes
/// it does nothing.
///
/// `use`: what the job is for, which is validated first. For a plan the user's object id is enough, which a saved sign-in has: nothing is
/// requested then. `check` needs no sign-in.
///
/// Before a person is asked, what needs no user is looked at: the outputs, the header and the number of rows of an input that is a file,
/// and for `apply` and `work` the ledger. Nothing is written. This comes before all requests where a lane has no saved sign-in, and before
/// the first question where the authority does not accept a saved one.
///
/// For `work`, `how` is what will be passed to it. Without work_options::follow the ledger has to be there. Where its open runs owe nothing
/// to the lanes of the job, nothing is requested and no person asked: the lanes have no session then, and `work` accepts that as long as
/// nothing is owed to them.
///
/// It blocks, and calls the observer on the caller's thread. `stop` may be requested on any thread. Errors: credentials (denied, expired,
/// refused, a user of another tenant, a saved sign-in that others can read), network (no answer within pace_options::max_outage), usage,
/// input, storage, busy, interrupted, resources. Of several lanes the message names the one that failed. Lanes that were signed in before
/// an error stay so.
[[nodiscard]] result<void> sign_in(job& j, job_use use, observer& watch, std::stop_token stop = {}, const work_options& how = {});

/// Why a run stopped.
enum class ending : std::uint8_t {
  finished,     ///< nothing is owed any more
  deferred,     ///< work is left: throttling, outage, attempts used up, a time limit
  interrupted,  ///< a stop was requested
  credentials,  ///< no token, or 401
  permission,   ///< the same permanent answer 20 times in a row
  storage,      ///< the ledger could not be read or written
};

/// How one lane of a job ended.
struct lane_result {
  std::string name, tenant, app;  ///< as the configuration names it, Entra tenant id, Entra application id; name and app may be empty
  ending end = ending::finished;  ///< `finished` also where the run was stopped after all rows of the lane were done
  std::string detail;             ///< one sentence for people: why it stopped and what to do; empty where it made no call
  std::uint64_t calls = 0;        ///< made by this process
  outcome_counts counts;          ///< of the rows of the run whose lane is known; wrong rows are not among them. Only in a job_report
};

/// What a run that verifies has found: an attestation of the inventory.
struct verified_meetings {
  std::uint64_t rows = 0;            ///< whose meeting was read, or made again: all but those that failed, were rejected or are deferred
  std::uint64_t expired = 0;         ///< of these, drifted because the service has let the meeting expire
  std::uint64_t unread = 0;          ///< not among `rows`: the call failed, so whether the meeting exists is not known
  std::uint64_t unknown = 0;         ///< not among `rows`: the ledger knows no meeting of the row
  bool repairs = false;              ///< what is lost was to be made again (plan_options::repair)
  std::optional<utc_time> from, to;  ///< the times of the first and the last answer; absent where no call was made
  std::string results_sha256;        ///< of the bytes of the results, hexadecimal; empty where none were written
};

/// The result of `apply`.
struct job_report {
  std::uint32_t run = 0;  ///< 0: interrupted before there was one
  run_kind kind = run_kind::provision;
  bool of_inventory = false;                  ///< it has no input: its rows are all known meetings
  std::optional<verified_meetings> verified;  ///< of a run that verifies
  ending end = ending::finished;
  bool drift_fails = false;                       ///< as the run was planned: drifted rows count as failed
  std::string detail;                             ///< one sentence for people: why it stopped and what to do
  std::optional<std::chrono::seconds> come_back;  ///< when work is left: how long to wait before this job is run again; 0: no wait
  std::optional<utc_time> come_back_at;           ///< the same as wall time
  std::optional<plan_summary> plan;               ///< where this call planned; absent where it resumed a run
  utc_time planned_at{};                          ///< when it planned: the time that the plan's forecast counts from
  std::uint64_t rows = 0;
  outcome_counts counts;                               ///< of the whole run, not only of this call
  std::vector<updated_field> updated_fields;           ///< of its updated rows, in the order of the fields' names
  std::vector<lane_result> lanes;                      ///< of the whole run, in the order of its lanes; `end` is that of this call
  std::uint64_t calls = 0, throttled = 0, faults = 0;  ///< of this call
  std::uint64_t early_by_inference = 0;                ///< calls in a scope that was closed by a throttle which did not name it
  std::uint64_t batches = 0;                           ///< requests that carried several of the calls (batch_size)
  std::uint64_t strange = 0;                           ///< answers in batches that were ignored: of no call, or of one that was answered
  std::chrono::microseconds plan_time{0}, call_time{0}, results_time{0};  ///< call: first send to last commit
  std::string results, failed;                                            ///< files written, empty where none
  std::string removed_failed;              ///< the failed file of an earlier run, removed because nothing failed; empty: there was none
  std::vector<failure_reason> reasons;     ///< of the rows of the run that are not satisfied: the most frequent first, 20 at most
  std::vector<std::string> output_errors;  ///< files that could not be written
  std::vector<std::string> warnings;       ///< housekeeping that failed after the run, such as pruning; it changes no outcome

  /// 0 every row is satisfied; 3 finished with failed, rejected, lost or (by option) drifted rows; 4 credentials or permission; 5 work is
  /// left; 6 storage; 9 an output could not be written; 130 interrupted. A program that was stopped by another signal than SIGINT returns
  /// 128 + its number instead of 130.
  [[nodiscard]] int exit_code() const noexcept;
};

/// Reads and validates the input. It uses neither the network nor a ledger, and writes no file except temporary ones without a name in
/// TMPDIR.
/// \returns what a plan against an empty ledger would be. Errors: usage (an invalid job, no such file), input (wrong rows: the observer
/// receives all of them first), storage (no temporary file), resources, interrupted.
[[nodiscard]] result<plan_summary> check(const job& j, observer& watch, std::stop_token stop = {});

/// A committed plan.
struct planned_run {
  std::uint32_t run = 0;
  plan_summary summary;
};
/// Commits a plan. `open` false: nothing of it is sent until `apply` opens it. Nothing is kept of a plan that fails or is interrupted,
/// except the failed file with the wrong rows. Errors: as for `check`, and busy.
[[nodiscard]] result<planned_run> plan(const job& j, bool open, observer& watch, std::stop_token stop = {});

/// What `plan` would decide. It writes nothing, no failed file either. Errors: as for `plan`.
[[nodiscard]] result<plan_summary> dry_run(const job& j, observer& watch, std::stop_token stop = {});

/// Plans, opens the plan, carries it out and writes the outputs. The same job again resumes the run, or finds that nothing is owed.
///
/// `stop` ends the job in good order: planning is dropped; in the call phase no new call starts, those in flight may finish within
/// pace_options::drain, and what is known is committed; the writing of outputs ends. `at_once` also gives up the calls in flight and writes
/// no outputs. Both may be requested on any thread, at any time, also before the call. A system call that blocks, such as a write to a pipe
/// without a reader, is not interrupted.
///
/// Errors: usage, input, credentials, storage, busy, resources. A run that stopped early is not an error: see job_report::end.
///
/// On a PostgreSQL ledger any number of processes may do this at once, also with the same input: they share one run. Each of them makes
/// calls until nothing of it is owed, waits for the rows that others hold, and writes the outputs of the whole run. A process that cannot
/// reach the ledger for longer than its lease begins another session of the run once it can.
[[nodiscard]] result<job_report> apply(const job& j, observer& watch, std::stop_token stop = {}, std::stop_token at_once = {});

/// A run that `work` knows of.
struct worked_run {
  std::uint32_t run = 0;
  std::uint64_t rows = 0;
  outcome_counts counts;  ///< of the whole run, whichever processes carried it out
  bool drift_fails = false;
  /// Rows that failed, were rejected, were lost or, by option, drifted.
  [[nodiscard]] std::uint64_t unsatisfied() const noexcept;
};

/// The result of `work`.
struct work_report {
  ending end = ending::finished;
  std::string detail;                             ///< one sentence for people: why it stopped and what to do
  std::optional<std::chrono::seconds> come_back;  ///< when work is left: how long to wait before it is tried again; 0: no wait
  std::optional<utc_time> come_back_at;           ///< the same as wall time
  std::uint64_t rows = 0;                         ///< that got their outcome by this call
  std::uint64_t calls = 0, throttled = 0, faults = 0;
  std::uint64_t early_by_inference = 0;    ///< calls in a scope that was closed by a throttle which did not name it
  std::uint64_t batches = 0;               ///< requests that carried several of the calls (batch_size)
  std::uint64_t strange = 0;               ///< answers in batches that were ignored: of no call, or of one that was answered
  std::chrono::microseconds call_time{0};  ///< first send to last commit
  unsigned sessions = 0;                   ///< more than one where a lease was lost, or each run has a session
  std::vector<lane_result> lanes;    ///< in the order of the job's lanes; some without calls may be missing. A finished one is owed nothing
  std::vector<worked_run> finished;  ///< runs of which this call found that nothing is owed any more
  std::vector<worked_run> left;      ///< open runs that owe rows; also those of lanes that the job does not have
  std::vector<std::string> warnings;  ///< housekeeping that failed, such as pruning; it changes no outcome

  /// 0 nothing that this job has lanes for is owed; 3 the same, and rows of a run in `finished` are unsatisfied (those of a run that stays
  /// open count for whoever finishes it); 4 credentials or permission; 5 work is left; 6 storage; 130 interrupted. A program that was
  /// stopped by another signal than SIGINT returns 128 + its number instead of 130.
  [[nodiscard]] int exit_code() const noexcept;
};

/// Carries out what the open runs of a ledger owe to the lanes of the job, whoever planned them. A run that owes rows to other lanes too
/// stays open for these. Of the job only `ledger`, `wait_lock`, `lanes` (one or more), `pace`, `keep_runs` and `seed` are used. It writes
/// no outputs: `export_run` does.
///
/// Any number of workers may share a PostgreSQL ledger, on any number of machines. They claim rows under leases and share the rate of each
/// lane. A SQLite ledger has one worker, which carries out one run after the other; a lane whose credentials or permission are refused in
/// one of them stays out of those that follow, and the other lanes carry them out.
///
/// `stop` and `at_once`: as for `apply`. Errors: as for `apply`, without input; usage for `follow` with a SQLite ledger; credentials where
/// rows are owed to lanes of the job and no person has signed in to one that calls for a person.
[[nodiscard]] result<work_report> work(const job& j, const work_options& how, observer& watch, std::stop_token stop = {},
                                       std::stop_token at_once = {});

}  // namespace convoke
