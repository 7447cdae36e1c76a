#include "net/certificate.hpp"

#include <chrono>
#include <ctime>
#include <memory>
#include <string_view>
#include <vector>

#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <boost/asio/ip/address.hpp>

namespace convoke::net {
namespace {

constexpr std::size_t names_shown = 5;

// The text of a certificate is input from outside.
std::string visible(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, 253)) out += c >= 0x20 && c <= 0x7e ? c : '?';
  return out;
}

std::string_view text_of(const ASN1_STRING* s) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(s)), static_cast<std::size_t>(ASN1_STRING_length(s))};
}

std::string address_of(const ASN1_OCTET_STRING* ip) {
  const auto bytes = text_of(ip);
  if (bytes.size() == 4) {
    boost::asio::ip::address_v4::bytes_type v4{};
    std::copy(bytes.begin(), bytes.end(), v4.begin());
    return boost::asio::ip::make_address_v4(v4).to_string();
  }
  if (bytes.size() == 16) {
    boost::asio::ip::address_v6::bytes_type v6{};
    std::copy(bytes.begin(), bytes.end(), v6.begin());
    return boost::asio::ip::make_address_v6(v6).to_string();
  }
  return "?";
}

std::vector<std::string> alternative_names(X509* leaf) {
  std::vector<std::string> out;
  const std::unique_ptr<GENERAL_NAMES, decltype(&GENERAL_NAMES_free)> names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(leaf, NID_subject_alt_name, nullptr, nullptr)), &GENERAL_NAMES_free);
  if (!names) return out;
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const auto* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_DNS) out.push_back(visible(text_of(name->d.dNSName)));
    if (name->type == GEN_IPADD) out.push_back(address_of(name->d.iPAddress));
  }
  return out;
}

std::string names_of(X509* leaf) {
  const auto names = alternative_names(leaf);
  if (names.empty()) return "no name (only subject alternative names count, not the CN)";
  std::string out;
  for (std::size_t i = 0; i < names.size() && i < names_shown; ++i) out += (i == 0 ? "" : ", ") + names[i];
  if (names.size() > names_shown) out += " and " + std::to_string(names.size() - names_shown) + " more";
  return out;
}

std::string text_of(const X509_NAME* name) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new(BIO_s_mem()), &BIO_free);
  if (!bio || X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB) < 0) return "?";
  char* data = nullptr;
  const auto size = BIO_get_mem_data(bio.get(), &data);
  return visible(std::string_view(data, static_cast<std::size_t>(size)));
}

std::string date_of(const ASN1_TIME* time) {
  std::tm t{};
  if (ASN1_TIME_to_tm(time, &t) != 1) return "?";
  char text[32] = {};
  const auto size = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &t);
  return {text, size};
}

}  // namespace

std::string issuer_of(X509* certificate) {
  return text_of(X509_get_issuer_name(certificate));
}

std::string subject_of(X509* certificate) {
  return text_of(X509_get_subject_name(certificate));
}

std::optional<utc_time> expiry_of(X509* certificate) {
  std::tm t{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &t) != 1) return std::nullopt;
  using namespace std::chrono;
  const auto date = sys_days{year{t.tm_year + 1900} / month{static_cast<unsigned>(t.tm_mon) + 1} / day{static_cast<unsigned>(t.tm_mday)}};
  return utc_time{date + hours(t.tm_hour) + minutes(t.tm_min) + seconds(t.tm_sec)};
}

std::string describe_certificate_problem(int problem, X509* failing, X509* leaf, const std::string& host, const std::string& peer) {
  const std::string of = "the certificate of " + peer + " ";
  switch (problem) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return of + "is for " + (leaf ? names_of(leaf) : "another host") + ", not for " + host;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_CERT_UNTRUSTED:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:  // the right name and another key: the authority was made again
      return of + "comes from an authority that is not trusted here" + (failing ? " (" + issuer_of(failing) + ")" : "") +
             "; if it is the right one, name its certificate with --ca-file";
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return of + "expired on " + (failing ? date_of(X509_get0_notAfter(failing)) : "a date in the past") +
             "; if that date is in the future, this machine's clock is wrong";
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return of + "is not valid before " + (failing ? date_of(X509_get0_notBefore(failing)) : "a date in the future") +
             "; if that date is in the past, this machine's clock is wrong";
    case X509_V_ERR_INVALID_PURPOSE:
      return of + "is not for servers";
    default:
      return of + "was refused: " + X509_verify_cert_error_string(problem);
  }
}

}  // namespace convoke::net
