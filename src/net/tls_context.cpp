#include "net/tls_context.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <unistd.h>
#include <boost/asio/ip/address.hpp>

#include "net/certificate.hpp"

namespace convoke::net {
namespace {

constexpr const char* system_bundle = "/etc/ssl/certs/ca-certificates.crt";
constexpr int verify_depth = 4;
constexpr int security_level = 2;  // at least 112 bits: RSA 2048, no SHA-1 signatures

int keep_session(SSL* ssl, SSL_SESSION* session) {
  auto* peer = static_cast<tls_peer*>(SSL_get_app_data(ssl));
  if (!peer) return 0;
  peer->context->sessions.insert_or_assign(peer->name, session_ptr(session));
  return 1;
}

// Only this callback sees the refused certificate: it is gone after the handshake.
int note_problem(int ok, X509_STORE_CTX* store) {
  if (ok == 1) return 1;
  auto* ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  auto* peer = ssl ? static_cast<tls_peer*>(SSL_get_app_data(ssl)) : nullptr;
  if (peer && peer->certificate_problem.empty()) {
    peer->problem = X509_STORE_CTX_get_error(store);
    if (auto* refused = X509_STORE_CTX_get_current_cert(store)) peer->refused_issuer = issuer_of(refused);
    peer->certificate_problem = describe_certificate_problem(X509_STORE_CTX_get_error(store), X509_STORE_CTX_get_current_cert(store),
                                                             X509_STORE_CTX_get0_cert(store), peer->host, peer->name);
  }
  return 0;
}

// Read here and not by OpenSSL, which never stops reading a file without an end. False with a reason.
bool read_bounded(const std::string& path, std::string& into, std::string& why) {
  constexpr std::size_t largest = std::size_t{16} << 20U;
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (descriptor < 0) {
    why = std::strerror(errno);
    return false;
  }
  std::array<char, 65536> part{};
  for (;;) {
    const auto n = ::read(descriptor, part.data(), part.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) why = std::strerror(errno);
    if (n > 0) into.append(part.data(), static_cast<std::size_t>(n));
    if (into.size() > largest) why = "it is larger than 16 MiB";
    if (n > 0 && why.empty()) continue;
    ::close(descriptor);
    return why.empty();
  }
}

// All certificates and revocation lists of a PEM bundle.
bool trust_all(SSL_CTX* ctx, const std::string& pem) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free);
  const auto free_all = [](STACK_OF(X509_INFO) * all) { sk_X509_INFO_pop_free(all, X509_INFO_free); };
  const std::unique_ptr<STACK_OF(X509_INFO), decltype(free_all)> all(
      bio ? PEM_X509_INFO_read_bio(bio.get(), nullptr, nullptr, const_cast<char*>("")) : nullptr, free_all);
  if (!all) return false;
  auto* store = SSL_CTX_get_cert_store(ctx);
  int found = 0;
  for (int i = 0; i < sk_X509_INFO_num(all.get()); ++i) {
    const auto* one = sk_X509_INFO_value(all.get(), i);
    if (one->x509 != nullptr && X509_STORE_add_cert(store, one->x509) == 1) ++found;
    if (one->crl != nullptr && X509_STORE_add_crl(store, one->crl) == 1) ++found;
  }
  return found > 0;
}

bool set_rules(SSL_CTX* ctx) {
  static constexpr std::array<unsigned char, 9> alpn = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
  SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  // One read of the socket takes whole records instead of a header first.
  SSL_CTX_set_read_ahead(ctx, 1);
  SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_AUTO_RETRY);
  SSL_CTX_set_security_level(ctx, security_level);
  SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, note_problem);
  SSL_CTX_set_verify_depth(ctx, verify_depth);
  SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(ctx, keep_session);
  return SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) == 1 && SSL_CTX_set_alpn_protos(ctx, alpn.data(), alpn.size()) == 0;
}

// The SAN only: no CN, no `w*.example`. Addresses are compared as addresses and not sent as SNI (RFC 6066).
bool set_name(SSL* ssl, const std::string& host) {
  SSL_set_hostflags(ssl, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  boost::system::error_code not_an_address;
  boost::asio::ip::make_address(host, not_an_address);
  if (!not_an_address) return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host.c_str()) == 1;
  return SSL_set1_host(ssl, host.c_str()) == 1 && SSL_set_tlsext_host_name(ssl, host.c_str()) == 1;
}

}  // namespace

std::string openssl_reason() {
  const auto code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return "unknown TLS error";
  if (const char* reason = ERR_reason_error_string(code)) return reason;
  return "TLS error " + std::to_string(code);
}

ssl_ptr make_ssl(tls_context::impl& context, tls_peer& peer) {
  ssl_ptr ssl(SSL_new(context.ctx.get()));
  if (!ssl || !set_name(ssl.get(), peer.host)) return nullptr;
  peer.certificate_problem.clear();
  peer.problem = 0;
  peer.refused_issuer.clear();
  SSL_set_app_data(ssl.get(), &peer);
  if (const auto known = context.sessions.find(peer.name); known != context.sessions.end()) SSL_set_session(ssl.get(), known->second.get());
  SSL_set_connect_state(ssl.get());
  return ssl;
}

tls_context::tls_context(std::unique_ptr<impl> i) : impl_(std::move(i)) {}
tls_context::tls_context(tls_context&&) noexcept = default;
tls_context::~tls_context() = default;

result<tls_context> tls_context::create(const std::string& ca_file) {
  auto made = std::make_unique<impl>();
  ERR_clear_error();
  made->ctx.reset(SSL_CTX_new(TLS_client_method()));
  if (!made->ctx || !set_rules(made->ctx.get())) return fail(errc::internal, "OpenSSL cannot be set up: " + openssl_reason());
  // By path, never by SSL_CERT_FILE or SSL_CERT_DIR: the environment must not decide which authorities are trusted.
  const std::string file = ca_file.empty() ? system_bundle : ca_file;
  std::string pem, why;
  if (read_bounded(file, pem, why)) {
    if (trust_all(made->ctx.get(), pem)) return tls_context(std::move(made));
    why = openssl_reason();
    if (why == "unknown TLS error") why = "no certificate found";
  }
  if (ca_file.empty())
    return fail(errc::usage, std::string("the system's certificates in ") + system_bundle + " cannot be read (" + why +
                                 "): install the package ca-certificates, or name a file with --ca-file");
  return fail(errc::usage, "the certificate file " + file + " given with --ca-file cannot be used (" + why +
                               "): it must be readable and hold certificates as PEM");
}

}  // namespace convoke::net
