#include "run/tls_contexts.hpp"

#include <utility>

namespace convoke::run {

result<tls_contexts> tls_contexts::create(std::span<const lane_options> lanes) {
  tls_contexts out;
  for (const auto& lane : lanes) {
    if (out.contexts_.contains(lane.ca_file)) continue;
    auto made = net::tls_context::create(lane.ca_file);
    if (!made) return std::unexpected(std::move(made.error()));
    out.contexts_.emplace(lane.ca_file, std::move(*made));
  }
  return out;
}

}  // namespace convoke::run
