#pragma once

// How a lane signs in, from settings and the environment.

#include <convoke/job.hpp>

#include "cli/options.hpp"

namespace convoke::cli {

// The ready token in CONVOKE_TOKEN, else the client secret. Blanks, line ends and a byte-order mark around either are left out; so are
// quotation marks and the word Bearer of a token. No message holds a secret. errc::usage for what cannot be one, errc::credentials where
// there is none and for a token of another tenant.
[[nodiscard]] result<void> read_credentials(const settings& from, lane_options& lane);

// errc::usage where HTTPS_PROXY is set for a host of the lane: proxies are not built yet, and one that is configured and silently not used
// would look like an outage.
[[nodiscard]] result<void> refuse_proxy(const settings& from, const lane_options& lane);

}  // namespace convoke::cli
