#include "run/lane_parts.hpp"

#include <utility>

#include <convoke/key.hpp>

#include "auth/credentials.hpp"
#include "net/proxy.hpp"
#include "token/claims.hpp"

namespace convoke::run {
namespace {

namespace asio = boost::asio;

// `object:ID`, a resource id, or a client id.
token::identity_choice identity_of(const lane_options& lane, bool of_lane) {
  constexpr std::string_view object = "object:";
  const std::string& text = lane.managed_identity.empty() && of_lane ? lane.client_id : lane.managed_identity;
  if (text.starts_with(object)) return {.object_id = text.substr(object.size())};
  if (text.starts_with('/')) return {.resource_id = text};
  return {.client_id = text};
}

result<auth::managed_identity_service> service_of(const lane_options& lane, bool of_lane) {
  using enum auth::managed_identity_service::protocol;
  const bool service = !lane.identity_endpoint.empty();
  auto at = net::parse_metadata_endpoint(service ? lane.identity_endpoint : lane.metadata_url);
  if (!at) return std::unexpected(std::move(at.error()));
  return auth::managed_identity_service{.speaks = service ? app_service : imds,
                                        .at = std::move(*at),
                                        .header = lane.identity_header.clone(),
                                        .which = identity_of(lane, of_lane)};
}

result<std::unique_ptr<auth::credential>> make_credential(const lane_options& lane, std::string& warning) {
  if (lane.delegated()) return auth::by_device_code(lane.session, {});
  auto found = app_identity_of(lane);
  if (!found) return std::unexpected(std::move(found.error()));
  auto& app = *found;
  switch (lane.signs_in_by()) {
    case credential_kind::client_certificate: {
      auto key = auth::signing_key::read(lane.certificate_file, lane.certificate_passphrase);
      if (!key) return std::unexpected(std::move(key.error()));
      warning = key->expiry_warning(lane.certificate_file, net::wall_now());
      const auto how = lane.certificate_sha1 ? token::signature_algorithm::rs256 : token::signature_algorithm::ps256;
      return auth::by_certificate(std::move(app), std::move(*key), how);
    }
    case credential_kind::workload_identity:
      return auth::by_federated_token(std::move(app), lane.federated_token_file);
    case credential_kind::managed_identity: {
      auto service = service_of(lane, true);
      if (!service) return std::unexpected(std::move(service.error()));
      return auth::by_managed_identity(std::move(*service), lane.graph_url);
    }
    case credential_kind::managed_identity_federation: {
      auto service = service_of(lane, false);
      if (!service) return std::unexpected(std::move(service.error()));
      return auth::by_managed_federation(std::move(app), std::move(*service), lane.exchange_audience);
    }
    case credential_kind::client_secret:
    case credential_kind::token:
    case credential_kind::device_code:
      break;
  }
  return auth::by_client_secret(std::move(app), lane.client_secret.clone());
}

result<std::unique_ptr<auth::token_source>> make_tokens(asio::io_context& io, net::tls_context& tls, const lane_options& lane,
                                                        const pace_options& pace, std::string& warning) {
  if (lane.signs_in_by() == credential_kind::token) return auth::token_source::ready(lane.token.clone());
  auto credential = make_credential(lane, warning);
  if (!credential) return std::unexpected(std::move(credential.error()));
  return auth::token_source::renewing(io.get_executor(), tls, std::move(*credential),
                                      {.attempt_timeout = pace.attempt_timeout, .max_cooldown = pace.max_cooldown});
}

}  // namespace

result<net::endpoint> endpoint_of(const lane_options& lane, const std::string& url) {
  auto out = net::parse_endpoint(url, lane.allow_http);
  if (!out || lane.proxy.empty() || !out->tls || net::listed(lane.no_proxy, out->host, out->port)) return out;
  auto through = net::parse_proxy(lane.proxy.reveal(), lane.proxy_credentials.reveal());
  if (!through) return std::unexpected(std::move(through.error()));
  out->through = std::make_shared<const net::proxy>(std::move(*through));
  return out;
}

core::calling_app calling_app_of(const lane_options& lane) {
  switch (lane.signs_in_by()) {
    case credential_kind::managed_identity:
      return {.id = identity_of(lane, true).client_id, .managed_identity = true};
    case credential_kind::token: {
      const auto claims = token::read_claims(lane.token.reveal());
      return {.id = claims && parse_guid(claims->app) ? claims->app : lane.client_id};
    }
    default:
      return {.id = lane.client_id};
  }
}

result<auth::app_identity> app_identity_of(const lane_options& lane) {
  auto authority = endpoint_of(lane, lane.authority_url);
  if (!authority) return std::unexpected(std::move(authority.error()));
  return auth::app_identity{
      .authority = std::move(*authority), .tenant = lane.tenant, .client_id = lane.client_id, .graph_root = lane.graph_url};
}

result<lane_parts> make_lane_parts(asio::io_context& io, tls_contexts& tls, const lane_options& lane, const pace_options& pace,
                                   std::uint64_t seed) {
  auto root = endpoint_of(lane, lane.graph_url);
  if (!root) return std::unexpected(std::move(root.error()));
  auto& context = tls.of(lane.ca_file);
  std::string warning;
  auto tokens = make_tokens(io, context, lane, pace, warning);
  if (!tokens) return std::unexpected(std::move(tokens.error()));
  const bool logs_in = root->through && !root->through->authorization.empty();
  return lane_parts{.links = make_graph_links(io, std::move(*root), context, seed, lane.user),
                    .tokens = std::move(*tokens),
                    .pace = lane.pace,
                    .one_first = logs_in,
                    .warning = std::move(warning)};
}

}  // namespace convoke::run
