#include "net/support/certificates.hpp"

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <stdexcept>

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <unistd.h>

namespace convoke::test {
namespace {

using key_ptr = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using x509_ptr = std::unique_ptr<X509, decltype(&X509_free)>;
using bio_ptr = std::unique_ptr<BIO, decltype(&BIO_free)>;

void must(bool ok, const char* what) {
  if (!ok) throw std::runtime_error(std::string("cannot make a test certificate: ") + what);
}

key_ptr make_key(unsigned rsa_bits) {
  EVP_PKEY* key = rsa_bits > 0 ? EVP_RSA_gen(rsa_bits) : EVP_EC_gen("P-256");
  must(key != nullptr, "key");
  return {key, &EVP_PKEY_free};
}

void extend(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context{};
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  must(extension != nullptr, value.c_str());
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

x509_ptr begin(EVP_PKEY* key, const std::string& common_name, long from_hours, long to_hours) {
  static long serial = 1000;
  x509_ptr made(X509_new(), &X509_free);
  X509_set_version(made.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(made.get()), from_hours * 3600);
  X509_gmtime_adj(X509_getm_notAfter(made.get()), to_hours * 3600);
  X509_set_pubkey(made.get(), key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(made.get()), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(common_name.c_str()), -1, -1, 0);
  return made;
}

std::string text(BIO* bio) {
  char* data = nullptr;
  const auto size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

identity to_pem(X509* certificate, EVP_PKEY* key) {
  const bio_ptr first(BIO_new(BIO_s_mem()), &BIO_free);
  const bio_ptr second(BIO_new(BIO_s_mem()), &BIO_free);
  must(PEM_write_bio_X509(first.get(), certificate) == 1, "PEM");
  must(PEM_write_bio_PrivateKey(second.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1, "PEM key");
  return {text(first.get()), text(second.get())};
}

x509_ptr read_certificate(const std::string& pem) {
  const bio_ptr bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free);
  return {PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr), &X509_free};
}

key_ptr read_key(const std::string& pem) {
  const bio_ptr bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free);
  return {PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr), &EVP_PKEY_free};
}

// issuer null: signs itself.
identity make_leaf(const leaf& wanted, X509* issuer, EVP_PKEY* issuer_key) {
  const auto key = make_key(wanted.rsa_bits);
  const auto made = begin(key.get(), wanted.common_name, wanted.from_hours, wanted.to_hours);
  X509* signer = issuer ? issuer : made.get();
  X509_set_issuer_name(made.get(), X509_get_subject_name(signer));
  extend(made.get(), signer, NID_basic_constraints, "critical,CA:FALSE");
  extend(made.get(), signer, NID_ext_key_usage, wanted.usage);
  std::string names;
  for (const auto& name : wanted.names) names += (names.empty() ? "" : ",") + name;
  if (!names.empty()) extend(made.get(), signer, NID_subject_alt_name, names);
  must(X509_sign(made.get(), issuer_key ? issuer_key : key.get(), wanted.sha1 ? EVP_sha1() : EVP_sha256()) > 0, "signature");
  return to_pem(made.get(), key.get());
}

}  // namespace

authority::authority(const std::string& name) {
  const auto key = make_key(0);
  const auto made = begin(key.get(), name, -24, 240);
  X509_set_issuer_name(made.get(), X509_get_subject_name(made.get()));
  extend(made.get(), made.get(), NID_basic_constraints, "critical,CA:TRUE");
  extend(made.get(), made.get(), NID_key_usage, "critical,keyCertSign,cRLSign");
  must(X509_sign(made.get(), key.get(), EVP_sha256()) > 0, "signature");
  own_ = to_pem(made.get(), key.get());
}

identity authority::issue(const leaf& wanted) const {
  const auto issuer = read_certificate(own_.certificate);
  const auto key = read_key(own_.key);
  return make_leaf(wanted, issuer.get(), key.get());
}

identity authority::self_signed(const leaf& wanted) {
  return make_leaf(wanted, nullptr, nullptr);
}

temporary_file::temporary_file(const std::string& content)
    : path_((std::filesystem::temp_directory_path() / "convoke-test-XXXXXX").string()) {
  const int file = ::mkstemp(path_.data());
  must(file >= 0 && ::write(file, content.data(), content.size()) == static_cast<ssize_t>(content.size()), "file");
  ::close(file);
}

temporary_file::~temporary_file() {
  ::unlink(path_.c_str());
}

}  // namespace convoke::test
