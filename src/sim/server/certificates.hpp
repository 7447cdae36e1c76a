#pragma once

// A certificate authority and a server certificate, made at each start. Their keys are never written to a file.

#include <string>

#include <convoke/error.hpp>

namespace convoke::sim {

struct certificates {
  std::string ca_pem;           // for clients to trust
  std::string certificate_pem;  // the server's
  std::string key_pem;          // the server's, stays in this process
};

// EC P-256. Names: localhost, 127.0.0.1 and ::1; or only `host` (a name, or an IPv4 or IPv6 address), where one is given.
// `days`: until the server's certificate expires; negative: it expired so long ago.
[[nodiscard]] result<certificates> make_certificates(const std::string& host, double days = 90);

// `bytes` random bytes in hexadecimal, from OpenSSL's generator.
[[nodiscard]] result<std::string> random_hex(std::size_t bytes);

}  // namespace convoke::sim
