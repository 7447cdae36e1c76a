#pragma once

// --probed FILE: what `convoke probe` found out, as far as a plan uses it.

#include <convoke/error.hpp>
#include <convoke/job.hpp>

#include "cli/options.hpp"

namespace convoke::cli {

// errc::usage where the file cannot be read or is none of `convoke probe`.
[[nodiscard]] result<void> read_probed(const settings& from, plan_options& into);

}  // namespace convoke::cli
