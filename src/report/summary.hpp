#pragma once

// What a command says at its end: for people, ending with one line, or as one JSON object for programs.

#include <string>
#include <vector>

#include <convoke/job.hpp>

#include "ledger/ledger.hpp"

namespace convoke::report {

// `now`: the wall time from which a forecast counts.
[[nodiscard]] std::string plan_text(const plan_summary& s, utc_time now);
// The first line of plan_text: counts by action.
[[nodiscard]] std::string plan_counts(const plan_summary& s);
// Sentences that deserve attention: vanished keys, keys owed elsewhere, a template that changed, too many meetings in a month.
[[nodiscard]] std::vector<std::string> plan_warnings(const plan_summary& s);
[[nodiscard]] std::string plan_json(std::uint32_t run, const plan_summary& s, utc_time now);

[[nodiscard]] std::string report_text(const convoke::job_report& r);
[[nodiscard]] std::string report_json(const convoke::job_report& r);

// For commands that end before there is anything to report.
[[nodiscard]] std::string error_json(const error& why);

[[nodiscard]] std::string runs_text(const std::vector<ledger::run_info>& runs);
[[nodiscard]] std::string runs_json(const std::vector<ledger::run_info>& runs);

// `run` may be null: there is none yet.
[[nodiscard]] std::string status_text(const std::vector<ledger::count_by>& inventory, const ledger::run_status* run, utc_time now);
[[nodiscard]] std::string status_json(const std::vector<ledger::count_by>& inventory, const ledger::run_status* run, utc_time now);

}  // namespace convoke::report
