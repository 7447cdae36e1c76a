#pragma once

// What all connections share with OpenSSL: trust store, rules, and the sessions to resume. Private to net.

#include <map>
#include <memory>
#include <string>

#include <openssl/ssl.h>

#include "net/net.hpp"

namespace convoke::net {

struct ssl_ctx_free {
  void operator()(SSL_CTX* c) const noexcept { SSL_CTX_free(c); }
};
struct ssl_free {
  void operator()(SSL* s) const noexcept { SSL_free(s); }
};
struct session_free {
  void operator()(SSL_SESSION* s) const noexcept { SSL_SESSION_free(s); }
};

using ssl_ptr = std::unique_ptr<SSL, ssl_free>;
using session_ptr = std::unique_ptr<SSL_SESSION, session_free>;

struct tls_context::impl {
  std::unique_ptr<SSL_CTX, ssl_ctx_free> ctx;
  // The newest session of each `host:port`. Resuming skips the certificate check, so a session never serves another name.
  std::map<std::string, session_ptr, std::less<>> sessions;
};

// What the callbacks of one SSL object need. It is the app data of that object.
struct tls_peer {
  tls_context::impl* context = nullptr;
  std::string host;                 // without brackets
  std::string name;                 // host:port, for messages and as the key of its session
  std::string certificate_problem;  // for people; set when verification failed
  int problem = 0;                  // X509_V_ERR_*, with it
  std::string refused_issuer;       // of the certificate that was refused, with it
};

// A client SSL object for `peer`, which must outlive it: name check, SNI, ALPN and session set; no transport yet. Null when out of memory.
[[nodiscard]] ssl_ptr make_ssl(tls_context::impl& context, tls_peer& peer);

// The first error in OpenSSL's queue, as OpenSSL words it; empties the queue.
[[nodiscard]] std::string openssl_reason();

}  // namespace convoke::net
