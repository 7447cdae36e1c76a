#pragma once

// The commands that administrators run, with the ids of the set-up filled in, and placeholders where one is no GUID. Those of the access
// policy are in core/access_policy.hpp.

#include <string>
#include <string_view>
#include <vector>

#include "diagnosis/observations.hpp"

namespace convoke::diagnosis {

// Give the app the application permission OnlineMeetings.ReadWrite.All. `principal`: the object id of the service principal, which a
// managed identity needs because it has no app registration; may be empty.
[[nodiscard]] std::vector<std::string> permission_commands(const lane_facts& lane, const std::string& principal);

// Make a new client secret beside those that the app has.
[[nodiscard]] std::vector<std::string> secret_commands(const lane_facts& lane);

// Where an administrator clicks: the page of the app in Entra's admin center.
[[nodiscard]] std::string app_page(const lane_facts& lane, std::string_view page);

}  // namespace convoke::diagnosis
