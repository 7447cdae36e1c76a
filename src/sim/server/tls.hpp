#pragma once

#include <memory>

#include <boost/asio/ssl/context.hpp>

#include <convoke/error.hpp>

#include "sim/server/certificates.hpp"

namespace convoke::sim {

// TLS 1.2 and later, the server's certificate, http/1.1 where the client asks by ALPN.
[[nodiscard]] result<std::unique_ptr<boost::asio::ssl::context>> make_server_context(const certificates& own);

}  // namespace convoke::sim
