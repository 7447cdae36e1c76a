#include <algorithm>
#include <utility>

#include "auth/credentials.hpp"
#include "auth/private_file.hpp"
#include "token/forms.hpp"

namespace convoke::auth {
namespace {

result<secret> read_token(const std::string& file) {
  auto content = read_provided_file(file, "federated token file");
  if (!content) return content;
  const auto bare = token::bare_token(content->reveal());
  if (const auto flaw = token::flaw_of_token(bare))
    return fail(errc::credentials, "the federated token file " + file + " does not hold a token: " + *flaw);
  return secret(std::string(bare));
}

class federated_token final : public credential {
 public:
  federated_token(app_identity app, std::string file) : app_(std::move(app)), file_(std::move(file)) {}

  boost::asio::awaitable<reply> request(token_client& via) override {
    const auto assertion = read_token(file_);
    // The provider may be about to replace the file.
    if (!assertion) co_return not_sent(assertion.error(), false);
    const secret form = token::assertion_form(app_.client_id, app_.graph_root, *assertion);
    auto answered = co_await request_token(via, app_, form, *assertion);
    if (!answered.meaning) name_expiry(assertion->reveal(), answered.meaning.error().message);
    co_return std::move(answered);
  }

 private:
  // Where Entra does not accept the token's times.
  void name_expiry(std::string_view token, std::string& message) const {
    const auto end = token::readable_expiry(token);
    if (!message.contains("AADSTS700024") || !end || *end > net::wall_now()) return;
    message += " The token in " + file_ + " expired at " + format_utc(*end) + " and was not replaced: check the program that writes it.";
  }

  app_identity app_;
  std::string file_;
};

}  // namespace

result<void> check_federated_token(const std::string& file) {
  const auto token = read_token(file);
  if (!token) return std::unexpected(token.error());
  if (std::ranges::count(token->reveal(), '.') != 2)
    return fail(errc::credentials, "the federated token file " + file + " does not hold a JWT: it has not three parts separated by dots");
  return {};
}

std::unique_ptr<credential> by_federated_token(app_identity app, std::string file) {
  return std::make_unique<federated_token>(std::move(app), std::move(file));
}

}  // namespace convoke::auth
