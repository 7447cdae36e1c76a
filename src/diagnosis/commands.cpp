#include "diagnosis/commands.hpp"

#include <fmt/format.h>

#include <convoke/key.hpp>

#include "core/permission_commands.hpp"
#include "core/text.hpp"

namespace convoke::diagnosis {
namespace {

// Microsoft Graph's application id, the same in every tenant (Microsoft Graph permissions reference).
constexpr std::string_view graph_app = "00000003-0000-0000-c000-000000000000";
constexpr std::size_t longest_path = 4096;

std::string app_of(const lane_facts& lane) {
  return core::guid_or(lane.app, "<client id>");
}

std::string login_to(const lane_facts& lane) {
  return fmt::format("az login --tenant {}", core::guid_or(lane.tenant, "<tenant id>"));
}

bool is_pkcs12(std::string_view path) {
  const auto ends = [path](std::string_view with) {
    return path.size() >= with.size() && core::equal_ignoring_case(path.substr(path.size() - with.size()), with);
  };
  return ends(".pfx") || ends(".p12");
}

}  // namespace

core::calling_app caller_of(const lane_facts& lane) {
  return {.id = lane.app, .managed_identity = lane.credential == credential_kind::managed_identity};
}

void learn_app(lane_facts& lane, const token_seen& token) {
  if (!token.problem && !token.opaque && parse_guid(token.claims.app)) lane.app = token.claims.app;
}

std::vector<std::string> permission_commands(const lane_facts& lane, const std::string& principal, std::string_view role) {
  return core::permission_commands(role, lane.tenant, caller_of(lane), principal, lane.graph_root);
}

std::vector<std::string> secret_commands(const lane_facts& lane) {
  return {login_to(lane), fmt::format("(umask 077; az ad app credential reset --id {} --append --display-name convoke --query password "
                                      "--output tsv > {})",
                                      app_of(lane), lane.secret_file.empty() ? "<secret file>" : in_shell(lane.secret_file))};
}

std::vector<std::string> certificate_commands(const lane_facts& lane) {
  const auto app = app_of(lane);
  const auto file = lane.certificate_file.empty() ? std::string("<certificate file>") : in_shell(lane.certificate_file);
  return {login_to(lane), fmt::format("az ad app credential list --id {} --cert --output table", app),
          is_pkcs12(lane.certificate_file) ? fmt::format("openssl pkcs12 -in {} -clcerts -nokeys -out convoke.crt", file)
                                           : fmt::format("openssl x509 -in {} -out convoke.crt", file),
          fmt::format("az ad app credential reset --id {} --cert @convoke.crt --append", app)};
}

std::vector<std::string> public_client_commands(const lane_facts& lane) {
  return {login_to(lane), fmt::format("az ad app update --id {} --is-fallback-public-client true", app_of(lane))};
}

std::vector<std::string> consent_commands(const lane_facts& lane) {
  return {login_to(lane),
          fmt::format("az ad app permission grant --id {} --api {} --scope OnlineMeetings.ReadWrite", app_of(lane), graph_app)};
}

std::string in_shell(std::string_view path) {
  std::string out = "'";
  for (const char c : path) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return core::escape_for_people(out + "'", longest_path);
}

std::string app_page(const lane_facts& lane, std::string_view page) {
  return fmt::format("Entra admin center > App registrations > {} > {}", core::guid_or(lane.app, "<client id>"), page);
}

}  // namespace convoke::diagnosis
