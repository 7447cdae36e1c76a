#include "run/lane_parts.hpp"

#include <utility>

namespace convoke::run {
namespace {

namespace asio = boost::asio;

result<std::unique_ptr<auth::token_source>> make_tokens(asio::io_context& io, net::tls_context& tls, const lane_options& lane,
                                                        const pace_options& pace) {
  if (!lane.token.empty()) return auth::token_source::ready(lane.token.clone());
  auto authority = net::parse_endpoint(lane.authority_url, lane.allow_http);
  if (!authority) return std::unexpected(std::move(authority.error()));
  auth::client_secret_source source{.authority = std::move(*authority),
                                    .tenant = lane.tenant,
                                    .client_id = lane.client_id,
                                    .graph_root = lane.graph_url,
                                    .client_secret = lane.client_secret.clone(),
                                    .attempt_timeout = pace.attempt_timeout,
                                    .max_cooldown = pace.max_cooldown};
  return auth::token_source::from_secret(io.get_executor(), tls, std::move(source));
}

}  // namespace

result<lane_parts> make_lane_parts(asio::io_context& io, tls_contexts& tls, const lane_options& lane, const pace_options& pace,
                                   std::uint64_t seed) {
  auto root = net::parse_endpoint(lane.graph_url, lane.allow_http);
  if (!root) return std::unexpected(std::move(root.error()));
  auto& context = tls.of(lane.ca_file);
  auto tokens = make_tokens(io, context, lane, pace);
  if (!tokens) return std::unexpected(std::move(tokens.error()));
  return lane_parts{.links = make_graph_links(io, std::move(*root), context, seed), .tokens = std::move(*tokens)};
}

}  // namespace convoke::run
