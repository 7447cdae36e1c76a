#include <algorithm>

#include <convoke/doctor.hpp>
#include <convoke/job.hpp>

namespace convoke {

namespace {

// 0 where nothing stopped the work.
int exit_code_of(ending end) noexcept {
  switch (end) {
    case ending::storage:
      return 6;
    case ending::credentials:
    case ending::permission:
      return 4;
    case ending::interrupted:
      return 130;
    case ending::deferred:
      return 5;
    case ending::finished:
      break;
  }
  return 0;
}

}  // namespace

std::uint64_t worked_run::unsatisfied() const noexcept {
  return counts.failed + counts.rejected + counts.lost + (drift_fails ? counts.drifted : 0);
}

// Of several, the first in this order is returned: 6, 4, 130, 5, 3, 9, 0.
int work_report::exit_code() const noexcept {
  if (const auto stopped = exit_code_of(end); stopped != 0) return stopped;
  return std::ranges::any_of(finished, [](const worked_run& run) { return run.unsatisfied() > 0; }) ? 3 : 0;
}

int job_report::exit_code() const noexcept {
  if (const auto stopped = exit_code_of(end); stopped != 0) return stopped;
  if (counts.owed > 0) return 5;
  const bool unsatisfied = counts.failed + counts.rejected + counts.lost > 0 || (drift_fails && counts.drifted > 0);
  if (unsatisfied) return 3;
  return output_errors.empty() ? 0 : 9;
}

int doctor_report::exit_code() const noexcept {
  for (const int code : {6, 4, 2, 8, 5})
    if (std::ranges::find(findings, code, &finding::exit_code) != findings.end()) return code;
  return 0;
}

std::size_t doctor_report::count(finding_status s) const noexcept {
  return static_cast<std::size_t>(std::ranges::count(findings, s, &finding::status));
}

}  // namespace convoke
