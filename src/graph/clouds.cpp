#include <algorithm>
#include <array>

#include "graph/graph.hpp"

namespace convoke::graph {
namespace {

// From Microsoft's lists of national clouds and of sovereign clouds. In China createOrGet is documented as not supported, so the command
// line refuses it. The metadata of Germany and Singapore lack it; a run there ends with the refusal of the service.
constexpr auto clouds = std::to_array<cloud>({
    {"global", "https://graph.microsoft.com", "https://login.microsoftonline.com"},
    {"usgov", "https://graph.microsoft.us", "https://login.microsoftonline.us"},
    {"dod", "https://dod-graph.microsoft.us", "https://login.microsoftonline.us"},
    {"china", "https://microsoftgraph.chinacloudapi.cn", "https://login.chinacloudapi.cn"},
    {"france", "https://graph.svc.sovcloud.fr", "https://login.sovcloud-identity.fr"},
    {"germany", "https://graph.svc.sovcloud.de", "https://login.sovcloud-identity.de"},
    {"singapore", "https://graph.svc.sovcloud.sg", "https://login.sovcloud-identity.sg"},
});

}  // namespace

const cloud* find_cloud(std::string_view name) noexcept {
  const auto* found = std::ranges::find(clouds, name, &cloud::name);
  return found == clouds.end() ? nullptr : found;
}

std::span<const cloud> all_clouds() noexcept {
  return clouds;
}

}  // namespace convoke::graph
