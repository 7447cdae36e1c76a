#include <algorithm>
#include <charconv>
#include <chrono>
#include <string>

#include <fmt/format.h>

#include <convoke/key.hpp>

#include "core/permission_commands.hpp"
#include "core/text.hpp"
#include "diagnosis/assess.hpp"
#include "diagnosis/commands.hpp"

namespace convoke::diagnosis {
namespace {

constexpr std::size_t longest = 700;
constexpr std::string_view graph_app = "00000003-0000-0000-c000-000000000000";
constexpr std::string_view application_permission = "OnlineMeetings.ReadWrite.All", delegated_permission = "OnlineMeetings.ReadWrite";

// The number of Entra's error in a message; 0: none.
int aadsts_number(std::string_view message) {
  constexpr std::string_view mark = "AADSTS";
  const auto at = message.find(mark);
  int number = 0;
  if (at != std::string_view::npos) std::from_chars(message.data() + at + mark.size(), message.data() + message.size(), number);
  return number;
}

void add_remedy(finding& to, int number, const lane_facts& lane) {
  switch (number) {
    case 7000215:
    case 7000222:
      to.advice = fmt::format("Make a new secret and store its value: {} > New client secret, or by these commands.",
                              app_page(lane, "Certificates & secrets"));
      to.commands = secret_commands(lane);
      return;
    case 700016:
      to.advice = "Check client_id and tenant. Where both are right, an administrator of the tenant has to admit the app.";
      to.commands = {fmt::format("az login --tenant {}", core::guid_or(lane.tenant, "<tenant id>")),
                     fmt::format("az ad sp create --id {}", core::guid_or(lane.app, "<client id>"))};
      return;
    case 700027:
    case 50012:
      to.advice = fmt::format(
          "Compare the thumbprint of the certificate with those at {}. Where it is not among them, upload the certificate without its key, "
          "or by these commands.",
          app_page(lane, "Certificates & secrets"));
      to.commands = certificate_commands(lane);
      return;
    case 7000218:
      to.advice = fmt::format("Let the app sign people in without a secret: {} > Allow public client flows: Yes, or by these commands.",
                              app_page(lane, "Authentication"));
      to.commands = public_client_commands(lane);
      return;
    case 65001:
    case 90094:
      to.advice = fmt::format(
          "An administrator grants the delegated permission {}: {} > Grant admin consent, or by these commands. Then sign in again.",
          delegated_permission, app_page(lane, "API permissions"));
      to.commands = consent_commands(lane);
      return;
    case 70021:
    case 700211:
    case 700212:
    case 700213:
      to.advice = "Compare issuer, subject and audience of the token with the federated credentials of the app.";
      to.commands = {fmt::format("az ad app federated-credential list --id {} --output table", core::guid_or(lane.app, "<client id>"))};
      return;
    default:
      to.advice = "Correct what the message names, and run the command again.";
  }
}

bool asks_an_identity(const lane_facts& lane) {
  return lane.credential == credential_kind::managed_identity || lane.credential == credential_kind::managed_identity_federation;
}

// What a person can do about an endpoint of managed identities that gives no token; empty: the failure is another one.
std::string remedy_of_identity(const error& why, const lane_facts& lane) {
  const auto& said = why.message;
  if (said.contains("AADSTS") || (why.code != errc::credentials && why.code != errc::network)) return {};
  const auto where =
      lane.identity_address.empty() ? std::string("the endpoint of this machine") : core::escape_for_people(lane.identity_address);
  const bool answered = said.contains("managed identity endpoint answered");
  if (said.contains("Identity not found"))
    return lane.credential == credential_kind::managed_identity
               ? std::string(
                     "For the system-assigned identity leave out --managed-identity and --client-id (client_id), which name a "
                     "user-assigned one, and check that it is switched on: the resource > Identity > System assigned > On. A user-assigned "
                     "identity must "
                     "be added to the resource on the same page.")
               : std::string(
                     "Add the user-assigned identity to the resource: the resource > Identity > User assigned > Add; or correct "
                     "--managed-identity.");
  if (answered && (said.contains("HTTP 401") || said.contains("HTTP 403")))
    return fmt::format(
        "{} does not give this program a token. Check that the identity is switched on (the resource > Identity), that IDENTITY_ENDPOINT "
        "and IDENTITY_HEADER are those of this process, where they are set, and that no proxy, agent or network policy of the machine or "
        "the cluster stands before the endpoint.",
        where);
  if (answered || !said.contains("no access token")) return {};
  return fmt::format(
      "The token comes from {}, not from the authority. Check that this is a machine or a service of Azure whose managed identity is "
      "switched on (the resource > Identity), and that its firewall admits this program to the endpoint; elsewhere name another credential "
      "with --credential.",
      where);
}

finding assess_failure(const error& why, const lane_facts& lane, finding out) {
  out.status = finding_status::failed;
  out.seen = core::escape_for_people(why.message, longest);
  const auto of_identity = asks_an_identity(lane) ? remedy_of_identity(why, lane) : std::string();
  if (!of_identity.empty()) {
    out.exit_code = why.code == errc::credentials ? of_credentials : of_network;
    out.advice = of_identity;
    return out;
  }
  switch (why.code) {
    case errc::credentials:
      out.exit_code = of_credentials;
      add_remedy(out, aadsts_number(why.message), lane);
      return out;
    case errc::usage:
      out.exit_code = of_configuration;
      out.advice = "Correct the setting, and run the command again.";
      return out;
    default:
      out.exit_code = of_network;
      out.advice = "See the checks of the authority's host above, and run the command again later.";
      return out;
  }
}

std::string without_slash(std::string_view url) {
  while (url.ends_with('/')) url.remove_suffix(1);
  return to_lower(url);
}

bool is_for_graph(const token::claims& of, const lane_facts& lane) {
  return without_slash(of.audience) == without_slash(lane.graph_root) || to_lower(of.audience) == graph_app;
}

void refuse(finding& f, std::string seen, std::string advice) {
  f.status = finding_status::failed;
  f.exit_code = of_credentials;
  f.seen = std::move(seen);
  f.advice = std::move(advice);
}

std::string list_of(const std::vector<std::string>& words) {
  std::string out;
  for (const auto& one : words) out += (out.empty() ? "" : ", ") + core::escape_for_people(one, 60);
  return out.empty() ? "none" : out;
}

std::string minutes_until(utc_time end, utc_time now) {
  return fmt::format("{} minutes", std::chrono::floor<std::chrono::minutes>(end - now).count());
}

}  // namespace

finding assess_certificate_end(const std::string& warning, const lane_facts& lane) {
  return {
      .check = "file",
      .lane = lane.name,
      .subject = core::escape_for_people(lane.certificate_file, longest),
      .status = finding_status::warning,
      .seen = core::escape_for_people(warning, longest),
      .advice = "Make the new certificate, and leave the old one with the app until no run uses it any more: docs/setup.md, step 5 (b)."};
}

finding assess_token(const token_seen& t, const lane_facts& lane) {
  finding out{.check = "token", .lane = lane.name, .subject = std::string(to_string(lane.credential)), .seen = {}, .advice = {}};
  if (t.problem) return assess_failure(*t.problem, lane, std::move(out));
  if (t.opaque) {
    out.seen = "there is one, but it cannot be looked into: audience, tenant and permission are not known";
    return out;
  }
  const auto& claims = t.claims;
  if (!is_for_graph(claims, lane)) {
    refuse(out, fmt::format("it is for {}, not for {}", core::escape_for_people(claims.audience), lane.graph_root),
           lane.credential == credential_kind::token ? fmt::format("Request a token for the scope {}/.default.", lane.graph_root)
                                                     : "Check --cloud, --graph-url and --authority-url: they must be of one cloud.");
    return out;
  }
  if (const auto tenant = parse_guid(claims.tenant); tenant && *tenant != to_lower(lane.tenant)) {
    refuse(out, fmt::format("it is of the tenant {}, not of {}", *tenant, core::escape_for_people(lane.tenant)),
           "Check --tenant, or sign in to the right tenant: meetings would be made in the wrong one.");
    return out;
  }
  out.seen = fmt::format("for {}, tenant {}", core::escape_for_people(claims.audience), core::escape_for_people(claims.tenant));
  if (!claims.expires) return out;
  if (*claims.expires <= t.now) {
    refuse(out, fmt::format("it expired at {}", format_utc(std::chrono::floor<std::chrono::seconds>(*claims.expires))),
           lane.credential == credential_kind::token ? "Request a new one. A ready token is never renewed."
                                                     : "A new token that has expired already: see the check clock.");
    return out;
  }
  out.seen += ", valid for " + minutes_until(*claims.expires, t.now);
  if (lane.credential == credential_kind::token) {
    out.status = finding_status::warning;
    out.advice = "A ready token is never renewed: a run ends when it expires. Jobs use a client secret, a certificate or an identity.";
  }
  return out;
}

finding assess_permission(const token_seen& t, const lane_facts& lane) {
  if (t.problem) return skipped("permission", lane.name, {}, "there is no token");
  if (t.opaque) return skipped("permission", lane.name, {}, "the token cannot be looked into; the reads of organizers show it");
  finding out{.check = "permission", .lane = lane.name, .subject = {}, .seen = {}, .advice = {}};
  const bool delegated = !t.claims.scopes.empty();
  const auto wanted = delegated ? delegated_permission : application_permission;
  const auto& has = delegated ? t.claims.scopes : t.claims.roles;
  out.subject = wanted;
  if (std::ranges::find(has, wanted) != has.end()) {
    out.seen = delegated ? "the signed-in user granted it" : "the token has it";
    return out;
  }
  refuse(out, fmt::format("the token lacks it; it has: {}", list_of(has)), {});
  if (delegated) {
    out.advice = fmt::format(
        "Add the delegated permission: {} > Add a permission > Microsoft Graph > Delegated permissions > {}; then sign in "
        "again and consent.",
        app_page(lane, "API permissions"), wanted);
    return out;
  }
  out.advice =
      lane.credential == credential_kind::managed_identity
          ? std::string(
                "Assign the app role to the identity's service principal. Tokens of managed identities are kept for hours: it can take "
                "that long until a new token has it.")
          : fmt::format(
                "Add it and grant admin consent: {} > Add a permission > Microsoft Graph > Application permissions > {}; then Grant "
                "admin consent. Or by these commands, as an administrator.",
                app_page(lane, "API permissions"), wanted);
  out.commands = permission_commands(lane, t.claims.principal, core::meetings_role);
  return out;
}

}  // namespace convoke::diagnosis
