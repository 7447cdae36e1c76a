#include <sys/stat.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include "auth/signing_key.hpp"
#include "auth/support/key_files.hpp"
#include "core/base64.hpp"

using namespace convoke;
using namespace convoke::test;

namespace {

// RSA keys take long to make.
const identity& app() {
  static const identity made = authority::self_signed({.names = {}, .common_name = "app", .rsa_bits = 2048});
  return made;
}
const identity& other() {
  static const identity made = authority::self_signed({.names = {}, .common_name = "other", .rsa_bits = 2048});
  return made;
}

result<auth::signing_key> read(const std::string& content, const std::string& passphrase = {}) {
  const temporary_file file(content);
  return auth::signing_key::read(file.path(), secret(passphrase));
}

std::string refusal(const std::string& content, const std::string& passphrase = {}) {
  const temporary_file file(content);
  const auto key = auth::signing_key::read(file.path(), secret(passphrase));
  if (key) return "it was read";
  BOOST_TEST((key.error().code == errc::credentials));
  BOOST_TEST(key.error().message.starts_with("the certificate file " + file.path() + " "), key.error().message);
  if (!passphrase.empty()) BOOST_TEST(!key.error().message.contains(passphrase));
  return key.error().message;
}

void check_key(const result<auth::signing_key>& key) {
  const std::string why = key ? "" : key.error().message;
  BOOST_REQUIRE_MESSAGE(key.has_value(), why);
  for (const bool pss : {true, false}) {
    const auto how = pss ? token::signature_algorithm::ps256 : token::signature_algorithm::rs256;
    BOOST_TEST(key->thumbprint(how).size() == (pss ? 32U : 20U));
    std::string jwt = "header.claims";
    const auto signature = key->sign(how, jwt);
    BOOST_REQUIRE(signature.has_value());
    jwt += '.';
    core::append_base64url(jwt, *signature);
    BOOST_TEST(signature_is_right(jwt, app(), pss));
    BOOST_TEST(!signature_is_right(jwt, app(), !pss));
    BOOST_TEST(!signature_is_right(jwt, other(), pss));
  }
  BOOST_TEST(key->shown_thumbprint().size() == 40U);
  const auto left = key->expires() - std::chrono::time_point_cast<ticks>(std::chrono::system_clock::now());
  BOOST_TEST((left > std::chrono::hours(23) && left < std::chrono::hours(25)));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(signing_keys)

BOOST_AUTO_TEST_CASE(pem_is_read_in_any_order_and_with_other_certificates) {
  check_key(read(app().certificate + app().key));
  check_key(read(app().key + app().certificate));
  check_key(read(app().key + other().certificate + app().certificate));
  check_key(read("Bag Attributes\n    friendlyName: app\n" + app().key + "subject=CN = app\n" + app().certificate));
}

BOOST_AUTO_TEST_CASE(an_encrypted_key_needs_its_passphrase) {
  const auto file = encrypted_key(app(), "correct horse") + app().certificate;
  check_key(read(file, "correct horse"));
  BOOST_TEST(refusal(file).contains("is encrypted: give its passphrase with --client-certificate-passphrase-file"));
  BOOST_TEST(refusal(file, "wrong horse").contains("cannot be decrypted: check the passphrase"));
}

BOOST_AUTO_TEST_CASE(pkcs12_is_read) {
  check_key(read(pkcs12(app(), "correct horse"), "correct horse"));
  check_key(read(pkcs12(app(), "")));
  BOOST_TEST(refusal(pkcs12(app(), "correct horse")).contains("is encrypted: give its passphrase"));
  BOOST_TEST(refusal(pkcs12(app(), "correct horse"), "wrong horse").contains("cannot be decrypted"));
}

// BER with a length that is not definite, as some programs write it.
BOOST_AUTO_TEST_CASE(pkcs12_in_ber_is_read) {
  const auto der = pkcs12(app(), "correct horse");
  BOOST_REQUIRE(der.starts_with("\x30\x82"));
  check_key(read("\x30\x80" + der.substr(4) + std::string(2, '\0'), "correct horse"));
}

BOOST_AUTO_TEST_CASE(a_certificate_that_expired_is_refused_and_one_that_soon_will_is_named) {
  const auto old = authority::self_signed({.names = {}, .from_hours = -48, .to_hours = -24, .rsa_bits = 2048});
  const temporary_file file(old.key + old.certificate);
  const auto refused = auth::signing_key::read(file.path(), {});
  BOOST_REQUIRE(!refused.has_value());
  BOOST_TEST((refused.error().code == errc::credentials));
  BOOST_TEST(refused.error().message.starts_with("the certificate in " + file.path() + " expired at 20"), refused.error().message);
  const auto key = read(app().key + app().certificate).value();
  const auto warning = key.expiry_warning("/a/file.pem", key.expires() - std::chrono::days(30));
  BOOST_TEST(warning.contains("/a/file.pem (thumbprint " + key.shown_thumbprint() + ") expires at 20"), warning);
  BOOST_TEST(key.expiry_warning("/a/file.pem", key.expires() - std::chrono::days(31)).empty());
}

BOOST_AUTO_TEST_CASE(pkcs12_of_an_older_program_is_named_as_such) {
  BOOST_TEST(refusal(pkcs12(app(), "correct horse", true), "correct horse").contains("convert it with openssl pkcs12 -legacy"));
}

BOOST_AUTO_TEST_CASE(what_is_missing_is_named) {
  BOOST_TEST(refusal(app().certificate).contains("has no private key"));
  BOOST_TEST(refusal(app().key).contains("has no certificate"));
  BOOST_TEST(refusal(app().key + other().certificate).contains("belongs to none of its certificates"));
  BOOST_TEST(refusal("").contains("is neither PEM nor PKCS#12"));
  BOOST_TEST(refusal("hunter2").contains("is neither PEM nor PKCS#12"));
  BOOST_TEST(refusal("\x30\x82garbage").contains("is neither PEM nor PKCS#12"));
  BOOST_TEST(refusal("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n").contains("cannot be read"));
}

BOOST_AUTO_TEST_CASE(keys_that_entra_does_not_accept_are_refused) {
  const auto elliptic = authority::self_signed({.names = {}});
  BOOST_TEST(refusal(elliptic.key + elliptic.certificate).contains("Entra accepts assertions with RSA keys only"));
  const auto small = authority::self_signed({.names = {}, .rsa_bits = 1024});
  BOOST_TEST(refusal(small.key + small.certificate).contains("RSA key of 1024 bits"));
}

BOOST_AUTO_TEST_CASE(a_file_that_others_can_read_is_refused) {
  const temporary_file file(app().key + app().certificate);
  ::chmod(file.path().c_str(), 0644);
  const auto key = auth::signing_key::read(file.path(), {});
  BOOST_TEST(!key.has_value());
  BOOST_TEST(key.error().message.contains("chmod 600"));
}

BOOST_AUTO_TEST_SUITE_END()
