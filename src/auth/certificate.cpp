#include <array>
#include <utility>

#include <openssl/rand.h>

#include "auth/credentials.hpp"
#include "core/base64.hpp"
#include "token/forms.hpp"

namespace convoke::auth {
namespace {

// A random GUID (RFC 9562, version 4). Nothing where OpenSSL has no randomness.
std::optional<std::string> new_guid() {
  std::array<unsigned char, 16> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) return std::nullopt;
  bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0FU) | 0x40U);
  bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3FU) | 0x80U);
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out += '-';
    out += digits[bytes[i] >> 4U];
    out += digits[bytes[i] & 0xFU];
  }
  return out;
}

class certificate final : public credential {
 public:
  certificate(app_identity app, signing_key key, token::signature_algorithm algorithm)
      : app_(std::move(app)), key_(std::move(key)), algorithm_(algorithm) {}

  boost::asio::awaitable<reply> request(token_client& via) override {
    const auto assertion = make_assertion();
    if (!assertion) co_return not_sent(assertion.error(), true);
    const secret form = token::assertion_form(app_.client_id, app_.graph_root, *assertion);
    auto answered = co_await request_token(via, app_, form, *assertion);
    if (!answered.meaning) name_certificate(answered.meaning.error().message);
    co_return std::move(answered);
  }

 private:
  // Where Entra does not accept the signature: which certificate must be registered.
  void name_certificate(std::string& message) const {
    if (!message.contains("AADSTS700027") && !message.contains("AADSTS50012")) return;
    message += " Its thumbprint is " + key_.shown_thumbprint() + ".";
  }

  [[nodiscard]] result<secret> make_assertion() const {
    const auto id = new_guid();
    if (!id) return fail(errc::internal, "OpenSSL has no random numbers for an assertion");
    const auto audience = app_.token_url();
    std::string text = token::signing_input({.algorithm = algorithm_,
                                             .thumbprint = key_.thumbprint(algorithm_),
                                             .audience = audience,
                                             .client_id = app_.client_id,
                                             .id = *id,
                                             .now = net::wall_now()});
    const auto signature = key_.sign(algorithm_, text);
    if (!signature) return std::unexpected(signature.error());
    text += '.';
    core::append_base64url(text, *signature);
    return secret(std::move(text));
  }

  app_identity app_;
  signing_key key_;
  token::signature_algorithm algorithm_;
};

}  // namespace

std::unique_ptr<credential> by_certificate(app_identity app, signing_key key, token::signature_algorithm algorithm) {
  return std::make_unique<certificate>(std::move(app), std::move(key), algorithm);
}

}  // namespace convoke::auth
