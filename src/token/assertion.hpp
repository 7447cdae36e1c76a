#pragma once

// The JWT by which an app proves that it holds the key of a registered certificate (RFC 7523; Microsoft identity platform, "Certificate
// credentials", 2025-01-04). The signature is made elsewhere.

#include <cstdint>
#include <string>
#include <string_view>

#include <convoke/time.hpp>

namespace convoke::token {

enum class signature_algorithm : std::uint8_t {
  ps256,  // RSASSA-PSS with SHA-256, and the certificate named by x5t#S256: what Microsoft documents today
  rs256,  // RSASSA-PKCS1-v1_5 with SHA-256, and the certificate named by x5t (SHA-1): what older set-ups expect
};

struct assertion_terms {
  signature_algorithm algorithm = signature_algorithm::ps256;
  std::string_view thumbprint;  // the digest of the DER certificate: SHA-256 for ps256, SHA-1 for rs256
  std::string_view audience;    // `{authority}/{tenant}/oauth2/v2.0/token`
  std::string_view client_id;   // issuer and subject
  std::string_view id;          // jti: new for each assertion, because a token endpoint may refuse one that it has seen
  utc_time now{};               // nbf and iat; exp is 10 minutes later, the most that Microsoft recommends
};

// What is signed: base64url of the header, `.`, base64url of the claims. The assertion is this, `.`, and base64url of the signature.
[[nodiscard]] std::string signing_input(const assertion_terms& of);

}  // namespace convoke::token
