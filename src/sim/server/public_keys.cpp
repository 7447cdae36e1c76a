#include "sim/server/public_keys.hpp"

#include <array>
#include <chrono>
#include <ctime>
#include <memory>
#include <string>
#include <utility>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

namespace convoke::sim {
namespace {

struct openssl_free {
  void operator()(BIO* b) const noexcept { BIO_free(b); }
  void operator()(EVP_PKEY* k) const noexcept { EVP_PKEY_free(k); }
  void operator()(X509* c) const noexcept { X509_free(c); }
  void operator()(EVP_MD_CTX* c) const noexcept { EVP_MD_CTX_free(c); }
};
template <class T>
using owned = std::unique_ptr<T, openssl_free>;

owned<BIO> reading(std::string_view text) {
  return owned<BIO>(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

std::string digest(const X509* certificate, const EVP_MD* how) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
  unsigned size = 0;
  X509_digest(certificate, how, bytes.data(), &size);
  return {reinterpret_cast<const char*>(bytes.data()), size};
}

utc_time time_of(const ASN1_TIME* at, utc_time otherwise) {
  std::tm read{};
  return ASN1_TIME_to_tm(at, &read) == 1 ? utc_time(std::chrono::seconds(::timegm(&read))) : otherwise;
}

class openssl_key final : public public_key {
 public:
  explicit openssl_key(owned<EVP_PKEY> key) : key_(std::move(key)) {}

  bool verifies(std::string_view text, std::string_view signature, bool pss) const override {
    const owned<EVP_MD_CTX> context(EVP_MD_CTX_new());
    EVP_PKEY_CTX* terms = nullptr;
    if (EVP_DigestVerifyInit(context.get(), &terms, EVP_sha256(), nullptr, key_.get()) != 1) return false;
    if (pss && (EVP_PKEY_CTX_set_rsa_padding(terms, RSA_PKCS1_PSS_PADDING) != 1 ||
                EVP_PKEY_CTX_set_rsa_pss_saltlen(terms, RSA_PSS_SALTLEN_DIGEST) != 1))
      return false;
    return EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(signature.data()), signature.size(),
                            reinterpret_cast<const unsigned char*>(text.data()), text.size()) == 1;
  }

 private:
  owned<EVP_PKEY> key_;
};

}  // namespace

result<trusted_keys> read_keys(const identity& who) {
  trusted_keys out;
  for (const auto& pem : who.certificates) {
    const owned<X509> certificate(PEM_read_bio_X509(reading(pem).get(), nullptr, nullptr, nullptr));
    if (!certificate) return fail(errc::usage, "a registered certificate is not PEM");
    out.certificates.push_back({.key = std::make_unique<openssl_key>(owned<EVP_PKEY>(X509_get_pubkey(certificate.get()))),
                                .sha256 = digest(certificate.get(), EVP_sha256()),
                                .sha1 = digest(certificate.get(), EVP_sha1()),
                                .from = time_of(X509_get0_notBefore(certificate.get()), utc_time::min()),
                                .to = time_of(X509_get0_notAfter(certificate.get()), utc_time::max())});
  }
  for (const auto& terms : who.federated) {
    owned<EVP_PKEY> key(PEM_read_bio_PUBKEY(reading(terms.public_key).get(), nullptr, nullptr, nullptr));
    if (!key) return fail(errc::usage, "the public key of the identity provider " + terms.issuer + " is not PEM");
    out.providers.push_back({.terms = terms, .key = std::make_unique<openssl_key>(std::move(key))});
  }
  return out;
}

}  // namespace convoke::sim
