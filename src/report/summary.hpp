#pragma once

// What a command prints at its end: text for people, whose last line is the summary, or one JSON object for programs.

#include <string>
#include <string_view>
#include <vector>

#include <convoke/job.hpp>
#include <convoke/ledger.hpp>

namespace convoke::report {

// `now`: the wall time from which a forecast counts.
[[nodiscard]] std::string plan_text(const plan_summary& s, utc_time now);
// The first line of plan_text: counts by action.
[[nodiscard]] std::string plan_counts(const plan_summary& s);
// Warnings, a sentence each: vanished keys, keys owed elsewhere, a template that changed, too many meetings in a month.
[[nodiscard]] std::vector<std::string> plan_warnings(const plan_summary& s);
// One JSON object for a plan. `run`: 0 where nothing was committed, which becomes null.
[[nodiscard]] std::string plan_json(std::uint32_t run, const plan_summary& s, utc_time now);

// How the process ends where its run was interrupted: a program knows the signal, the library does not.
struct interruption {
  std::string_view word = "interrupted";
  int exit_code = 130;
};

// The end of a job. The text ends with the one sentence that says how it went and what to do next; the object has it as `summary`.
[[nodiscard]] std::string report_text(const convoke::job_report& r);
[[nodiscard]] std::string report_json(const convoke::job_report& r, const interruption& by = {});

// For commands that end before there is anything to report.
[[nodiscard]] std::string error_json(const error& why, int exit_code);

// A line or an object for each run, in the given order.
[[nodiscard]] std::string runs_text(const std::vector<run_info>& runs);
[[nodiscard]] std::string runs_json(const std::vector<run_info>& runs);

// The meetings of the ledger by state, and one run. `run` is null where the ledger has no run yet. `now`: the wall time from which a
// forecast and the cooldowns count.
[[nodiscard]] std::string status_text(const std::vector<counted>& inventory, const run_status* run, utc_time now);
[[nodiscard]] std::string status_json(const std::vector<counted>& inventory, const run_status* run, utc_time now);

}  // namespace convoke::report
