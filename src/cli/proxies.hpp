#pragma once

// Which proxy a lane uses, from settings and the environment.

#include <convoke/job.hpp>

#include "cli/options.hpp"

namespace convoke::cli {

// --proxy (`none`: no proxy), else HTTPS_PROXY or https_proxy, which are not used for hosts of this machine. NO_PROXY or no_proxy names the
// hosts that are reached directly in either case. User and password: --proxy-credentials-file, else the URL's. errc::usage for a URL that
// names no HTTP proxy, errc::credentials for a file that cannot be used.
[[nodiscard]] result<void> read_proxy(const settings& from, lane_options& lane);

}  // namespace convoke::cli
