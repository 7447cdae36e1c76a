#pragma once

/// \file
/// One lane of a job: a Graph root, a tenant, an app, and how to sign in.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <convoke/secret.hpp>
#include <convoke/spec.hpp>

namespace convoke {

/// How an app, or a person who uses an app, proves who they are to Microsoft Entra ID. The kinds are those of Microsoft's Azure Identity
/// libraries.
enum class credential_kind : std::uint8_t {
  client_secret,                ///< a secret of the app registration
  client_certificate,           ///< a certificate of the app registration, and its private key
  workload_identity,            ///< a token of another identity provider, such as a Kubernetes cluster, in a file
  managed_identity,             ///< the identity of the Azure resource on which the program runs
  managed_identity_federation,  ///< the same, in place of a credential of the app registration
  token,                        ///< a bearer token that somebody else requested; it is never refreshed
  device_code,                  ///< a person signs in with a code in a browser, and organizes all meetings of the lane
};

/// `client-secret`, `client-certificate`, `workload-identity`, `managed-identity`, `managed-identity-federation`, `token`, `device-code`.
[[nodiscard]] std::string_view to_string(credential_kind kind) noexcept;
/// The inverse of `to_string`; nullopt for any other word.
[[nodiscard]] std::optional<credential_kind> parse_credential_kind(std::string_view word) noexcept;

/// What a person is asked to do: to open `url` in a browser, on any machine, and to enter `code` there (RFC 8628). Both texts come from the
/// authority, are on one line and hold no control characters.
struct sign_in_prompt {
  std::string url;                   ///< https, or http to a loopback address where lane_options::allow_http is set
  std::string code;                  ///< for this sign-in only; whoever enters it signs in for this job
  std::string tenant;                ///< Entra tenant id
  std::chrono::seconds valid_for{};  ///< after this time the code is of no use
};

/// The sign-in of one person during a job: made by `sign_in`, and of no other use than to be handed on.
class user_session;

/// A tenant by the two texts that the tenant column may have for it.
struct known_tenant {
  std::string name;    ///< may be empty
  std::string tenant;  ///< Entra tenant id (GUID)
};

/// How fast one lane is called. Graph publishes no rate for createOrGet, so the defaults of `rate` and `start_rate` are choices of this
/// project (docs/pace.md). Rates are 0.01 to 10,000,000.
struct lane_pace_options {
  double rate = 500;                     ///< calls per second that are never exceeded
  double start_rate = 10;                ///< calls per second while nothing is known of the lane's limit
  bool fixed_rate = false;               ///< call at `rate` and search for no limit; throttles are obeyed all the same
  std::optional<double> organizer_rate;  ///< calls per second and organizer; absent: only the lane's rate limits
  unsigned organizer_concurrency = 4;    ///< calls in flight per organizer, 1 to 1000
  unsigned connections = 16;             ///< 1 to 1000
  unsigned batch_size = 1;               ///< calls in one request, 1 to 20: `$batch` where it is more than 1
};

/// One Graph root, tenant and app, and how to sign in to it. Of the members for credentials only those of its kind are used.
struct lane_options {
  std::string name;  ///< by which the tenant column may name the lane besides its tenant id; may be empty. No two lanes have the same
  std::string graph_url = "https://graph.microsoft.com";            ///< root without version
  std::string authority_url = "https://login.microsoftonline.com";  ///< where tokens come from
  std::string tenant;                                               ///< Entra tenant id (GUID)
  /// Entra application id, at most 128 visible ASCII characters. With a ready token it may be empty; with a managed identity too, and is
  /// otherwise the client id of a user-assigned one.
  std::string client_id;

  /// Absent: `token` where there is one, else `client_secret`.
  std::optional<credential_kind> credential;
  /// Why no credential is given, as one or more sentences for people; empty where one is given. `plan` and `dry_run` need a credential only
  /// where organizers must be looked up, and report this then.
  std::string no_credential;
  secret client_secret;     ///< client_secret
  secret token;             ///< token: at most 16 KiB
  std::string ca_file;      ///< PEM bundle to trust instead of the system's; empty: the system's
  bool allow_http = false;  ///< plain HTTP, to loopback addresses only

  /// `http://[USER:PASSWORD@]HOST:PORT` of an HTTP proxy for Graph and the authority; empty: directly. Never for a managed identity's
  /// endpoint.
  secret proxy;
  secret proxy_credentials;  ///< `USER:PASSWORD`, in place of those in `proxy`; empty: none
  /// Hosts that are reached without the proxy, as in NO_PROXY: names, which also stand for those below them, addresses and ranges of
  /// addresses, separated by commas or blanks; `*` for all.
  std::string no_proxy;

  /// client_certificate: PEM or PKCS#12, with the private key; as private as the file of a client secret.
  std::string certificate_file;
  secret certificate_passphrase;  ///< empty: the key is not encrypted
  /// Sign assertions with RS256 and name the certificate by its SHA-1 digest (x5t), as older set-ups expect, instead of PS256 and SHA-256.
  bool certificate_sha1 = false;

  std::string federated_token_file;  ///< workload_identity: read anew for every request

  /// managed_identity and managed_identity_federation: which user-assigned identity: its client id, `object:ID`, or its resource id
  /// (`/subscriptions/…`). Empty: client_id with managed_identity, else the only or system-assigned identity.
  std::string managed_identity;
  /// IDENTITY_ENDPOINT of App Service, Functions and Container Apps. Empty: the metadata service of the virtual machine.
  std::string identity_endpoint;
  secret identity_header;  ///< IDENTITY_HEADER, with identity_endpoint
  /// The metadata service of the virtual machine: http to a link-local or loopback address. It is never reached through a proxy.
  std::string metadata_url = "http://169.254.169.254";
  /// managed_identity_federation: for whom the managed identity's token is made; each cloud has its own.
  std::string exchange_audience = "api://AzureADTokenExchange";

  /// device_code: where the refresh token of the sign-in is kept, in a file of mode 0600 in a folder that only this user may write to.
  /// Empty: it is not kept. The file belongs to one authority, tenant and app.
  std::string sign_in_file;
  std::string user;                       ///< device_code: the signed-in user's object id, lower case; `sign_in` sets it
  std::shared_ptr<user_session> session;  ///< device_code: `sign_in` sets it; one thread at a time uses it

  std::optional<lane_pace_options> pace;  ///< absent: the job's

  /// Options of this lane's rows whose cell is empty; each comes before that of plan_options::options. Part of a run's identity.
  std::vector<option_default> options;

  /// The lane calls the service for a person, who organizes all of its meetings.
  [[nodiscard]] bool delegated() const noexcept { return credential == credential_kind::device_code; }
  /// The kind that is used.
  [[nodiscard]] credential_kind signs_in_by() const noexcept {
    return credential.value_or(token.empty() ? credential_kind::client_secret : credential_kind::token);
  }
};

}  // namespace convoke
