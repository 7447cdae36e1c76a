#pragma once

// The commands of Teams PowerShell for application access policies, without which an app may not act for an organizer. A user has one such
// policy, and granting another replaces it, which can break other apps. So the present one is shown first; where there is one the app is
// added to it, and one is granted only where there is none, or to a group, which leaves the policies alone that users have themselves.

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace convoke::core {

// Whom policies and permissions are for: the app that the tokens are of.
struct calling_app {
  std::string id;                 // its client id; empty: not known
  bool managed_identity = false;  // an identity of its own, which has no app registration
};

// The client id, or where it is no GUID a placeholder for it.
[[nodiscard]] std::string id_or_placeholder(const calling_app& app);

// The commands in their order, with placeholders for ids that are no GUIDs. Of many organizers only the first ones are named.
[[nodiscard]] std::vector<std::string> access_policy_commands(std::string_view tenant, const calling_app& app,
                                                              std::span<const std::string> organizers);

// The same in sentences, with placeholders for all ids.
[[nodiscard]] std::string access_policy_steps();

}  // namespace convoke::core
