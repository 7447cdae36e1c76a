#pragma once

// Files with a certificate and its key, in the forms that people have.

#include <string>

#include "net/support/certificates.hpp"

namespace convoke::test {

// The private key in PKCS#8, encrypted.
[[nodiscard]] std::string encrypted_key(const identity& of, const std::string& passphrase);
// PKCS#12 with AES-256; `old`: as older programs write it, with RC2 and 3DES, which needs OpenSSL's legacy provider. `passphrase` may be
// empty.
[[nodiscard]] std::string pkcs12(const identity& of, const std::string& passphrase, bool old = false);
// Whether the signature of a JWT was made with the key of this certificate, by PS256 or RS256.
[[nodiscard]] bool signature_is_right(const std::string& jwt, const identity& by, bool pss);

}  // namespace convoke::test
