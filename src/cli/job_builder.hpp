#pragma once

// Builds a job from settings, which are text.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <convoke/doctor.hpp>
#include <convoke/job.hpp>

#include "cli/options.hpp"

namespace convoke::cli {

// `10s`, `1h30m`, `250ms`, `2d`; a bare number is seconds. nullopt for anything else, or beyond ten years.
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

// What a command needs of a job. `lane`: the ledger, the tenant and the target too; `credentials`: secrets as well. `credentials_if_any`:
// secrets where there are some; why there are none is in lane_options::no_credential.
// Errors: usage, which names the setting and its source; credentials for secrets. The library validates the job as a whole once more.
struct needs {
  bool lane = false;
  bool credentials = false;
  bool credentials_if_any = false;
  bool ledger = true;      // where `lane` is set
  bool provisions = true;  // it plans meetings where it has an input, so what convoke probe found out counts (`probed`)
};
[[nodiscard]] result<job> build_job(const settings& from, const std::string& input, needs what);

// As much of a job as the settings give, for `doctor`, and what is wrong with the rest. A lane whose address is wrong has an empty
// graph_url.
struct partial_job {
  job made;
  std::vector<set_up_problem> problems;
};
[[nodiscard]] partial_job build_partial_job(const settings& from, const std::string& input);

// Single settings, for commands that need no job. errc::usage, as above.
[[nodiscard]] result<std::chrono::milliseconds> wait_lock(const settings& from);
[[nodiscard]] result<std::chrono::milliseconds> max_cooldown(const settings& from);

// The URL from --ledger, else `sqlite:PATH` in $XDG_STATE_HOME.
[[nodiscard]] result<std::string> ledger_url(const settings& from);

}  // namespace convoke::cli
