#include "sim/server/access_switches.hpp"

#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "sim/server/switch_values.hpp"

namespace convoke::sim {
namespace {

result<void> set_roles(options& o, std::string_view list) {
  auto& roles = o.service.tokens.roles;
  roles.clear();
  if (list == "none") return {};
  constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz.";
  while (!list.empty()) {
    const auto end = std::min(list.find(','), list.size());
    const auto role = list.substr(0, end);
    if (role.find_first_not_of(letters) != std::string_view::npos) return fail(errc::usage, fmt::format("\"{}\" is not a role", role));
    if (!role.empty()) roles.emplace_back(role);
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return {};
}

result<void> set_policy(options& o, std::string_view given) {
  auto& granted = o.service.policy.granted;
  if (!granted) granted.emplace();
  return given == "none" ? result<void>() : read_ids(given, *granted);
}

result<void> set_policy_delay(options& o, std::string_view given) {
  const auto value = read_seconds(given);
  if (!value) return std::unexpected(value.error());
  o.service.policy.delay_seconds = *value;
  return {};
}

}  // namespace

void add_access_flags(std::vector<flag>& all) {
  all.push_back({"--policy", "IDS|FILE|none",
                 "only these organizers have an access policy, with the --client-id (default: everyone, with any app); POST /_sim/policies "
                 "changes it",
                 set_policy});
  all.push_back({"--policy-delay", "SECONDS", "how long a change of policies takes (default 1800, as Microsoft says)", set_policy_delay});
  all.push_back({"--guests", "IDS|FILE", "users that are guests in the tenant: they organize nothing",
                 [](options& o, std::string_view given) { return read_ids(given, o.service.guests); }});
  all.push_back({"--token-roles", "LIST|none",
                 "roles in the tokens, separated by commas; without OnlineMeetings.ReadWrite.All calls for meetings are refused",
                 set_roles});
  all.push_back(
      {"--token-tenant", "GUID", "the tid of the tokens, in place of the tenant", [](options& o, std::string_view given) -> result<void> {
         o.service.tokens.tenant = std::string(given);
         return {};
       }});
  all.push_back({"--token-audience", "URI", "the aud of the tokens, in place of the Graph root",
                 [](options& o, std::string_view given) -> result<void> {
                   o.service.tokens.audience = std::string(given);
                   return {};
                 }});
  all.push_back({"--opaque-tokens", "", "tokens are no JWT",
                 [](options& o, std::string_view) -> result<void> {
                   o.service.tokens.opaque = true;
                   return {};
                 },
                 false});
}

}  // namespace convoke::sim
