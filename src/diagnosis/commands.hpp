#pragma once

// The commands that administrators run, with the ids of the set-up filled in, and placeholders where one is no GUID. Those of the access
// policy are in core/access_policy.hpp.

#include <string>
#include <string_view>
#include <vector>

#include "core/access_policy.hpp"
#include "diagnosis/observations.hpp"

namespace convoke::diagnosis {

// Whom policies and permissions are for.
[[nodiscard]] core::calling_app caller_of(const lane_facts& lane);

// The app of the token, where it says one, is the one that calls: the set-up may name another one, or none.
void learn_app(lane_facts& lane, const token_seen& token);

// The app role User.Read.All, the same in every tenant (Microsoft Graph permissions reference). That of the meetings is
// core::meetings_role.
inline constexpr std::string_view users_role = "df021288-bdef-4463-88db-98f22de89214";

// Give the app the application permission of this role. `principal`: the object id of the service principal, which a managed identity needs
// because it has no app registration; may be empty.
[[nodiscard]] std::vector<std::string> permission_commands(const lane_facts& lane, const std::string& principal, std::string_view role);

// Make a new client secret beside those that the app has, and write it to the file that the lane reads.
[[nodiscard]] std::vector<std::string> secret_commands(const lane_facts& lane);

// Show the certificates of the app, and add the one that the lane uses, without its key.
[[nodiscard]] std::vector<std::string> certificate_commands(const lane_facts& lane);

// Let the app sign people in without a secret; and let it act for those who do.
[[nodiscard]] std::vector<std::string> public_client_commands(const lane_facts& lane);
[[nodiscard]] std::vector<std::string> consent_commands(const lane_facts& lane);

// A path in a command for a shell.
[[nodiscard]] std::string in_shell(std::string_view path);

// Where an administrator clicks: the page of the app in Entra's admin center.
[[nodiscard]] std::string app_page(const lane_facts& lane, std::string_view page);

}  // namespace convoke::diagnosis
