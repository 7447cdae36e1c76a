#include "diagnosis/commands.hpp"

#include <fmt/format.h>

#include "core/text.hpp"

namespace convoke::diagnosis {
namespace {

// Microsoft Graph's application id and its app role OnlineMeetings.ReadWrite.All, the same in every tenant (Microsoft Graph permissions
// reference).
constexpr std::string_view graph_app = "00000003-0000-0000-c000-000000000000";
constexpr std::string_view meetings_role = "b8bb2037-6e08-44ac-a4ea-4674e010e2a4";

bool managed(const lane_facts& lane) {
  return lane.credential == credential_kind::managed_identity;
}

}  // namespace

std::vector<std::string> permission_commands(const lane_facts& lane, const std::string& principal) {
  if (managed(lane)) {
    const auto who = core::guid_or(principal, "<object id of the identity>");
    return {
        fmt::format("az rest --method POST --url '{}/v1.0/servicePrincipals/{}/appRoleAssignments' --body "
                    "\"{{\\\"principalId\\\":\\\"{}\\\",\\\"appRoleId\\\":\\\"{}\\\",\\\"resourceId\\\":\\\"$(az ad sp show --id {} "
                    "--query id --output tsv)\\\"}}\"",
                    lane.graph_root, who, who, meetings_role, graph_app)};
  }
  const auto app = core::guid_or(lane.app, "<client id>");
  return {fmt::format("az login --tenant {}", core::guid_or(lane.tenant, "<tenant id>")),
          fmt::format("az ad app permission add --id {} --api {} --api-permissions {}=Role", app, graph_app, meetings_role),
          fmt::format("az ad app permission admin-consent --id {}", app)};
}

std::vector<std::string> secret_commands(const lane_facts& lane) {
  return {fmt::format("az login --tenant {}", core::guid_or(lane.tenant, "<tenant id>")),
          fmt::format("(umask 077; az ad app credential reset --id {} --append --display-name convoke --query password --output tsv > "
                      "<secret file>)",
                      core::guid_or(lane.app, "<client id>"))};
}

std::string app_page(const lane_facts& lane, std::string_view page) {
  return fmt::format("Entra admin center > App registrations > {} > {}", core::guid_or(lane.app, "<client id>"), page);
}

}  // namespace convoke::diagnosis
