#pragma once

#include <string>

#include <openssl/x509_vfy.h>

namespace convoke::net {

// Why a certificate was refused, for people: `problem` is the verification's X509_V_ERR_*; `leaf` is the server's own certificate.
[[nodiscard]] std::string describe_certificate_problem(int problem, X509* failing, X509* leaf, const std::string& host,
                                                       const std::string& peer);

}  // namespace convoke::net
