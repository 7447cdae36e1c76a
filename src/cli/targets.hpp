#pragma once

// Which service a lane calls, and with which app.

#include <convoke/lane.hpp>

#include "cli/options.hpp"

namespace convoke::cli {

// The cloud or the URLs in its place, the client id, and what is trusted. errc::usage for an unknown cloud, one without createOrGet, a
// wrong URL, URLs of two clouds, and a client id that is no GUID.
[[nodiscard]] result<void> read_target(const settings& from, lane_options& lane);

}  // namespace convoke::cli
