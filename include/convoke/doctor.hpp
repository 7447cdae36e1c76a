#pragma once

/// \file
/// Checks a set-up before a run needs it. `convoke doctor` is this function and code that prints.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include <convoke/error.hpp>
#include <convoke/finding.hpp>
#include <convoke/job.hpp>

namespace convoke {

/// A file of a set-up whose mode matters.
struct watched_file {
  std::string path;
  std::string what;       ///< `configuration`, … for people; `client secret`: commands that make a new one name the file
  bool secret = true;     ///< no other user may read it; otherwise only: no other user may write it
  bool provided = false;  ///< another program writes it (a projected token): its mode is that program's business
  std::string lane;       ///< as in finding::lane
};

/// What the caller found wrong while it made the job. The checks that need it are skipped.
struct set_up_problem {
  std::optional<std::size_t> lane;  ///< index into job::lanes, whose credential is not used then; absent: it is of no single lane
  error why;
  bool proxy = false;  ///< it is about the proxy of the lane: nothing is sent for the lane, because the way to its hosts is not known
};

struct doctor_options {
  std::string configuration;  ///< where the settings come from, for people: the configuration file's name; empty: there is none
  std::vector<watched_file> files;
  std::vector<set_up_problem> problems;
  /// Entra object ids or UPNs to read, besides those of job::input. Not where a person signs in, who is the only organizer there.
  std::vector<std::string> organizers;
  /// Of each lane no more organizers are read: those of `organizers`, then those of the input in the order of their ids. 1 to 100,000.
  unsigned most_organizers = 20;
  /// How long throttled reads are waited for, all waits together. A longer Retry-After ends the reads of its lane. 0 to one day.
  std::chrono::milliseconds patience{30'000};
  /// Where the credential of a lane is `device_code`: shows a person how to sign in, and must reach that person and no other one. The check
  /// of the token waits until the person has signed in or the code is of no use any more. Empty: no person is asked, and only a saved
  /// sign-in can be used. Called on the caller's thread.
  std::function<void(const sign_in_prompt&)> sign_in_wanted{};
};

/// The result of `doctor`.
struct doctor_report {
  std::vector<finding> findings;  ///< in the order in which they were made

  /// The first in this order that a finding leads to: 6 ledger, 4 credentials or permission, 2 configuration, 8 wrong rows or an unknown
  /// organizer, 5 network or throttled; 0 where all is ok or a warning. What the same command does not find better later comes before what
  /// it may.
  [[nodiscard]] int exit_code() const noexcept;
  [[nodiscard]] std::size_t count(finding_status s) const noexcept;
};

/// Looks at everything that a run of this job needs: the files and their modes, the ledger, and for each lane its proxy, names, addresses,
/// TLS, clock, token and permission; and makes one harmless read for each organizer of `job::input` (where there is one) and
/// `doctor_options::organizers`. Of the job, the lanes with their credentials, `ledger`, `input`, `plan`, `pace`, `feed`, `results` and
/// `failed` are used. The job need not be valid: what is wrong becomes a finding, and what depends on it is skipped.
///
/// It creates nothing: no meeting, no ledger, no file. Only reads are sent, and requests for tokens. A saved sign-in
/// (lane_options::sign_in_file) is used; where the authority answers with a new refresh token, this replaces the one in the file, as the
/// old one may be accepted only once. The file is not made, and not deleted where its token is refused. A lane that has a `session` uses
/// that. A SQLite ledger is read in short snapshots, so a run that is going on is not disturbed.
///
/// `watch` is called for each finding as soon as it is made, on the caller's thread; it may be empty. It blocks as `apply` does, and stops
/// soon after `stop` is requested. Errors: interrupted, resources, usage (an option is out of its range). Everything else is a finding.
[[nodiscard]] result<doctor_report> doctor(const job& j, const doctor_options& options, const std::function<void(const finding&)>& watch,
                                           std::stop_token stop = {});

}  // namespace convoke
