#pragma once

// From the options of a lane to what its session works with.

#include <cstdint>

#include <boost/asio/io_context.hpp>

#include <convoke/job.hpp>

#include "auth/credential.hpp"
#include "core/access_policy.hpp"
#include "net/net.hpp"
#include "run/lane_session.hpp"
#include "run/tls_contexts.hpp"

namespace convoke::run {

// A host of this lane, by its URL, and the proxy on the way to it. errc::usage where one of the two cannot be used.
[[nodiscard]] result<net::endpoint> endpoint_of(const lane_options& lane, const std::string& url);

// The endpoints, the credential and the connections of this lane. `seed` is of the client-request-ids: lanes of a run have seeds that lie
// further apart than a lane has connections. errc::usage where one of the two URLs cannot be used. What is referred to must outlive the
// parts, but the options.
[[nodiscard]] result<lane_parts> make_lane_parts(boost::asio::io_context& io, tls_contexts& tls, const lane_options& lane,
                                                 const pace_options& pace, std::uint64_t seed);

// Whose tokens the lane uses, as far as the options say: of a managed identity its client id, of a ready token what that says of itself.
// The id is empty where it is not known, never another one's.
[[nodiscard]] core::calling_app calling_app_of(const lane_options& lane);

// For whom the lane requests tokens. errc::usage where the authority's URL cannot be used.
[[nodiscard]] result<auth::app_identity> app_identity_of(const lane_options& lane);

}  // namespace convoke::run
