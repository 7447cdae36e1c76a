#pragma once

// The commands of the Azure CLI that give an app a permission of Microsoft Graph.

#include <string>
#include <string_view>
#include <vector>

#include "core/access_policy.hpp"

namespace convoke::core {

// The app role OnlineMeetings.ReadWrite.All, the same in every tenant (Microsoft Graph permissions reference).
inline constexpr std::string_view meetings_role = "b8bb2037-6e08-44ac-a4ea-4674e010e2a4";

// Give the app this app role as an application permission, with placeholders for ids that are no GUIDs. `principal`: the object id of the
// service principal, which a managed identity needs because it has no app registration; may be empty. `graph_root`: without version.
[[nodiscard]] std::vector<std::string> permission_commands(std::string_view role, std::string_view tenant, const calling_app& app,
                                                           std::string_view principal, std::string_view graph_root);

}  // namespace convoke::core
