#include "diagnosis/commands.hpp"

#include <algorithm>

#include <fmt/format.h>

#include <convoke/key.hpp>

namespace convoke::diagnosis {
namespace {

constexpr std::size_t most_named = 5;
// Microsoft Graph's application id and its app role OnlineMeetings.ReadWrite.All, the same in every tenant (Microsoft Graph permissions
// reference).
constexpr std::string_view graph_app = "00000003-0000-0000-c000-000000000000";
constexpr std::string_view meetings_role = "b8bb2037-6e08-44ac-a4ea-4674e010e2a4";

bool managed(const lane_facts& lane) {
  return lane.credential == credential_kind::managed_identity;
}

}  // namespace

std::string id_or(const std::string& id, std::string_view placeholder) {
  const auto guid = parse_guid(id);
  return guid ? *guid : std::string(placeholder);
}

std::vector<std::string> policy_commands(const lane_facts& lane, std::span<const std::string> organizers) {
  const auto app = id_or(lane.app, "<client id>");
  const auto named = organizers.first(std::min(most_named, organizers.size()));
  const bool more = named.size() < organizers.size();
  std::vector<std::string> out{fmt::format("Connect-MicrosoftTeams -TenantId {}", id_or(lane.tenant, "<tenant id>"))};
  for (const auto& one : named)
    out.push_back(fmt::format("Get-CsOnlineUser -Identity {} | Select-Object ApplicationAccessPolicy", id_or(one, "<organizer>")));
  if (more) out.push_back(fmt::format("# and so for the other {}", organizers.size() - named.size()));
  out.push_back(fmt::format("Set-CsApplicationAccessPolicy -Identity <policy> -AppIds @{{Add=\"{}\"}}  # where one is shown", app));
  out.push_back(fmt::format("New-CsApplicationAccessPolicy -Identity convoke -AppIds \"{}\"  # where none is shown", app));
  for (const auto& one : named)
    out.push_back(fmt::format("Grant-CsApplicationAccessPolicy -PolicyName convoke -Identity {}  # only where none is shown",
                              id_or(one, "<organizer>")));
  out.emplace_back("Grant-CsApplicationAccessPolicy -PolicyName convoke -Group <group id> -Rank 1  # or for all members of a group");
  return out;
}

std::vector<std::string> permission_commands(const lane_facts& lane, const std::string& principal) {
  if (managed(lane)) {
    const auto who = id_or(principal, "<object id of the identity>");
    return {
        fmt::format("az rest --method POST --url '{}/v1.0/servicePrincipals/{}/appRoleAssignments' --body "
                    "\"{{\\\"principalId\\\":\\\"{}\\\",\\\"appRoleId\\\":\\\"{}\\\",\\\"resourceId\\\":\\\"$(az ad sp show --id {} "
                    "--query id --output tsv)\\\"}}\"",
                    lane.graph_root, who, who, meetings_role, graph_app)};
  }
  const auto app = id_or(lane.app, "<client id>");
  return {fmt::format("az login --tenant {}", id_or(lane.tenant, "<tenant id>")),
          fmt::format("az ad app permission add --id {} --api {} --api-permissions {}=Role", app, graph_app, meetings_role),
          fmt::format("az ad app permission admin-consent --id {}", app)};
}

std::vector<std::string> secret_commands(const lane_facts& lane) {
  return {fmt::format("az login --tenant {}", id_or(lane.tenant, "<tenant id>")),
          fmt::format("(umask 077; az ad app credential reset --id {} --append --display-name convoke --query password --output tsv > "
                      "<secret file>)",
                      id_or(lane.app, "<client id>"))};
}

std::string app_page(const lane_facts& lane, std::string_view page) {
  return fmt::format("Entra admin center > App registrations > {} > {}", id_or(lane.app, "<client id>"), page);
}

}  // namespace convoke::diagnosis
