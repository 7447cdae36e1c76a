#include "sim/server/tls.hpp"

#include <array>
#include <utility>

#include <openssl/ssl.h>
#include <boost/asio/buffer.hpp>

namespace convoke::sim {
namespace {

int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in, unsigned int in_size, void*) {
  static constexpr std::array<unsigned char, 9> ours = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_size, ours.data(), ours.size(), in, in_size) != OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_NOACK;
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

}  // namespace

result<std::unique_ptr<boost::asio::ssl::context>> make_server_context(const certificates& own) {
  namespace asio = boost::asio;
  auto context = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_server);
  auto* const native = context->native_handle();
  boost::system::error_code ec;
  context->use_certificate(asio::buffer(own.certificate_pem), asio::ssl::context::pem, ec);
  if (!ec) context->use_private_key(asio::buffer(own.key_pem), asio::ssl::context::pem, ec);
  if (ec) return fail(errc::internal, "OpenSSL does not take the simulator's certificate: " + ec.message());
  SSL_CTX_set_options(native, SSL_OP_NO_RENEGOTIATION);
  if (SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION) != 1) return fail(errc::internal, "OpenSSL does not offer TLS 1.2");
  SSL_CTX_set_num_tickets(native, 1);
  SSL_CTX_set_alpn_select_cb(native, choose_protocol, nullptr);
  return context;
}

}  // namespace convoke::sim
