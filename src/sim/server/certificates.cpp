#include "sim/server/certificates.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <vector>

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <boost/asio/ip/address.hpp>

namespace convoke::sim {
namespace {

template <auto Free>
struct freer {
  template <class T>
  void operator()(T* p) const {
    Free(p);
  }
};
using key_ptr = std::unique_ptr<EVP_PKEY, freer<EVP_PKEY_free>>;
using certificate_ptr = std::unique_ptr<X509, freer<X509_free>>;
using bio_ptr = std::unique_ptr<BIO, freer<BIO_free_all>>;
using extension_ptr = std::unique_ptr<X509_EXTENSION, freer<X509_EXTENSION_free>>;

constexpr long backdated_seconds = -3600;  // for clients whose clock is behind
constexpr long valid_seconds = 90L * 24 * 3600, day_seconds = 24 * 3600;
constexpr int x509_v3 = 2;

bool add_extension(X509* certificate, X509* issuer, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const extension_ptr extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

bool set_random_serial(X509* certificate) {
  std::array<unsigned char, 8> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) return false;
  bytes[0] &= 0x7f;
  std::uint64_t serial = 1;
  for (const auto b : bytes) serial = (serial << 8) ^ b;
  return ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial) == 1;
}

certificate_ptr make_certificate(EVP_PKEY* key, const char* name, const std::vector<std::pair<int, std::string>>& extensions, X509* issuer,
                                 EVP_PKEY* issuer_key, long valid = valid_seconds) {
  certificate_ptr certificate(X509_new());
  if (!certificate || X509_set_version(certificate.get(), x509_v3) != 1 || !set_random_serial(certificate.get())) return nullptr;
  auto* subject = X509_get_subject_name(certificate.get());
  const auto* text = reinterpret_cast<const unsigned char*>(name);
  if (X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, text, -1, -1, 0) != 1) return nullptr;
  X509* const by = issuer == nullptr ? certificate.get() : issuer;
  if (X509_set_issuer_name(certificate.get(), X509_get_subject_name(by)) != 1 || X509_set_pubkey(certificate.get(), key) != 1)
    return nullptr;
  if (X509_gmtime_adj(X509_getm_notBefore(certificate.get()), std::min(backdated_seconds, valid - day_seconds)) == nullptr) return nullptr;
  if (X509_gmtime_adj(X509_getm_notAfter(certificate.get()), valid) == nullptr) return nullptr;
  for (const auto& [nid, value] : extensions) {
    if (!add_extension(certificate.get(), by, nid, value.c_str())) return nullptr;
  }
  return X509_sign(certificate.get(), issuer_key, EVP_sha256()) > 0 ? std::move(certificate) : nullptr;
}

std::string text_of(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return size > 0 ? std::string(data, static_cast<std::size_t>(size)) : std::string();
}

std::string to_pem(X509* certificate) {
  const bio_ptr bio(BIO_new(BIO_s_mem()));
  return bio && PEM_write_bio_X509(bio.get(), certificate) == 1 ? text_of(bio.get()) : std::string();
}

std::string to_pem(EVP_PKEY* key) {
  const bio_ptr bio(BIO_new(BIO_s_mem()));
  return bio && PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1 ? text_of(bio.get()) : std::string();
}

result<std::string> alternative_names(const std::string& host) {
  if (host.empty()) return "DNS:localhost,IP:127.0.0.1,IP:::1";
  boost::system::error_code ec;
  const auto address = boost::asio::ip::make_address(host, ec);
  if (!ec) return "IP:" + address.to_string();
  // In OpenSSL's syntax for extensions a comma begins another name.
  const bool plain = host.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-*") == std::string::npos;
  if (!plain) return fail(errc::usage, "--certificate-host: \"" + host + "\" is neither a host name nor an address");
  return "DNS:" + host;
}

}  // namespace

result<certificates> make_certificates(const std::string& host, double days) {
  const auto names = alternative_names(host);
  if (!names) return std::unexpected(names.error());
  const key_ptr ca_key(EVP_EC_gen("P-256"));
  const key_ptr server_key(EVP_EC_gen("P-256"));
  if (!ca_key || !server_key) return fail(errc::internal, "OpenSSL could not make a key");

  const auto ca = make_certificate(ca_key.get(), "convoke simulator CA",
                                   {{NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
                                    {NID_key_usage, "critical,keyCertSign,cRLSign"},
                                    {NID_subject_key_identifier, "hash"}},
                                   nullptr, ca_key.get());
  if (!ca) return fail(errc::internal, "OpenSSL could not make the simulator's certificate authority");
  const auto server = make_certificate(server_key.get(), "convoke simulator",
                                       {{NID_basic_constraints, "critical,CA:FALSE"},
                                        {NID_key_usage, "critical,digitalSignature"},
                                        {NID_ext_key_usage, "serverAuth"},
                                        {NID_subject_alt_name, *names},
                                        {NID_subject_key_identifier, "hash"},
                                        {NID_authority_key_identifier, "keyid"}},
                                       ca.get(), ca_key.get(), static_cast<long>(days * day_seconds));
  if (!server) return fail(errc::internal, "OpenSSL could not make the simulator's certificate");
  return certificates{to_pem(ca.get()), to_pem(server.get()), to_pem(server_key.get())};
}

result<std::string> random_hex(std::size_t bytes) {
  std::vector<unsigned char> raw(bytes);
  if (RAND_bytes(raw.data(), static_cast<int>(raw.size())) != 1) return fail(errc::internal, "OpenSSL has no random bytes");
  static constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (const auto b : raw) (out += digits[b >> 4]) += digits[b & 15];
  return out;
}

}  // namespace convoke::sim
