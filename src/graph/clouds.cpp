#include <algorithm>
#include <array>

#include "core/text.hpp"
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

// What others call them: Microsoft's documentation, Azure's tools, and their operators. GCC is served by the global cloud.
struct other_name {
  std::string_view folded, cloud;
};
constexpr other_name other_names[] = {
    {"gcc", "global"},
    {"public", "global"},
    {"worldwide", "global"},
    {"commercial", "global"},
    {"azurecloud", "global"},
    {"azurepublic", "global"},
    {"gcchigh", "usgov"},
    {"gcch", "usgov"},
    {"l4", "usgov"},
    {"usgovhigh", "usgov"},
    {"usgovl4", "usgov"},
    {"usgovernment", "usgov"},
    {"azureusgovernment", "usgov"},
    {"l5", "dod"},
    {"usgovl5", "dod"},
    {"usgovdod", "dod"},
    {"gccdod", "dod"},
    {"21vianet", "china"},
    {"azurechinacloud", "china"},
    {"azurechina", "china"},
    {"bleu", "france"},
    {"delos", "germany"},
    {"govsg", "singapore"},
};

bool is_host(std::string_view host, std::string_view root) {
  return core::equal_ignoring_case(host, root.substr(root.find("//") + 2));
}

// The names of the clouds with this host.
std::string clouds_with(std::string_view host, std::string_view cloud::* root) {
  std::string out;
  for (const auto& one : clouds)
    if (is_host(host, one.*root)) out += (out.empty() ? "" : " and ") + std::string(one.name);
  return out;
}

}  // namespace

const cloud* find_cloud(std::string_view name) noexcept {
  const auto* found = std::ranges::find_if(clouds, [&](const cloud& one) { return core::equal_ignoring_case(one.name, name); });
  return found == clouds.end() ? nullptr : found;
}

std::span<const cloud> all_clouds() noexcept {
  return clouds;
}

const cloud* cloud_meant_by(std::string_view word) {
  const auto folded = core::fold_name(word);
  if (const auto* known = std::ranges::find(other_names, folded, &other_name::folded); known != std::end(other_names))
    return find_cloud(known->cloud);
  std::array<std::string_view, clouds.size()> names{};
  std::ranges::transform(clouds, names.begin(), &cloud::name);
  const auto near = core::nearest(word, names);
  return near ? find_cloud(*near) : nullptr;
}

std::optional<std::string> conflict_of_clouds(std::string_view graph_host, std::string_view authority_host) {
  const auto both = [&](const cloud& one) { return is_host(graph_host, one.graph_root) && is_host(authority_host, one.authority); };
  if (std::ranges::any_of(clouds, both)) return std::nullopt;
  const auto graph = clouds_with(graph_host, &cloud::graph_root), authority = clouds_with(authority_host, &cloud::authority);
  if (graph.empty() || authority.empty()) return std::nullopt;
  return std::string(graph_host) + " is the Graph root of " + graph + ", and " + std::string(authority_host) + " the authority of " +
         authority;
}

}  // namespace convoke::graph
