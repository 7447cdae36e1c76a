#include "auth/credentials.hpp"
#include "token/forms.hpp"

namespace convoke::auth {
namespace {

class client_secret final : public credential {
 public:
  client_secret(app_identity app, secret value) : app_(std::move(app)), value_(std::move(value)) {}

  boost::asio::awaitable<reply> request(token_client& via) override {
    const secret form = token::client_secret_form(app_.client_id, app_.graph_root, value_);
    auto answered = co_await request_token(via, app_, form, value_);
    co_return std::move(answered);
  }

 private:
  app_identity app_;
  secret value_;
};

}  // namespace

std::unique_ptr<credential> by_client_secret(app_identity app, secret value) {
  return std::make_unique<client_secret>(std::move(app), std::move(value));
}

}  // namespace convoke::auth
