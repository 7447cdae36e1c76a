#include <algorithm>
#include <array>

#include "graph/graph.hpp"

namespace convoke::graph {
namespace {

constexpr std::string_view not_in_metadata = "the metadata that Microsoft publishes for it has no createOrGet";

// Roots and authorities: Microsoft's lists of national clouds ("National cloud deployments") and of sovereign clouds. createOrGet: its page
// for the first four, the metadata of v1.0 for the others. Audiences: "Configure an application to trust a managed identity", and Azure's
// public code for the sovereign clouds.
constexpr auto clouds = std::to_array<cloud>({
    {"global", "https://graph.microsoft.com", "https://login.microsoftonline.com", "api://AzureADTokenExchange", ""},
    {"usgov", "https://graph.microsoft.us", "https://login.microsoftonline.us", "api://AzureADTokenExchangeUSGov", ""},
    {"dod", "https://dod-graph.microsoft.us", "https://login.microsoftonline.us", "api://AzureADTokenExchangeUSGov", ""},
    {"china", "https://microsoftgraph.chinacloudapi.cn", "https://login.chinacloudapi.cn", "api://AzureADTokenExchangeChina",
     "Graph's documentation lists it as not supported there"},
    {"france", "https://graph.svc.sovcloud.fr", "https://login.sovcloud-identity.fr", "api://AzureADTokenExchangeFrance", ""},
    {"germany", "https://graph.svc.sovcloud.de", "https://login.sovcloud-identity.de", "api://AzureADTokenExchangeGermany",
     not_in_metadata},
    {"singapore", "https://graph.svc.sovcloud.sg", "https://login.sovcloud-identity.sg", "api://AzureADTokenExchangeGovSG",
     not_in_metadata},
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
