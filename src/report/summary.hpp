#pragma once

// What a command prints at its end: text for people, whose last line is the summary, or one JSON object for programs.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <convoke/job.hpp>
#include <convoke/ledger.hpp>

namespace convoke::report {

struct wrong_row {
  std::uint32_t line = 0;
  std::string error;
};

// What was said on standard error while a command worked, for the object that it prints at its end.
struct reported {
  std::vector<wrong_row> wrong_rows;  // the first ones
  std::uint64_t wrong_rows_left_out = 0;
  std::vector<std::string> notes;
  std::optional<plan_summary> refused;  // the plan that could not be accepted
};

// `now`: the wall time from which a forecast counts.
[[nodiscard]] std::string plan_text(const plan_summary& s, utc_time now);
// The first line of plan_text: counts by action.
[[nodiscard]] std::string plan_counts(const plan_summary& s);
// What was looked up of the organizers that rows name by UPN: a line, or nothing where they name none.
[[nodiscard]] std::string look_ups_text(const plan_summary& s);
// The feed, and how many empty rows are skipped: a line, or nothing.
[[nodiscard]] std::string input_text(const plan_summary& s);
// What a check prints: meetings and organizers, how each column is used, and what is used where the input says nothing.
[[nodiscard]] std::string check_text(const plan_summary& s);
// The question before meetings are deleted, without its last line, which asks for the answer: what would be deleted, what becomes of the
// other rows, and examples.
[[nodiscard]] std::string removal_text(const removal_question& q);
// Warnings, one or more sentences each: what is unusual in the input, keys owed elsewhere, changed ids, moves, vanished keys, too many
// meetings in a month. `carried_out`: the run is over, and all of its removals were made.
[[nodiscard]] std::vector<std::string> plan_warnings(const plan_summary& s, bool carried_out = false);
// How many rows of a plan are none of its input: meetings that vanished and that it removes.
[[nodiscard]] std::uint64_t removals_of(const plan_summary& s) noexcept;
// These meetings: the first few, and how many more there are.
[[nodiscard]] std::string removals_text(const plan_summary& s);
// One JSON object for a plan. `run`: 0 where nothing was committed, which becomes null.
[[nodiscard]] std::string plan_json(std::uint32_t run, const plan_summary& s, utc_time now, const reported& more = {});

// How the process ends where its run was interrupted: a program knows the signal, the library does not.
struct interruption {
  std::string_view word = "interrupted";
  int exit_code = 130;
};

// The end of a job. The text ends with the one sentence that says how it went and what to do next; the object has it as `summary`.
[[nodiscard]] std::string report_text(const convoke::job_report& r);
[[nodiscard]] std::string report_json(const convoke::job_report& r, const interruption& by = {}, const reported& more = {});

// The end of `work`, in the same way.
[[nodiscard]] std::string work_text(const work_report& r);
[[nodiscard]] std::string work_json(const work_report& r, const interruption& by = {}, const reported& more = {});

// Of a run that does not provision: what plan_counts() says, and the parts of its report that others do not have.
[[nodiscard]] std::string counts_of_kind(const plan_summary& s);
[[nodiscard]] std::string verified_text(const convoke::job_report& r);
// How a run that finished has ended, for the last line.
[[nodiscard]] std::string end_of_kind(const convoke::job_report& r);

// For commands that end before there is anything to report. `now`: what the time to come back counts from.
[[nodiscard]] std::string error_json(const error& why, int exit_code, utc_time now, const reported& more = {});

// A line or an object for each run, in the given order.
[[nodiscard]] std::string runs_text(const std::vector<run_info>& runs);
[[nodiscard]] std::string runs_json(const std::vector<run_info>& runs);

// What a ledger holds, and one of its runs.
struct ledger_state {
  std::vector<counted> inventory, feeds;                // meetings by state, and by feed
  const run_status* run = nullptr;                      // null: there is no run yet
  std::vector<std::string> notes;                       // warnings about the ledger, for programs
  std::optional<std::vector<worker_status>> workers{};  // absent for a ledger for one process at a time
  std::vector<run_info> runs{};                         // all of them
  std::uint64_t expired = 0;                            // of the meetings that are satisfied or drifted
};
// `now`: the wall time from which a forecast and the cooldowns count.
[[nodiscard]] std::string status_text(const ledger_state& s, utc_time now);
[[nodiscard]] std::string status_json(const ledger_state& s, utc_time now);

}  // namespace convoke::report
