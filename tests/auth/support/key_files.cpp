#include "auth/support/key_files.hpp"

#include <memory>
#include <stdexcept>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/provider.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "core/base64.hpp"

namespace convoke::test {
namespace {

struct openssl_free {
  void operator()(BIO* b) const { BIO_free(b); }
  void operator()(EVP_PKEY* k) const { EVP_PKEY_free(k); }
  void operator()(X509* c) const { X509_free(c); }
  void operator()(PKCS12* p) const { PKCS12_free(p); }
  void operator()(EVP_MD_CTX* c) const { EVP_MD_CTX_free(c); }
  void operator()(OSSL_PROVIDER* p) const { OSSL_PROVIDER_unload(p); }
};
template <class T>
using owned = std::unique_ptr<T, openssl_free>;

void must(bool ok, const char* what) {
  if (!ok) throw std::runtime_error(std::string("cannot make a key file: ") + what);
}

owned<BIO> reading(const std::string& text) {
  return owned<BIO>(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}
owned<EVP_PKEY> key_of(const identity& of) {
  return owned<EVP_PKEY>(PEM_read_bio_PrivateKey(reading(of.key).get(), nullptr, nullptr, nullptr));
}
owned<X509> certificate_of(const identity& of) {
  return owned<X509>(PEM_read_bio_X509(reading(of.certificate).get(), nullptr, nullptr, nullptr));
}
std::string written(BIO* bio) {
  char* data = nullptr;
  const auto size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

}  // namespace

std::string encrypted_key(const identity& of, const std::string& passphrase) {
  const owned<BIO> out(BIO_new(BIO_s_mem()));
  must(PEM_write_bio_PKCS8PrivateKey(out.get(), key_of(of).get(), EVP_aes_256_cbc(), passphrase.data(), static_cast<int>(passphrase.size()),
                                     nullptr, nullptr) == 1,
       "PKCS#8");
  return written(out.get());
}

std::string pkcs12(const identity& of, const std::string& passphrase, bool old) {
  const owned<OSSL_PROVIDER> usual(OSSL_PROVIDER_load(nullptr, "default"));
  const owned<OSSL_PROVIDER> legacy(old ? OSSL_PROVIDER_load(nullptr, "legacy") : nullptr);
  const int by = old ? NID_pbe_WithSHA1And40BitRC2_CBC : NID_aes_256_cbc;
  const owned<PKCS12> made(
      PKCS12_create(passphrase.c_str(), "convoke", key_of(of).get(), certificate_of(of).get(), nullptr, by, by, 1000, 1000, 0));
  must(made != nullptr, "PKCS#12");
  const owned<BIO> out(BIO_new(BIO_s_mem()));
  must(i2d_PKCS12_bio(out.get(), made.get()) == 1, "DER");
  return written(out.get());
}

bool signature_is_right(const std::string& jwt, const identity& by, bool pss) {
  const auto dot = jwt.rfind('.');
  const auto signature = core::decode_base64(jwt.substr(dot + 1), core::base64_alphabet::url).value();
  const auto certificate = certificate_of(by);
  const owned<EVP_MD_CTX> context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* terms = nullptr;
  must(EVP_DigestVerifyInit(context.get(), &terms, EVP_sha256(), nullptr, X509_get0_pubkey(certificate.get())) == 1, "verification");
  if (pss) {
    EVP_PKEY_CTX_set_rsa_padding(terms, RSA_PKCS1_PSS_PADDING);
    EVP_PKEY_CTX_set_rsa_pss_saltlen(terms, RSA_PSS_SALTLEN_DIGEST);
  }
  return EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(signature.data()), signature.size(),
                          reinterpret_cast<const unsigned char*>(jwt.data()), dot) == 1;
}

}  // namespace convoke::test
