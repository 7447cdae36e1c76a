#include <string>
#include <utility>

#include "auth/credentials.hpp"
#include "token/forms.hpp"

namespace convoke::auth {
namespace {

namespace asio = boost::asio;

// The address is on the same host or none at all.
constexpr std::chrono::seconds connect_timeout{2};

class managed_identity final : public credential {
 public:
  managed_identity(managed_identity_service service, std::string resource) : service_(std::move(service)), resource_(std::move(resource)) {}

  asio::awaitable<reply> request(token_client& via) override {
    const secret request = make_request();
    const auto ended = co_await via.exchange(service_.at, request, connect_timeout);
    auto out = ended.nothing() ? without_answer(ended) : read(ended);
    if (out.meaning) {
      failures_ = 0;
    } else {
      ++failures_;
      auto& refusal = out.meaning.error();
      if (!refusal.retry_after) refusal.retry_after = token::managed_wait(ended.status, failures_);
    }
    co_return std::move(out);
  }

 private:
  [[nodiscard]] secret make_request() const {
    const bool imds = service_.speaks == managed_identity_service::protocol::imds;
    const auto path = imds ? "/metadata/identity/oauth2/token" + token::imds_query(resource_, service_.which)
                           : token::app_service_query(resource_, service_.which);
    if (imds) return make_token_request(service_.at, path, secret("Metadata: true\r\n"), {});
    std::string header;
    header.reserve(service_.header.reveal().size() + 32);
    header.append("X-IDENTITY-HEADER: ").append(service_.header.reveal()).append("\r\n");
    return make_token_request(service_.at, path, secret(std::move(header)), {});
  }

  [[nodiscard]] reply read(const exchanged& ended) {
    answered_ = true;
    reply out{token::read_managed_answer(ended.status, ended.body.reveal(), ended.retry_after, service_.header.reveal(), service_.which,
                                         ended.at)};
    if (!out.meaning && ended.what != net::failure::none) out.meaning.error().doubtful = true;
    return out;
  }

  // Where the address has never answered there is no managed identity: its service does not need a network.
  [[nodiscard]] reply without_answer(const exchanged& ended) const {
    auto out = no_answer(ended);
    auto& refusal = out.meaning.error();
    refusal.fatal = !answered_ && out.code == errc::network && failures_ + 1 >= token::managed_tries;
    if (refusal.fatal) {
      out.code = errc::credentials;
      refusal.message += ". This machine has no managed identity that can be reached: name another credential with --credential.";
    }
    return out;
  }

  managed_identity_service service_;
  std::string resource_;
  unsigned failures_ = 0;  // in a row
  bool answered_ = false;
};

// The token of the managed identity is requested anew each time: it is an answer from this machine.
class managed_federation final : public credential {
 public:
  managed_federation(app_identity app, managed_identity_service service, std::string audience)
      : app_(std::move(app)), identity_(std::move(service), std::move(audience)) {}

  asio::awaitable<reply> request(token_client& via) override {
    auto own = co_await identity_.request(via);
    if (!own.meaning) co_return std::move(own);
    const auto& assertion = own.meaning->access_token;
    const secret form = token::assertion_form(app_.client_id, app_.graph_root, assertion);
    auto answered = co_await request_token(via, app_, form, assertion);
    co_return std::move(answered);
  }

 private:
  app_identity app_;
  managed_identity identity_;
};

}  // namespace

std::unique_ptr<credential> by_managed_identity(managed_identity_service service, std::string resource) {
  return std::make_unique<managed_identity>(std::move(service), std::move(resource));
}

std::unique_ptr<credential> by_managed_federation(app_identity app, managed_identity_service service, std::string exchange_audience) {
  return std::make_unique<managed_federation>(std::move(app), std::move(service), std::move(exchange_audience));
}

}  // namespace convoke::auth
