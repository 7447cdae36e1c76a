#include "core/access_policy.hpp"

#include <algorithm>

#include "core/text.hpp"

namespace convoke::core {
namespace {

constexpr std::size_t most_named = 5;
constexpr std::string_view any_app = "<client id>", any_organizer = "<organizer>";
constexpr std::string_view grant = "Grant-CsApplicationAccessPolicy -PolicyName convoke", to_group = " -Group <group id> -Rank 1";

std::string show(std::string_view organizer) {
  return "Get-CsOnlineUser -Identity " + std::string(organizer) + " | Select-Object UserPrincipalName, ApplicationAccessPolicy";
}
std::string add_to_policy(std::string_view app) {
  return "Set-CsApplicationAccessPolicy -Identity <policy> -AppIds @{Add=\"" + std::string(app) + "\"}";
}
std::string make_policy(std::string_view app) {
  return "New-CsApplicationAccessPolicy -Identity convoke -AppIds \"" + std::string(app) + "\"";
}
std::string grant_to(std::string_view organizer) {
  return std::string(grant) + " -Identity " + std::string(organizer);
}

}  // namespace

std::string id_or_placeholder(const calling_app& app) {
  return guid_or(app.id, app.managed_identity ? "<client id of the identity>" : any_app);
}

std::vector<std::string> access_policy_commands(std::string_view tenant, const calling_app& app, std::span<const std::string> organizers) {
  const auto client = id_or_placeholder(app);
  const auto named = organizers.first(std::min(most_named, organizers.size()));
  std::vector<std::string> out{"Connect-MicrosoftTeams -TenantId " + guid_or(tenant, "<tenant id>")};
  for (const auto& one : named) out.push_back(show(guid_or(one, any_organizer)));
  if (named.size() < organizers.size()) out.push_back("# and so for the other " + std::to_string(organizers.size() - named.size()));
  out.push_back(add_to_policy(client) + "  # where one is shown");
  out.push_back(make_policy(client) + "  # where none is shown");
  for (const auto& one : named) out.push_back(grant_to(guid_or(one, any_organizer)) + "  # only where none is shown");
  out.push_back(std::string(grant) + std::string(to_group) + "  # or for all members of a group");
  return out;
}

std::string access_policy_steps() {
  return "An organizer has one policy at most, and granting another replaces it. In Teams PowerShell: " + show(any_organizer) +
         "; where one is shown: " + add_to_policy(any_app) + "; where none is shown: " + make_policy(any_app) + ", then " +
         grant_to(any_organizer) + " (or" + std::string(to_group) + ").";
}

}  // namespace convoke::core
