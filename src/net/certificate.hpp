#pragma once

#include <optional>
#include <string>

#include <openssl/x509_vfy.h>
#include <convoke/time.hpp>

namespace convoke::net {

// Why a certificate was refused, for people: `problem` is the verification's X509_V_ERR_*; `leaf` is the server's own certificate.
[[nodiscard]] std::string describe_certificate_problem(int problem, X509* failing, X509* leaf, const std::string& host,
                                                       const std::string& peer);

// The names of its issuer and of its subject, on one line each, for people; `?` where they cannot be read.
[[nodiscard]] std::string issuer_of(X509* certificate);
[[nodiscard]] std::string subject_of(X509* certificate);

// When it expires; nullopt where that cannot be read.
[[nodiscard]] std::optional<utc_time> expiry_of(X509* certificate);

}  // namespace convoke::net
