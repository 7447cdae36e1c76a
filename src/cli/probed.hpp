#pragma once

// --probed FILE: what `convoke probe` found out, as far as a plan uses it.

#include <convoke/error.hpp>
#include <convoke/job.hpp>

#include "cli/options.hpp"

namespace convoke::cli {

// Of a job with its lanes. errc::usage where the file cannot be read, is none of `convoke probe`, or is of another service than one of the
// lanes, as far as those are known: a simulator, another Graph root, another tenant.
// `calls`: the lanes of the job say which service they call; those of a check do not.
[[nodiscard]] result<void> read_probed(const settings& from, bool calls, job& into);

}  // namespace convoke::cli
