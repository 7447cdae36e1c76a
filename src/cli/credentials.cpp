#include "cli/credentials.hpp"

#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include <convoke/key.hpp>

#include "auth/auth.hpp"
#include "core/text.hpp"
#include "net/address.hpp"
#include "net/net.hpp"
#include "token/token.hpp"

namespace convoke::cli {
namespace {

// Whether a NO_PROXY list names the host, or a domain above it: `graph.microsoft.com, .microsoft.com, *`. Ports in it are ignored.
bool without_proxy(std::string_view list, std::string_view host) {
  while (!list.empty()) {
    const auto end = std::min(list.find_first_of(", \t"), list.size());
    auto entry = list.substr(0, end);
    list.remove_prefix(std::min(end + 1, list.size()));
    if (entry == "*") return true;
    if (entry.starts_with("*.")) entry.remove_prefix(1);
    if (entry.starts_with('.')) entry.remove_prefix(1);
    if (std::ranges::count(entry, ':') == 1) entry = entry.substr(0, entry.find(':'));
    if (entry.empty() || entry.size() > host.size() || !core::equal_ignoring_case(host.substr(host.size() - entry.size()), entry)) continue;
    if (entry.size() == host.size() || host[host.size() - entry.size() - 1] == '.') return true;
  }
  return false;
}

result<void> use_ready_token(std::string_view copied, lane_options& lane) {
  const auto token = token::bare_token(copied);
  if (const auto flaw = token::flaw_of_token(token))
    return fail(errc::usage, fmt::format("CONVOKE_TOKEN is not a bearer token: {}. Set it to the token alone, or unset it.", *flaw));
  if (lane.tenant.empty()) return fail(errc::usage, "CONVOKE_TOKEN needs --tenant GUID: the token alone does not say it reliably.");
  if (const auto tid = token::readable_tenant(token); tid && to_lower(*tid) != to_lower(lane.tenant))
    return fail(errc::credentials, fmt::format("CONVOKE_TOKEN is for tenant {}, but --tenant says {}. Get a token for the right tenant.",
                                               core::escape_for_people(*tid), core::escape_for_people(lane.tenant)));
  lane.token = secret(std::string(token));
  return {};
}

}  // namespace

result<void> refuse_proxy(const settings& from, const lane_options& lane) {
  auto proxy = from.environment("HTTPS_PROXY");
  if (proxy.empty()) proxy = from.environment("https_proxy");
  if (proxy.empty()) return {};
  auto except = from.environment("NO_PROXY");
  if (except.empty()) except = from.environment("no_proxy");
  const bool asks_for_tokens = from.environment("CONVOKE_TOKEN").empty();
  for (const auto& url : {lane.graph_url, asks_for_tokens ? lane.authority_url : lane.graph_url}) {
    const auto root = net::parse_endpoint(url, lane.allow_http);
    if (!root) return std::unexpected(root.error());
    if (net::loopback_name(root->host) || without_proxy(except, root->host)) continue;
    return fail(errc::usage,
                fmt::format("HTTPS_PROXY is set, but proxies are not built yet. Unset it, or name {} in NO_PROXY.", root->host));
  }
  return {};
}

result<void> read_credentials(const settings& from, lane_options& lane) {
  if (!from.environment("CONVOKE_TOKEN").empty()) return use_ready_token(from.environment("CONVOKE_TOKEN"), lane);
  if (lane.client_id.empty())
    return fail(errc::usage,
                "No application is given: set --client-id to the Entra application id, or client_id in the configuration, or CONVOKE_TOKEN "
                "to a ready token.");
  const auto* file = from.find("client-secret-file");
  const bool file_is_nearer = file != nullptr && (file->source.starts_with("--") || file->source.starts_with("CONVOKE_"));
  if (const auto copied = from.environment("AZURE_CLIENT_SECRET"); !copied.empty() && !file_is_nearer) {
    const auto azure = core::trim(copied);
    if (const auto flaw = auth::flaw_of_secret(azure))
      return fail(errc::usage, fmt::format("AZURE_CLIENT_SECRET {}. Set it to the secret's value alone, or unset it.", *flaw));
    lane.client_secret = secret(std::string(azure));
    return {};
  }
  std::string path = file == nullptr ? std::string() : file->text;
  if (path.empty()) {
    const auto folder = from.environment("CREDENTIALS_DIRECTORY");
    std::error_code ignored;
    if (!folder.empty() && std::filesystem::exists(folder + "/convoke-secret", ignored)) path = folder + "/convoke-secret";
  }
  if (path.empty()) {
    if (!from.environment("AZURE_FEDERATED_TOKEN_FILE").empty() || !from.environment("AZURE_CLIENT_CERTIFICATE_PATH").empty())
      return fail(errc::usage,
                  "Signing in by certificate or federated token is not built yet: give a client secret with --client-secret-file or "
                  "AZURE_CLIENT_SECRET.");
    return fail(errc::credentials,
                "No client secret is given: use --client-secret-file FILE, AZURE_CLIENT_SECRET, or $CREDENTIALS_DIRECTORY/convoke-secret.");
  }
  auto read = auth::read_secret_file(path);
  if (!read) return std::unexpected(read.error());
  lane.client_secret = std::move(*read);
  return {};
}

}  // namespace convoke::cli
