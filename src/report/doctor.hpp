#pragma once

// What `convoke doctor` prints: a table that is written line by line while the checks run, or one JSON object.

#include <cstddef>
#include <string>

#include <convoke/doctor.hpp>

namespace convoke::report {

struct table_style {
  std::size_t width = 100;  // of a line, in characters; commands are not broken
  bool colour = false;      // ANSI, for the word of the status only
};

// One finding: its status, check, subject and what was seen; then what to do, and the commands. Control characters are made visible, so the
// text may be printed as it is.
[[nodiscard]] std::string finding_text(const finding& f, const table_style& style);
// The heading above the findings of a lane; empty for those of no lane.
[[nodiscard]] std::string lane_heading(const std::string& lane, const table_style& style);
// The last line: how many checks ended how, and the exit code with its reason.
[[nodiscard]] std::string doctor_summary(const doctor_report& r);
// `{"checks": [{"check", "tenant", "subject", "status", "seen", "advice", "commands", "exit_code"}, …], "counts": {…}, "exit_code",
// "summary"}`
[[nodiscard]] std::string doctor_json(const doctor_report& r);

}  // namespace convoke::report
