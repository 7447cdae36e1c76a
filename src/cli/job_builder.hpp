#pragma once

// Settings as text become a typed job.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include <convoke/job.hpp>

#include "cli/options.hpp"

namespace convoke::cli {

// `10s`, `1h30m`, `250ms`, `2d`; a bare number is seconds. nullopt for anything else, or beyond ten years.
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

// What a command needs of a job. `lane`: the tenant and the target too; `credentials`: secrets as well.
// errc::usage naming the setting and where it came from; errc::credentials for secrets.
struct needs {
  bool lane = false;
  bool credentials = false;
};
[[nodiscard]] result<job> build_job(const settings& from, const std::string& input, needs what);

// `sqlite:PATH` from --ledger, else in $XDG_STATE_HOME.
[[nodiscard]] result<std::string> ledger_url(const settings& from);

}  // namespace convoke::cli
