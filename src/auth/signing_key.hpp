#pragma once

// The private key of a certificate, for assertions.

#include <memory>
#include <string>
#include <string_view>

#include <convoke/error.hpp>
#include <convoke/secret.hpp>
#include <convoke/time.hpp>

#include "token/assertion.hpp"

namespace convoke::auth {

class signing_key {
 public:
  // Reads a file with the certificate and its private key: PEM (in any order, the key encrypted or not, further certificates ignored) or
  // PKCS#12. The file must be as private as read_secret_file requires. `passphrase`: empty where there is none.
  // errc::credentials with the name of the file, and what to do: no key, no certificate, a key of another certificate, a wrong passphrase,
  // a certificate that has expired, a key that Entra does not accept (another algorithm than RSA, or fewer than 2,048 bits).
  [[nodiscard]] static result<signing_key> read(const std::string& path, const secret& passphrase);
  signing_key(signing_key&&) noexcept;
  signing_key& operator=(signing_key&&) noexcept;
  ~signing_key();

  // The certificate's digest as an assertion with this algorithm names it.
  [[nodiscard]] const std::string& thumbprint(token::signature_algorithm algorithm) const noexcept;
  // The SHA-1 thumbprint in hexadecimal, as Entra's portal shows it.
  [[nodiscard]] std::string shown_thumbprint() const;
  [[nodiscard]] utc_time expires() const noexcept;
  // A sentence for people where the certificate expires within 30 days from `now`; empty otherwise. `path`: of its file.
  [[nodiscard]] std::string expiry_warning(const std::string& path, utc_time now) const;
  // Signs with RSA and SHA-256. errc::internal where OpenSSL fails.
  [[nodiscard]] result<std::string> sign(token::signature_algorithm algorithm, std::string_view input) const;

 private:
  struct impl;
  explicit signing_key(std::unique_ptr<impl> from) noexcept;
  std::unique_ptr<impl> impl_;
};

}  // namespace convoke::auth
