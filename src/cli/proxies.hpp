#pragma once

// Which proxy a lane uses, from settings and the environment.

#include <optional>

#include <convoke/job.hpp>

#include "cli/options.hpp"

namespace convoke::cli {

// --proxy (`none`: no proxy), else HTTPS_PROXY or https_proxy, which are not used for hosts of this machine. NO_PROXY or no_proxy names the
// hosts that are reached directly in either case. User and password: --proxy-credentials-file, else the URL's. The lane has its URLs.
// errc::usage, with the source, for a URL that names no HTTP proxy (of a variable: only where a host of the lane is reached through it),
// errc::credentials for a file that cannot be used.
[[nodiscard]] result<void> read_proxy(const settings& from, lane_options& lane);

// HTTPS_PROXY or https_proxy; nullopt where neither is set.
[[nodiscard]] std::optional<setting> proxy_of_environment(const settings& from);

}  // namespace convoke::cli
