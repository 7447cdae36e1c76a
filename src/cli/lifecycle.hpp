#pragma once

// `verify` and `remove`: their job, and the question before meetings are deleted.

#include <stop_token>
#include <string>

#include <convoke/job.hpp>

#include "cli/options.hpp"

namespace convoke::cli {

// The job of an `apply`, or of a command of another kind. Settings that only `apply` has may be in a configuration, and mean nothing to the
// others; so do expect-rows, limit, only and failed, which they have, unless these are given as flags. Errors: those of build_job().
[[nodiscard]] result<job> build_job_of_kind(const settings& from, const std::string& input, run_kind kind);

// Whether there is a person at the terminal who can be asked.
[[nodiscard]] bool at_terminal();
// Reads a line from standard input. False for any answer but `yes`, and where the input ends. errc::interrupted where a stop is requested
// meanwhile.
[[nodiscard]] result<bool> read_yes(const std::stop_token& stop);

}  // namespace convoke::cli
