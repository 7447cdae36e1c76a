#pragma once

// What `convoke probe` prints: the findings as text, or one JSON object.

#include <string>

#include <convoke/probe.hpp>

namespace convoke::report {

// For each question its answer and what was seen; then how many calls were made, and what was removed.
[[nodiscard]] std::string probe_text(const probe_report& r);
// `{"findings": [{"name", "question", "value", "unsettled", "evidence"}, …], "calls", "removed", "left", "end", …}`. `exit_code`: that of
// the process, which a signal may have decided.
[[nodiscard]] std::string probe_json(const probe_report& r, int exit_code);

}  // namespace convoke::report
