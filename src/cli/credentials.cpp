#include "cli/credentials.hpp"

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <convoke/key.hpp>

#include "auth/auth.hpp"
#include "auth/credentials.hpp"
#include "auth/signing_key.hpp"
#include "auth/user_session.hpp"
#include "cli/secret_files.hpp"
#include "core/text.hpp"
#include "graph/graph.hpp"
#include "token/token.hpp"

namespace convoke::cli {
namespace {

result<void> use_ready_token(std::string_view copied, lane_options& lane) {
  if (copied.empty())
    return fail(errc::usage, "No token is given: set CONVOKE_TOKEN to a ready bearer token, or choose another --credential.");
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

// How near a source is; the lower the nearer. In front of these: the kinds of sources of settings.
enum nearness : unsigned {
  of_azure = static_cast<unsigned>(source_kind::azure),
  of_directory = static_cast<unsigned>(source_kind::fallback) + 1,
  of_machine,
  nowhere
};

nearness nearness_of(const setting& value) {
  return static_cast<nearness>(value.kind);
}

struct candidate {
  nearness how_near = nowhere;
  credential_choice choice{};

  void consider(nearness near, credential_kind kind, std::string reason) {
    if (near >= how_near) return;
    how_near = near;
    choice = {.kind = kind, .reason = std::move(reason)};
  }
};

std::string secret_of_directory(const settings& from) {
  const auto folder = from.environment("CREDENTIALS_DIRECTORY");
  std::error_code ignored;
  if (folder.empty() || !std::filesystem::exists(folder + "/convoke-secret", ignored)) return {};
  return folder + "/convoke-secret";
}

// The candidates in the order of Azure Identity.
candidate nearest_candidate(const settings& from, bool azure_machine) {
  candidate out;
  const auto by_setting = [&](std::string_view name, credential_kind kind) {
    if (const auto* value = from.find(name); value != nullptr && !value->text.empty())
      out.consider(nearness_of(*value), kind, value->named());
  };
  by_setting("client-secret-file", credential_kind::client_secret);
  if (!from.environment("AZURE_CLIENT_SECRET").empty()) out.consider(of_azure, credential_kind::client_secret, "AZURE_CLIENT_SECRET");
  by_setting("client-certificate-file", credential_kind::client_certificate);
  by_setting("federated-token-file", credential_kind::workload_identity);
  if (!secret_of_directory(from).empty())
    out.consider(of_directory, credential_kind::client_secret, "$CREDENTIALS_DIRECTORY/convoke-secret");
  if (!from.environment("IDENTITY_ENDPOINT").empty()) out.consider(of_machine, credential_kind::managed_identity, "IDENTITY_ENDPOINT");
  if (azure_machine) out.consider(of_machine, credential_kind::managed_identity, "this is a virtual machine of Azure");
  return out;
}

// A table's own credential is nearer than the key `credential` at the top of the file.
bool own_is_nearer(const setting& given, const candidate& own) {
  const auto is = [&](source_kind kind) { return own.how_near == static_cast<nearness>(kind); };
  return given.kind == source_kind::file && (is(source_kind::table) || is(source_kind::only_table));
}

result<void> read_client_secret(const settings& from, lane_options& lane) {
  const auto* file = from.find("client-secret-file");
  const bool file_is_nearer = file != nullptr && !file->text.empty() && nearness_of(*file) < of_azure;
  if (const auto copied = from.environment("AZURE_CLIENT_SECRET"); !copied.empty() && !file_is_nearer) {
    const auto azure = core::trim(copied);
    if (const auto flaw = auth::flaw_of_secret(azure))
      return fail(errc::usage, fmt::format("AZURE_CLIENT_SECRET {}. Set it to the secret's value alone, or unset it.", *flaw));
    lane.client_secret = secret(std::string(azure));
    return {};
  }
  const auto path = file != nullptr && !file->text.empty() ? file->text : secret_of_directory(from);
  if (path.empty())
    return fail(errc::credentials,
                "No client secret is given: use --client-secret-file FILE, AZURE_CLIENT_SECRET, or $CREDENTIALS_DIRECTORY/convoke-secret.");
  if (const auto named = check_secret_file(from, "client-secret-file"); !named) return named;
  auto read = auth::read_secret_file(path);
  if (!read) return std::unexpected(read.error());
  lane.client_secret = std::move(*read);
  return {};
}

result<void> read_certificate(const settings& from, lane_options& lane) {
  lane.certificate_file = from.text("client-certificate-file");
  const auto algorithm = from.text("assertion-algorithm");
  if (algorithm != "PS256" && algorithm != "RS256")
    return fail(errc::usage, fmt::format("--assertion-algorithm '{}' is neither PS256 nor RS256.", core::escape_for_people(algorithm)));
  lane.certificate_sha1 = algorithm == "RS256";
  if (const auto file = from.text("client-certificate-passphrase-file"); !file.empty()) {
    if (const auto named = check_secret_file(from, "client-certificate-passphrase-file"); !named) return named;
    auto read = auth::read_line_file(file, "passphrase file");
    if (!read) return std::unexpected(read.error());
    lane.certificate_passphrase = std::move(*read);
  } else {
    lane.certificate_passphrase = secret(from.environment("AZURE_CLIENT_CERTIFICATE_PASSWORD"));
  }
  // So that a wrong file or passphrase is found before anything is planned.
  if (lane.certificate_file.empty())
    return fail(errc::usage, "No certificate is given: set --client-certificate-file, or AZURE_CLIENT_CERTIFICATE_PATH.");
  const auto key = auth::signing_key::read(lane.certificate_file, lane.certificate_passphrase);
  return key ? result<void>() : std::unexpected(key.error());
}

void read_managed_identity(const settings& from, lane_options& lane) {
  lane.managed_identity = from.text("managed-identity");
  lane.identity_endpoint = from.environment("IDENTITY_ENDPOINT");
  if (!lane.identity_endpoint.empty()) lane.identity_header = secret(from.environment("IDENTITY_HEADER"));
  if (const auto other = from.environment("AZURE_POD_IDENTITY_AUTHORITY_HOST"); !other.empty()) lane.metadata_url = other;
  if (const auto* cloud = graph::find_cloud(from.text("cloud")); cloud != nullptr)
    lane.exchange_audience = std::string(cloud->exchange_audience);
}

result<void> read_sign_in(const settings& from, lane_options& lane) {
  if (!from.flag("save-sign-in")) return {};
  auto folder = state_folder(from);
  if (!folder) return std::unexpected(std::move(folder.error()));
  lane.sign_in_file = *folder + "/" + auth::sign_in_file_name(lane.authority_url, lane.tenant, lane.client_id);
  return {};
}

// A kind of credential that does not exist.
std::string unknown_kind(const setting& given) {
  std::vector<std::string_view> kinds;
  for (auto kind = credential_kind::client_secret;; kind = static_cast<credential_kind>(std::to_underlying(kind) + 1)) {
    kinds.push_back(to_string(kind));
    if (kind == credential_kind::device_code) break;
  }
  const auto near = core::nearest(given.text, kinds);
  return fmt::format("{}: '{}' is none of {}.{}", given.named(), core::escape_for_people(given.text), fmt::join(kinds, ", "),
                     near ? fmt::format(" Did you mean '{}'?", *near) : "");
}

bool needs_an_app(credential_kind kind) {
  return kind != credential_kind::managed_identity && kind != credential_kind::token;
}

}  // namespace

result<std::optional<credential_choice>> choose_credential(const settings& from, bool azure_machine) {
  const auto* given = from.find("credential");
  if (given != nullptr && !given->text.empty() && !own_is_nearer(*given, nearest_candidate(from, azure_machine))) {
    if (const auto kind = parse_credential_kind(given->text)) return credential_choice{.kind = *kind, .reason = given->named()};
    return fail(errc::usage, unknown_kind(*given));
  }
  if (!from.environment("CONVOKE_TOKEN").empty()) return credential_choice{.kind = credential_kind::token, .reason = "CONVOKE_TOKEN"};
  auto found = nearest_candidate(from, azure_machine);
  if (found.how_near == nowhere) return std::nullopt;
  return std::move(found.choice);
}

result<std::string> state_folder(const settings& from) {
  auto state = from.environment("XDG_STATE_HOME");
  if (state.empty() && !from.environment("HOME").empty()) state = from.environment("HOME") + "/.local/state";
  if (state.empty()) return fail(errc::usage, "There is no folder for what convoke keeps from run to run: set HOME or XDG_STATE_HOME.");
  return state + "/convoke";
}

bool signs_in_as_user(const settings& from) {
  return parse_credential_kind(from.text("credential")) == credential_kind::device_code;
}

std::string describe_sign_ins(const settings& from) {
  std::string out;
  for (const auto& one : from.tenants()) {
    if (!signs_in_as_user(one) || !one.flag("save-sign-in")) continue;
    const auto* cloud = graph::find_cloud(one.text("cloud"));
    lane_options lane{.tenant = one.text("tenant"), .client_id = one.text("client-id")};
    lane.authority_url = one.text("authority-url");
    if (lane.authority_url.empty() && cloud != nullptr) lane.authority_url = std::string(cloud->authority);
    if (!read_sign_in(one, lane)) continue;
    std::error_code ignored;
    const bool there = std::filesystem::exists(lane.sign_in_file, ignored);
    out += fmt::format("sign_in_file = {}  # {}\n", core::escape_for_people(lane.sign_in_file),
                       there ? "a saved sign-in, which is used; delete the file to sign in anew" : "no sign-in is saved yet");
  }
  return out;
}

std::string describe_credential(const settings& from, bool azure_machine) {
  std::string out;
  const auto tenants = from.tenants();
  for (const auto& one : tenants) {
    const auto key = tenants.size() < 2 ? "credential" : fmt::format("tenants.{}.credential", core::escape_for_people(one.tenant_name()));
    const auto* given = one.find("credential");
    const auto chosen = choose_credential(one, azure_machine);
    // Shown as any other setting, or not the name of a kind.
    const bool shown = given != nullptr && !given->text.empty() && (!chosen || !*chosen || (*chosen)->reason == given->named());
    if (shown && (tenants.size() < 2 || given->kind == source_kind::table || !chosen)) continue;
    if (!chosen || !*chosen)
      out += fmt::format("{} =   # none is given\n", key);
    else
      out += fmt::format("{} = {}  # chosen by: {}\n", key, to_string((*chosen)->kind), core::escape_for_people((*chosen)->reason));
  }
  return out;
}

bool is_azure_machine() {
  // The same on every virtual machine of Azure; cloud-init recognises Azure by it too (DataSourceAzure).
  constexpr std::string_view tag = "7783-7084-3265-9085-8269-3286-77";
  std::ifstream file("/sys/class/dmi/id/chassis_asset_tag");
  std::string line;
  return std::getline(file, line) && line == tag;
}

result<void> read_credentials(const settings& from, lane_options& lane) {
  auto chosen = choose_credential(from, is_azure_machine());
  if (!chosen) return std::unexpected(chosen.error());
  if (lane.client_id.empty() && (!*chosen || needs_an_app((*chosen)->kind)))
    return fail(errc::usage,
                "No application is given: set --client-id to the Entra application id, or client_id in the configuration, or CONVOKE_TOKEN "
                "to a ready token.");
  if (!*chosen)
    return fail(errc::credentials,
                "No credential is given: use --client-secret-file FILE, AZURE_CLIENT_SECRET or $CREDENTIALS_DIRECTORY/convoke-secret for a "
                "client secret, --client-certificate-file FILE for a certificate, --federated-token-file FILE for a workload identity, or "
                "--credential managed-identity on an Azure resource that has one.");
  lane.credential = (*chosen)->kind;
  switch (*lane.credential) {
    case credential_kind::token:
      return use_ready_token(from.environment("CONVOKE_TOKEN"), lane);
    case credential_kind::client_secret:
      return read_client_secret(from, lane);
    case credential_kind::client_certificate:
      return read_certificate(from, lane);
    case credential_kind::workload_identity:
      lane.federated_token_file = from.text("federated-token-file");
      if (lane.federated_token_file.empty())
        return fail(errc::usage, "No federated token is given: set --federated-token-file, or AZURE_FEDERATED_TOKEN_FILE.");
      // So that a wrong file is found before anything is planned. Later ones are waited for: the provider replaces the file.
      return auth::check_federated_token(lane.federated_token_file);
    case credential_kind::managed_identity:
    case credential_kind::managed_identity_federation:
      read_managed_identity(from, lane);
      return {};
    case credential_kind::device_code:
      return read_sign_in(from, lane);
  }
  return {};
}

}  // namespace convoke::cli
