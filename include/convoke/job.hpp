#pragma once

/// \file
/// The library's face: plan a file of meetings and carry the plan out. `convoke apply` is these calls and a printer.
///
///     convoke::job j;
///     j.input = "classes.csv";
///     j.ledger = "sqlite:/var/lib/convoke/ledger.db";
///     j.lanes.front().graph_url = "https://graph.microsoft.com"; …
///     auto done = convoke::apply(j);
///     return done ? done->exit_code() : convoke::exit_code(done.error().code);

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <convoke/error.hpp>
#include <convoke/outcome.hpp>
#include <convoke/secret.hpp>
#include <convoke/summary.hpp>
#include <convoke/time.hpp>

namespace convoke {

/// One Graph root, tenant and app, and how to sign in to it.
struct lane_options {
  std::string graph_url = "https://graph.microsoft.com";            ///< root without version
  std::string authority_url = "https://login.microsoftonline.com";  ///< where tokens come from
  std::string tenant;                                               ///< Entra tenant id (GUID)
  std::string client_id;                                            ///< Entra application id (GUID); may be empty with a ready token
  secret client_secret;                                             ///< for the client-credentials grant
  secret token;                                                     ///< a ready bearer token instead; never refreshed
  std::string ca_file;                                              ///< PEM bundle to trust instead of the system's; empty: the system's
  bool allow_http = false;                                          ///< plain HTTP, to loopback only
};

/// What becomes of a meeting that exists and differs.
enum class on_drift : std::uint8_t { report, fail };

/// Settings that shape a plan. Together with the input's SHA-256 and the lane they are a run's identity.
struct plan_options {
  std::string encoding;                ///< empty: by byte-order mark, else UTF-8; `windows-1252` only when asked for
  std::string delimiter;               ///< empty: seen from the header; `,` `;` or a tab
  std::string time_zone;               ///< zone of local times without one of their own; IANA or Windows name
  std::string overlap;                 ///< empty: refuse times that occur twice; `earlier` or `later`
  std::string external_id_template;    ///< `{course}-{start:%Y%m%d}`; empty: the column is required
  std::optional<std::uint64_t> limit;  ///< plan only the first N rows
  std::string only;                    ///< `COLUMN=VALUE`: plan only these rows
  bool skip_invalid = false;           ///< provision the good rows although some are wrong
  convoke::on_drift drift = convoke::on_drift::report;
  std::optional<std::uint64_t> expect_rows;  ///< refuse unless exactly N rows came; not part of the identity
  std::optional<std::uint64_t> max_new;      ///< refuse if more keys than N are new; not part of the identity
};

/// How hard to push. Defaults and meanings: the command line's flags of the same names.
struct pace_options {
  double rate = 500;                                      ///< calls per second and lane that are not passed, > 0
  double start_rate = 10;                                 ///< where nothing was learnt of the lane yet: calls per second, > 0
  bool fixed_rate = false;                                ///< call at `rate` whatever comes; throttles are obeyed all the same
  std::optional<double> organizer_rate;                   ///< calls per second and organizer, > 0; absent: the lane's alone
  unsigned organizer_concurrency = 4;                     ///< calls in flight per organizer, 1-1000
  unsigned connections = 16;                              ///< per lane, 1-1000
  unsigned max_attempts = 5;                              ///< calls per row and process run that end in a fault, 1-100
  std::chrono::milliseconds connect_timeout{10'000};      ///< TCP and TLS; this and those below > 0
  std::chrono::milliseconds attempt_timeout{20'000};      ///< one call, from the write to the last byte
  std::chrono::milliseconds row_deadline{1'800'000};      ///< a row's first call to its last
  std::optional<std::chrono::milliseconds> max_duration;  ///< of the call phase
  std::chrono::milliseconds max_outage{1'800'000};        ///< without one success, or without a token, before the rest is deferred
  std::chrono::milliseconds max_cooldown{86'400'000};     ///< a longer Retry-After is cut to this, then one call probes; 1 ms to 10 years
  bool forget_cooldowns = false;                          ///< start without the saved cooldowns of the lane, and delete them
  std::chrono::milliseconds drain{25'000};                ///< what calls in flight may take after a stop
};

/// Everything a job needs. Strings are UTF-8; paths are used as given.
struct job {
  std::string input;                       ///< a path, or `-` for standard input
  std::string ledger;                      ///< `sqlite:PATH`
  std::chrono::milliseconds wait_lock{0};  ///< how long to wait for another process's run
  /// One at least. Which of them a row belongs to: the first, until rows can name a tenant.
  std::vector<lane_options> lanes = std::vector<lane_options>(1);
  plan_options plan;
  pace_options pace;
  std::string results;      ///< written at the end, by ending: .csv or .jsonl; empty: none
  std::string failed;       ///< empty: `INPUT.failed.csv`, written only if rows failed
  unsigned keep_runs = 10;  ///< older runs lose their raw records
  std::uint64_t seed = 0;   ///< of the jitter; 0: from the system
};

/// Told how a job goes. Called on the thread that called `apply`; must not throw and should return quickly.
struct observer {
  virtual ~observer() = default;
  /// A row is wrong. Called for all of them, in line order.
  virtual void wrong_row(std::uint32_t /*line*/, const std::string& /*why*/) {}
  /// The plan is committed (or, for a dry run, would be). `run` is 0 for a dry run.
  virtual void planned(std::uint32_t /*run*/, const plan_summary&) {}
  /// An open run is taken up again: `owed` of `rows` are left.
  virtual void resumed(std::uint32_t /*run*/, std::uint64_t /*rows*/, std::uint64_t /*owed*/) {}
  /// Before the first call of `apply`: how long it will take, as far as that is known.
  virtual void expected(const forecast&) {}
  /// Something worth a line: a warning, a throttle, a lost connection. One line, no secrets, safe to print.
  virtual void note(const std::string& /*line*/) {}
  /// A call for the row at `line` ended without a meeting: what the service or the network said. Comes often while a service is ill; no
  /// subjects, people, links or secrets in it, safe to print.
  virtual void trouble(std::uint32_t /*line*/, const std::string& /*what*/) {}
  struct progress {
    std::uint64_t rows = 0, done = 0;  ///< done: committed
    std::uint64_t calls = 0, throttled = 0;
    std::uint64_t calls_left = 0;                         ///< rows that share a key share a call
    double rate = 0;                                      ///< committed rows per second, recent
    double pace = 0;                                      ///< calls per second that are allowed now
    bool learning = false;                                ///< no limit was met yet: the pace still grows
    std::optional<std::chrono::milliseconds> closed_for;  ///< throttled: how long yet
    std::optional<utc_time> closed_until;                 ///< the same as wall time
    std::optional<std::chrono::seconds> nothing_for;      ///< open, and yet no row ended for so long (30 s or more)
    std::optional<std::chrono::milliseconds> left;        ///< to expect, a running throttle included; absent: nobody knows
    std::chrono::milliseconds elapsed{0};
  };
  /// About five times a second while calls are made.
  virtual void advanced(const progress&) {}
};

/// Why a run stopped.
enum class ending : std::uint8_t { finished, deferred, interrupted, terminated, hung_up, credentials, permission, storage };

/// What came of it.
struct job_report {
  std::uint32_t run = 0;  ///< 0: interrupted before there was one
  ending end = ending::finished;
  bool drift_fails = false;                       ///< as the run was planned: drifted rows count as failed
  std::string detail;                             ///< one sentence for people: why it stopped and what to do
  std::optional<std::chrono::seconds> come_back;  ///< when work is left: how long to wait before this job is run again; 0: at once
  std::optional<utc_time> come_back_at;           ///< the same as wall time
  std::optional<plan_summary> plan;               ///< where this call planned; absent where it took a run up again
  utc_time planned_at{};                          ///< when, so that the plan's forecast can be read
  std::uint64_t rows = 0;
  outcome_counts counts;                               ///< of the whole run, not only of this call
  std::uint64_t calls = 0, throttled = 0, faults = 0;  ///< of this call
  std::uint64_t early_by_inference = 0;                ///< see README.md: calls in a scope that was closed without saying so
  std::chrono::microseconds plan_time{0}, call_time{0}, results_time{0};  ///< call: first send to last commit
  std::string results, failed;                                            ///< files written, empty where none
  std::vector<std::string> output_errors;                                 ///< files that could not be written
  std::vector<std::string> warnings;  ///< what failed afterwards and changes nothing of the outcome, such as pruning old runs

  /// 0 every row satisfied; 3 finished with failed, rejected or (by option) drifted rows; 4, 5, 6, 9, 129, 130, 143: see README.md.
  [[nodiscard]] int exit_code() const noexcept;
};

/// Reads and validates; no network, no ledger that stays.
/// Errors: usage (no such file, wrong option), input (wrong rows: the observer gets each one before errc::input is returned), storage,
/// resources, interrupted, terminated and hung_up (SIGINT, SIGTERM and SIGHUP are caught while it runs; 2 s after a second one the process
/// is left). It writes no failed file.
[[nodiscard]] result<plan_summary> check(const job& j, observer& watch);

/// Commits a plan, closed: nothing of it will be sent until it is opened by `apply` (or at once with `open`).
/// Errors as for `check`, and busy. Returns the run's number and what was decided.
struct planned_run {
  std::uint32_t run = 0;
  plan_summary summary;
};
[[nodiscard]] result<planned_run> plan(const job& j, bool open, observer& watch);

/// What `plan` would decide; writes nothing, no failed file either. Errors as for `plan`.
[[nodiscard]] result<plan_summary> dry_run(const job& j, observer& watch);

/// Plans, opens, carries out, writes the outputs; the same job again resumes, or finds that nothing is owed. While it runs,
/// SIGINT, SIGTERM and SIGHUP are caught: the first drains, the second leaves at once (after 2 s by _Exit, wherever the program is). A
/// SIGHUP that is ignored stays ignored.
/// Errors: usage, input, credentials, storage, busy, resources. A run that stopped early is not an error: see job_report::end.
[[nodiscard]] result<job_report> apply(const job& j, observer& watch);

}  // namespace convoke
