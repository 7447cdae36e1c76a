#pragma once

/// \file
/// Settles by experiment, on one's own tenant, what Microsoft does not document about createOrGet. `convoke probe` is this function and
/// code that prints.

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include <convoke/error.hpp>
#include <convoke/job.hpp>
#include <convoke/time.hpp>

namespace convoke {

struct probe_options {
  std::string organizer;  ///< Entra object id or UPN: the meetings are this user's
  std::string attendee;   ///< UPN of a user who is invited to two of the meetings; empty: no experiment with roles. No invitation is sent
  /// The tenant id, or the name, of the job's lane: a Graph root that is not on this machine is called only with it.
  std::string allow_real_tenant;
  /// A file of mode 0600 that says before each call what it may make. Where it is there, the probe that wrote it is continued. end_probe()
  /// removes it.
  std::string journal;
  std::chrono::milliseconds interval{1000};     ///< between the beginnings of two calls: 0 to one hour
  std::chrono::milliseconds patience{600'000};  ///< a longer Retry-After ends the probe: 0 to one day
};

/// The answer to one question. All texts hold no ids, links and names.
struct probe_finding {
  std::string name;       ///< `letter_case`, …: docs/probe.md lists them
  std::string question;   ///< one sentence
  std::string value;      ///< one of the words of docs/probe.md, or a number; empty: it could not be settled
  std::string unsettled;  ///< why; empty where there is a value
  std::string evidence;   ///< what was seen
};

enum class probe_ending : std::uint8_t {
  done,         ///< every experiment is over and what it made is removed
  interrupted,  ///< a stop was requested
  denied,       ///< 401 or 403, or no token
  unavailable,  ///< throttled for longer than `patience`, or no useful answers
  left_over,    ///< every experiment is over, and the service refuses to remove a meeting
};

struct probe_report {
  std::vector<probe_finding> findings;  ///< one for each question, in the order of docs/probe.md
  probe_ending end = probe_ending::done;
  std::string detail;              ///< one or more sentences for people: why it stopped and what to do; empty where it is done
  std::string tenant, graph_root;  ///< of the lane
  bool simulated = false;          ///< the Graph root is on this machine
  utc_time at{};                   ///< when it ended
  unsigned calls = 0;              ///< of this probe, by all processes
  unsigned removed = 0;            ///< meetings that it made and deleted
  std::vector<std::string> left;   ///< external ids whose meeting may still exist
  std::optional<std::chrono::seconds> come_back;  ///< how long the service says to wait

  /// 0 done; 3 left over; 4 denied; 5 unavailable; 130 interrupted.
  [[nodiscard]] int exit_code() const noexcept;
};

/// Makes, reads, changes and deletes a few meetings of one organizer: at most 60 calls, of which only the removal of what it made may be
/// more, one after the other. The job has one lane with credentials of an app; of the rest `pace` is used for its timeouts.
///
/// `note` gets a line for people when an experiment begins or a wait is long; it may be empty, and is called on the caller's thread. It
/// blocks. `stop` ends it after the call that is under way; the same command continues.
///
/// Errors: usage (no organizer, several lanes, a person who signs in, a real tenant without `allow_real_tenant`, a journal of another
/// probe), credentials, storage (the journal), network (no token, the UPN cannot be looked up), input (no such organizer), resources.
[[nodiscard]] result<probe_report> probe(const job& j, const probe_options& options, const std::function<void(const std::string&)>& note,
                                         std::stop_token stop = {});

/// Removes the journal of a probe that is done, after its findings were written to where they are kept: until then a further probe() gives
/// the same findings, and makes no call but the look-up of a UPN. Does nothing where the probe is not done. errc::storage.
[[nodiscard]] result<void> end_probe(const probe_report& of, const probe_options& options);

/// What `probe.toml` holds: the findings, with which convoke, when, and for which tenant (as a hash). TOML.
[[nodiscard]] std::string probe_file_text(const probe_report& of);

}  // namespace convoke
