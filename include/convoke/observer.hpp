#pragma once

/// \file
/// What a job reports while it runs, and what it asks.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <convoke/error.hpp>
#include <convoke/lane.hpp>
#include <convoke/summary.hpp>
#include <convoke/time.hpp>

namespace convoke {

/// A known meeting, for a question.
struct known_meeting {
  std::string organizer, external_id, subject;  ///< of people's choice: to be escaped where they are shown
  utc_time start{};
};

/// What a run that removes is about to delete.
struct removal_question {
  std::string input;
  std::uint32_t run = 0;                ///< the open run that is resumed; 0: the run is not planned yet
  std::uint64_t meetings = 0;           ///< to delete
  plan_summary plan;                    ///< of a run that is not planned yet: what becomes of the other rows
  std::vector<known_meeting> examples;  ///< of the meetings: the first three at most
};

/// What a job does now.
enum class job_phase : std::uint8_t {
  planning,    ///< reads the input and plans, or finds the run that it resumes
  calling,     ///< calls the service; a stop drains, and the drain is bounded by pace_options::drain
  concluding,  ///< writes the outputs and prunes old runs
};

/// Receives what happens during a job. Every member is called on the thread that called `check`, `plan`, `dry_run`, `apply` or `work`. A
/// member should return quickly, because no call is made meanwhile. What a member throws comes out of that function: what was known by then
/// is in the ledger, and the same job resumes.
struct observer {
  virtual ~observer() = default;
  /// A person has to sign in, and `sign_in` waits for it. The prompt must reach that person, and no other one.
  virtual void sign_in_wanted(const sign_in_prompt&) {}
  /// Asks whether these meetings may be deleted, before a run that removes is opened or resumed: once in `apply`, where there is a meeting
  /// to delete and plan_options::confirmed is not set. Nothing is kept of a plan while this waits. An error is returned by `apply`, and
  /// nothing is deleted: errc::input where the answer is no or there is no one to ask, errc::interrupted where a stop came meanwhile.
  [[nodiscard]] virtual result<void> confirm_removal(const removal_question&) {
    return fail(errc::input, "Nothing is deleted, because the removal was not confirmed.");
  }
  /// A phase of `apply` begins. The other functions only plan.
  virtual void entered(job_phase) {}
  /// A row is wrong. Called for all wrong rows, in line order.
  virtual void wrong_row(std::uint32_t /*line*/, const std::string& /*why*/) {}
  /// The plan is committed (or, by `check` and `dry_run`, would be). `run` is 0 where nothing is committed.
  virtual void planned(std::uint32_t /*run*/, const plan_summary&) {}
  /// A plan that cannot be accepted: rows of it are wrong, more of its meetings are new than max_new allows, or more would be removed than
  /// max_remove allows. The error follows.
  virtual void refused(const plan_summary&) {}
  /// An open run is resumed: `owed` of `rows` are left.
  virtual void resumed(std::uint32_t /*run*/, std::uint64_t /*rows*/, std::uint64_t /*owed*/) {}
  /// Before the first call of `apply`: how long it will take, as far as that is known.
  virtual void expected(const forecast&) {}
  /// A warning, a throttle, a lost connection: one line without secrets and control characters.
  virtual void note(const std::string& /*line*/) {}
  /// A call for the row at `line` ended without a meeting: what the service or the network reported. Frequent during an outage. The text
  /// holds no subjects, people, links, secrets or control characters. `line` is 0 for a meeting of the ledger that is not in the input; the
  /// text then names its external id.
  virtual void trouble(std::uint32_t /*line*/, const std::string& /*what*/) {}
  struct progress {
    std::uint64_t rows = 0, done = 0;  ///< done: committed
    std::uint64_t calls = 0, throttled = 0;
    std::uint64_t calls_left = 0;                         ///< rows that share a key share a call
    double rate = 0;                                      ///< committed rows per second, recent
    double pace = 0;                                      ///< calls per second that are allowed now
    bool learning = false;                                ///< no limit was met yet: the pace still grows
    std::optional<std::chrono::milliseconds> closed_for;  ///< throttled: the rest of the cooldown
    std::optional<utc_time> closed_until;                 ///< the same as wall time
    std::optional<std::chrono::seconds> nothing_for;      ///< no cooldown, and yet no row ended for this long (30 s or more)
    std::optional<std::chrono::milliseconds> left;        ///< expected time left, a running cooldown included; absent: not known
    std::chrono::milliseconds elapsed{0};
  };
  /// About five times a second during the call phase.
  virtual void advanced(const progress&) {}
};

}  // namespace convoke
