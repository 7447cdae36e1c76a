#include "auth/auth.hpp"
#include "token/token.hpp"

namespace convoke::auth {
namespace {

class ready_token final : public token_source {
 public:
  explicit ready_token(secret token) : token_(std::move(token)) {}

  void start(events e) override {
    events_ = std::move(e);
    if (const auto flaw = token::flaw_of_token(token_.reveal())) {
      rejected_ = true;
      if (events_.failed) events_.failed({errc::credentials, "the ready token is not a bearer token: " + *flaw}, true, std::nullopt);
      return;
    }
    if (events_.ready) events_.ready(1);
  }
  void rejected(std::uint32_t number) override {
    if (stopped_) return;
    if (number == 0 && !rejected_) {
      if (events_.ready) events_.ready(1);
      return;
    }
    rejected_ = true;
    if (events_.failed)
      events_.failed({errc::credentials, "the service does not accept the token in CONVOKE_TOKEN: it may have expired; get a new one"},
                     true, std::nullopt);
  }
  [[nodiscard]] std::optional<usable_token> current() const override {
    if (rejected_) return std::nullopt;
    return usable_token{.text = &token_, .number = 1};
  }
  void stop() override { stopped_ = true; }  // may be called from within an event, whose function object must stay

 private:
  secret token_;
  events events_;
  bool rejected_ = false;
  bool stopped_ = false;
};

}  // namespace

std::unique_ptr<token_source> token_source::ready(secret token) {
  return std::make_unique<ready_token>(std::move(token));
}

}  // namespace convoke::auth
