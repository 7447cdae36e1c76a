#include "core/permission_commands.hpp"

#include "core/text.hpp"

namespace convoke::core {
namespace {

// Microsoft Graph's application id, the same in every tenant (Microsoft Graph permissions reference).
constexpr std::string_view graph_app = "00000003-0000-0000-c000-000000000000";

std::string assign_role(std::string_view role, std::string_view principal, std::string_view graph_root) {
  const auto who = guid_or(principal, "<object id of the identity>");
  std::string out = "az rest --method POST --url '";
  out.append(graph_root).append("/v1.0/servicePrincipals/").append(who).append("/appRoleAssignments' --body \"{\\\"principalId\\\":\\\"");
  out.append(who).append("\\\",\\\"appRoleId\\\":\\\"").append(role).append("\\\",\\\"resourceId\\\":\\\"$(az ad sp show --id ");
  out.append(graph_app).append(" --query id --output tsv)\\\"}\"");
  return out;
}

}  // namespace

std::vector<std::string> permission_commands(std::string_view role, std::string_view tenant, const calling_app& app,
                                             std::string_view principal, std::string_view graph_root) {
  if (app.managed_identity) return {assign_role(role, principal, graph_root)};
  const auto id = id_or_placeholder(app);
  return {"az login --tenant " + guid_or(tenant, "<tenant id>"),
          "az ad app permission add --id " + id + " --api " + std::string(graph_app) + " --api-permissions " + std::string(role) + "=Role",
          "az ad app permission admin-consent --id " + id};
}

}  // namespace convoke::core
