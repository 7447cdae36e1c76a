#include "graph/graph.hpp"

namespace convoke::graph {

using engine::attempt_error;

attempt_error translate(net::failure f) noexcept {
  switch (f) {
    case net::failure::none:
      return attempt_error::none;
    case net::failure::connect:
      return attempt_error::connect;
    case net::failure::proxy_login:
      return attempt_error::proxy_login;
    case net::failure::tls:
      return attempt_error::tls;
    case net::failure::timeout:
      return attempt_error::timeout;
    case net::failure::stale:
      return attempt_error::stale;
    case net::failure::truncated:
    case net::failure::too_large:
    case net::failure::malformed:
      return attempt_error::truncated;
    case net::failure::local_resources:
      return attempt_error::local_resources;
    case net::failure::closed:
    case net::failure::cancelled:
      break;
  }
  return attempt_error::closed;
}

}  // namespace convoke::graph
