#include "auth/signing_key.hpp"

#include <array>
#include <chrono>
#include <ctime>
#include <utility>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "auth/private_file.hpp"
#include "core/text.hpp"
#include "os/clock.hpp"

namespace convoke::auth {
namespace {

struct openssl_free {
  void operator()(BIO* b) const noexcept { BIO_free(b); }
  void operator()(EVP_PKEY* k) const noexcept { EVP_PKEY_free(k); }
  void operator()(X509* c) const noexcept { X509_free(c); }
  void operator()(PKCS12* p) const noexcept { PKCS12_free(p); }
  void operator()(EVP_MD_CTX* c) const noexcept { EVP_MD_CTX_free(c); }
};
template <class T>
using owned = std::unique_ptr<T, openssl_free>;

// Microsoft Entra ID takes RSA keys only, from 2,048 bits on ("Certificate credentials": PS256 and RS256).
constexpr int least_bits = 2048;

owned<BIO> memory(std::string_view bytes) {
  return owned<BIO>(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
}

std::string last_reason() {
  std::array<char, 256> text{};
  const auto code = ERR_peek_last_error();
  ERR_clear_error();
  if (code == 0) return "OpenSSL gives no reason";
  ERR_error_string_n(code, text.data(), text.size());
  return text.data();
}

bool last_error_is(int library, int reason) {
  const auto code = ERR_peek_last_error();
  return ERR_GET_LIB(code) == library && ERR_GET_REASON(code) == reason;
}

struct passphrase_request {
  std::string_view passphrase;
  bool asked = false;
};

int give_passphrase(char* into, int size, int /*writing*/, void* data) {
  auto& request = *static_cast<passphrase_request*>(data);
  request.asked = true;
  if (request.passphrase.empty() || std::cmp_greater(request.passphrase.size(), size)) return -1;
  request.passphrase.copy(into, request.passphrase.size());
  return static_cast<int>(request.passphrase.size());
}

struct pair_in_file {
  owned<EVP_PKEY> key;
  owned<X509> certificate;
};

class key_reader {
 public:
  key_reader(const std::string& path, std::string_view bytes, std::string_view passphrase)
      : path_(path), bytes_(bytes), passphrase_(passphrase) {}

  result<pair_in_file> read() {
    ERR_clear_error();
    const auto input = memory(bytes_);
    // In DER, or in BER with lengths that are not definite, as some programs write it.
    const owned<PKCS12> file(d2i_PKCS12_bio(input.get(), nullptr));
    ERR_clear_error();
    auto found = file ? read_pkcs12(file.get()) : read_pem();
    ERR_clear_error();
    if (!found) return found;
    if (EVP_PKEY_get_base_id(found->key.get()) != EVP_PKEY_RSA)
      return refuse("holds a key that is not RSA: Entra accepts assertions with RSA keys only (PS256, RS256)");
    if (const int bits = EVP_PKEY_get_bits(found->key.get()); bits < least_bits)
      return refuse("holds an RSA key of " + std::to_string(bits) + " bits: Entra requires 2048 or more");
    return found;
  }

  std::unexpected<error> refuse(const std::string& why) const {
    return fail(errc::credentials, "the certificate file " + path_ + " " + why);
  }

 private:
  static constexpr const char* needs_passphrase =
      "is encrypted: give its passphrase with --client-certificate-passphrase-file or AZURE_CLIENT_CERTIFICATE_PASSWORD";
  static constexpr const char* wrong_passphrase =
      "cannot be decrypted: check the passphrase (--client-certificate-passphrase-file or AZURE_CLIENT_CERTIFICATE_PASSWORD)";

  result<pair_in_file> read_pem() const {
    if (!bytes_.contains("-----BEGIN "))
      return refuse("is neither PEM nor PKCS#12 (.pfx, .p12); a certificate alone in DER has no private key");
    pair_in_file out;
    passphrase_request request{.passphrase = passphrase_};
    const auto keys = memory(bytes_);
    out.key.reset(PEM_read_bio_PrivateKey(keys.get(), nullptr, give_passphrase, &request));
    if (!out.key) {
      if (request.asked) return refuse(passphrase_.empty() ? needs_passphrase : wrong_passphrase);
      if (!bytes_.contains("PRIVATE KEY-----")) return refuse("has no private key: it must hold the certificate and its key");
      return refuse("has a private key that cannot be read: " + last_reason());
    }
    const auto certificates = memory(bytes_);
    bool any = false;
    for (;;) {
      owned<X509> one(PEM_read_bio_X509(certificates.get(), nullptr, nullptr, nullptr));
      if (!one) break;
      any = true;
      if (X509_check_private_key(one.get(), out.key.get()) != 1) continue;
      out.certificate = std::move(one);
      return out;
    }
    return refuse(any ? "has a private key that belongs to none of its certificates"
                      : "has no certificate: it must hold the certificate and its key");
  }

  result<pair_in_file> read_pkcs12(PKCS12* file) const {
    EVP_PKEY* key = nullptr;
    X509* certificate = nullptr;
    const secret passphrase{std::string(passphrase_)};
    // The view of a secret ends with a NUL, as std::string does.
    const int read = PKCS12_parse(file, passphrase_.empty() ? nullptr : passphrase.reveal().data(), &key, &certificate, nullptr);
    pair_in_file out{.key = owned<EVP_PKEY>(key), .certificate = owned<X509>(certificate)};
    if (read != 1) {
      if (last_error_is(ERR_LIB_PKCS12, PKCS12_R_MAC_VERIFY_FAILURE))
        return refuse(passphrase_.empty() ? needs_passphrase : wrong_passphrase);
      if (last_error_is(ERR_LIB_EVP, ERR_R_UNSUPPORTED) || ERR_GET_REASON(ERR_peek_last_error()) == ERR_R_UNSUPPORTED ||
          last_error_is(ERR_LIB_EVP, EVP_R_UNSUPPORTED_ALGORITHM))
        return refuse("is encrypted in an old way that OpenSSL 3 does not read: convert it with openssl pkcs12 -legacy -in " + path_ +
                      " -nodes -out NEW.pem");
      return refuse("cannot be read: " + last_reason());
    }
    if (!out.key || !out.certificate) return refuse("must hold a certificate and its private key, and one of them is missing");
    if (X509_check_private_key(out.certificate.get(), out.key.get()) != 1) return refuse("has a private key of another certificate");
    return out;
  }

  const std::string& path_;
  std::string_view bytes_, passphrase_;
};

std::string digest(const X509* certificate, const EVP_MD* how) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
  unsigned size = 0;
  if (X509_digest(certificate, how, bytes.data(), &size) != 1) size = 0;
  return {reinterpret_cast<const char*>(bytes.data()), size};
}

utc_time end_of(const X509* certificate) {
  std::tm end{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &end) != 1) return utc_time::max();
  return utc_time(std::chrono::seconds(::timegm(&end)));
}

std::string shown_time(utc_time at) {
  return format_utc(std::chrono::floor<std::chrono::seconds>(at));
}

}  // namespace

struct signing_key::impl {
  owned<EVP_PKEY> key;
  std::string sha256, sha1;
  utc_time end;
};

signing_key::signing_key(std::unique_ptr<impl> from) noexcept : impl_(std::move(from)) {}
signing_key::signing_key(signing_key&&) noexcept = default;
signing_key& signing_key::operator=(signing_key&&) noexcept = default;
signing_key::~signing_key() = default;

result<signing_key> signing_key::read(const std::string& path, const secret& passphrase) {
  const auto content = read_private_file(path, "certificate file");
  if (!content) return std::unexpected(content.error());
  auto found = key_reader(path, content->reveal(), passphrase.reveal()).read();
  if (!found) return std::unexpected(found.error());
  const X509* certificate = found->certificate.get();
  if (const auto end = end_of(certificate); end <= os::wall_now())
    return fail(errc::credentials, "the certificate in " + path + " expired at " + shown_time(end) +
                                       ": make a new one, register it with the app (Entra, App registrations, Certificates & secrets), and "
                                       "name its file with --client-certificate-file");
  return signing_key(std::make_unique<impl>(impl{.key = std::move(found->key),
                                                 .sha256 = digest(certificate, EVP_sha256()),
                                                 .sha1 = digest(certificate, EVP_sha1()),
                                                 .end = end_of(certificate)}));
}

const std::string& signing_key::thumbprint(token::signature_algorithm algorithm) const noexcept {
  return algorithm == token::signature_algorithm::ps256 ? impl_->sha256 : impl_->sha1;
}

std::string signing_key::shown_thumbprint() const {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const char c : impl_->sha1) {
    const auto byte = static_cast<unsigned char>(c);
    out += digits[byte >> 4U];
    out += digits[byte & 0xFU];
  }
  return out;
}

utc_time signing_key::expires() const noexcept {
  return impl_->end;
}

std::string signing_key::expiry_warning(const std::string& path, utc_time now) const {
  constexpr std::chrono::days soon{30};
  if (impl_->end > now + soon) return {};
  return "The certificate in " + core::escape_for_people(path) + " (thumbprint " + shown_thumbprint() + ") expires at " +
         shown_time(impl_->end) + ". Register a new one with the app before that time, and name its file with --client-certificate-file.";
}

result<std::string> signing_key::sign(token::signature_algorithm algorithm, std::string_view input) const {
  ERR_clear_error();
  const owned<EVP_MD_CTX> context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* terms = nullptr;
  const bool pss = algorithm == token::signature_algorithm::ps256;
  const auto failed = [] { return fail(errc::internal, "OpenSSL cannot sign with the certificate's key: " + last_reason()); };
  if (!context || EVP_DigestSignInit(context.get(), &terms, EVP_sha256(), nullptr, impl_->key.get()) != 1) return failed();
  // RFC 7518, section 3.5: the salt of PS256 is as long as the digest.
  if (pss && (EVP_PKEY_CTX_set_rsa_padding(terms, RSA_PKCS1_PSS_PADDING) != 1 ||
              EVP_PKEY_CTX_set_rsa_pss_saltlen(terms, RSA_PSS_SALTLEN_DIGEST) != 1))
    return failed();
  const auto* bytes = reinterpret_cast<const unsigned char*>(input.data());
  std::size_t size = 0;
  if (EVP_DigestSign(context.get(), nullptr, &size, bytes, input.size()) != 1) return failed();
  std::string out(size, '\0');
  if (EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(out.data()), &size, bytes, input.size()) != 1) return failed();
  out.resize(size);
  return out;
}

}  // namespace convoke::auth
