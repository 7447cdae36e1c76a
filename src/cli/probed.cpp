#include "cli/probed.hpp"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>
#include <convoke/key.hpp>

#include "cli/probe_file.hpp"
#include "core/text.hpp"
#include "files/digest.hpp"
#include "net/address.hpp"
#include "net/net.hpp"

namespace convoke::cli {
namespace {

std::string_view without_slash(std::string_view url) {
  while (url.ends_with('/')) url.remove_suffix(1);
  return url;
}

// Why the findings are not those of the service that this lane calls; nullopt where they are, or the lane does not say.
std::optional<std::string> misfit(const probed_service& found, const lane_options& lane, bool calls) {
  if (calls && !lane.graph_url.empty()) {
    const auto root = net::parse_endpoint(lane.graph_url, true);
    const bool simulated = root && net::loopback_name(root->host);
    if (found.simulated && *found.simulated != simulated)
      return fmt::format("it is of {}, and {} is {}", *found.simulated ? "a simulator" : "a real service",
                         core::escape_for_people(lane.graph_url), simulated ? "one on this machine" : "a real service");
    // The port of a simulator changes.
    if (found.graph_root && !simulated && !core::equal_ignoring_case(without_slash(*found.graph_root), without_slash(lane.graph_url)))
      return fmt::format("it is of {}, and the plan is for {}", core::escape_for_people(*found.graph_root, 200),
                         core::escape_for_people(lane.graph_url));
  }
  if (found.tenant_sha256 && !lane.tenant.empty() && *found.tenant_sha256 != files::sha256_hex(to_lower(lane.tenant)))
    return fmt::format("it is of another tenant than {}: its tenant_sha256 differs", core::escape_for_people(lane.tenant));
  return std::nullopt;
}

}  // namespace

// Of letter case nothing is taken over: convoke never sends two ids that differ only in it, whatever the service does.
result<void> read_probed(const settings& from, bool calls, job& into) {
  const auto path = from.text("probed");
  if (path.empty()) return {};
  const auto found = read_probe_file(path);
  if (!found) return std::unexpected(found.error());
  for (const auto& lane : into.lanes)
    if (const auto why = misfit(*found, lane, calls))
      return fail(errc::usage, fmt::format("{} says nothing of this plan: {}. Make a file of that tenant with convoke probe, or leave out "
                                           "--probed; of several tenants choose one with --tenant.",
                                           core::escape_for_people(path), *why));
  if (const auto most = longest_external_id(*found)) into.plan.longest_external_id = static_cast<std::uint32_t>(*most);
  return {};
}

}  // namespace convoke::cli
