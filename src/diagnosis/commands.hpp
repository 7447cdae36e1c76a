#pragma once

// The commands that administrators run, with the ids of the set-up filled in.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "diagnosis/observations.hpp"

namespace convoke::diagnosis {

// The id where it is one (a GUID): what comes from a file or the network must not become another part of a command. Else the placeholder.
[[nodiscard]] std::string id_or(const std::string& id, std::string_view placeholder);

// Let the app act for these organizers. A user has one application access policy: the commands show the present one first, then add the app
// to it, and grant another one only where there is none. Of many organizers only the first ones are named.
[[nodiscard]] std::vector<std::string> policy_commands(const lane_facts& lane, std::span<const std::string> organizers);

// Give the app the application permission OnlineMeetings.ReadWrite.All. `principal`: the object id of the service principal, which a
// managed identity needs because it has no app registration; may be empty.
[[nodiscard]] std::vector<std::string> permission_commands(const lane_facts& lane, const std::string& principal);

// Make a new client secret beside those that the app has.
[[nodiscard]] std::vector<std::string> secret_commands(const lane_facts& lane);

// Where an administrator clicks: the page of the app in Entra's admin center.
[[nodiscard]] std::string app_page(const lane_facts& lane, std::string_view page);

}  // namespace convoke::diagnosis
