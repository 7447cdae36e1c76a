// Signing in as a person: by the refresh token of an earlier sign-in, or with a code that the person enters in a browser (RFC 8628).

#include <utility>

#include "auth/credentials.hpp"
#include "auth/user_session.hpp"
#include "core/redact.hpp"
#include "core/text.hpp"
#include "token/device_polling.hpp"
#include "token/forms.hpp"
#include "token/user_grant.hpp"

namespace convoke::auth {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

constexpr std::chrono::nanoseconds lock_poll = 50ms, longest_lock_wait = 30s;
constexpr std::size_t most_shown = 1024;

reply refused(errc code, std::string message) {
  return not_sent({code, std::move(message)}, true);
}

class device_code final : public credential {
 public:
  device_code(std::shared_ptr<user_session> session, std::function<void(const sign_in_prompt&)> show, std::function<result<void>()> may_ask)
      : session_(std::move(session)), show_(std::move(show)), may_ask_(std::move(may_ask)) {}

  asio::awaitable<reply> request(token_client& via) override {
    if (auto fresh = session_->take_fresh(net::boot_now())) co_return reply{.meaning = std::move(*fresh)};
    auto refreshed = co_await refresh(via);
    if (refreshed) co_return std::move(*refreshed);
    auto asked = co_await ask_person(via);
    co_return std::move(asked);
  }

 private:
  // An answer of the token endpoint, and what it means.
  struct answered {
    exchanged came;
    std::expected<token::user_grant, token::refusal> meaning;
  };

  [[nodiscard]] const app_identity& app() const noexcept { return session_->app(); }
  [[nodiscard]] token::audience who() const noexcept { return {.client_id = app().client_id, .tenant = app().tenant}; }

  asio::awaitable<user_session::lock> lock_file(token_client& via);
  asio::awaitable<std::optional<reply>> refresh(token_client& via);
  asio::awaitable<reply> ask_person(token_client& via);
  asio::awaitable<reply> wait_for_person(token_client& via, token::device_offer offer, mono_time offered);
  asio::awaitable<exchanged> post(token_client& via, std::string_view endpoint, const secret& form);
  [[nodiscard]] result<sign_in_prompt> prompt_of(const token::device_offer& offer) const;
  // What became of a grant.
  [[nodiscard]] reply take(const exchanged& came, const secret& hidden, bool by_person);

  std::shared_ptr<user_session> session_;
  std::function<void(const sign_in_prompt&)> show_;
  std::function<result<void>()> may_ask_;
};

asio::awaitable<exchanged> device_code::post(token_client& via, std::string_view endpoint, const secret& form) {
  // The tenant was checked when the session was made.
  const auto path = oauth_path(app(), endpoint);
  const secret request = make_token_request(app().authority, path.value_or("/"), {}, form);
  auto came = co_await via.exchange(app().authority, request);
  co_return std::move(came);
}

asio::awaitable<user_session::lock> device_code::lock_file(token_client& via) {
  const auto until = net::boot_now() + longest_lock_wait;
  for (;;) {
    auto lock = session_->try_lock();
    if (!lock.busy || net::boot_now() >= until) co_return std::move(lock);
    const bool go_on = co_await via.pause(lock_poll);
    if (!go_on) co_return std::move(lock);
  }
}

// nullopt: there is no refresh token, or it is not accepted any more, and a person may be asked.
asio::awaitable<std::optional<reply>> device_code::refresh(token_client& via) {
  // Held until the new token is in the file: an authority may accept a refresh token only once.
  const auto lock = co_await lock_file(via);
  if (const auto loaded = session_->load(); !loaded) co_return not_sent(loaded.error(), true);
  if (session_->refresh_token().empty()) {
    if (show_) co_return std::nullopt;
    co_return refused(errc::credentials, "The user has to sign in: run the same command again at a terminal.");
  }
  const secret sent = session_->refresh_token().clone();
  const secret form = token::refresh_form(app().client_id, app().graph_root, sent);
  const auto came = co_await post(via, "token", form);
  if (came.nothing()) co_return no_answer(came);
  if (!token::wants_new_sign_in(came.status, came.body.reveal())) co_return take(came, sent, false);
  session_->drop();
  if (show_) {
    session_->forget_user();
    co_return std::nullopt;
  }
  auto why = take(came, sent, false);
  why.meaning.error().message += " The sign-in of user " + session_->user() +
                                 " is not accepted any more. Run the same command again to sign in; what is left is done then.";
  why.meaning.error().fatal = true;
  why.meaning.error().doubtful = false;
  co_return std::move(why);
}

result<sign_in_prompt> device_code::prompt_of(const token::device_offer& offer) const {
  // Whoever follows another link would enter a password there.
  if (const auto sound = net::parse_endpoint(offer.url, !app().authority.tls); !sound)
    return fail(errc::credentials, "The authority names an address for the sign-in that is not shown, as it is not safe: " +
                                       core::escape_for_people(offer.url, most_shown) + ". Check --authority-url.");
  return sign_in_prompt{.url = core::escape_for_people(offer.url, most_shown),
                        .code = core::escape_for_people(offer.user_code, most_shown),
                        .tenant = app().tenant,
                        .valid_for = offer.valid_for};
}

asio::awaitable<reply> device_code::ask_person(token_client& via) {
  if (may_ask_)
    if (const auto may = may_ask_(); !may) co_return not_sent(may.error(), true);
  const secret form = token::device_offer_form(app().client_id, app().graph_root);
  const auto came = co_await post(via, "devicecode", form);
  if (came.nothing()) co_return no_answer(came);
  auto offer = token::read_device_offer(came.status, came.body.reveal(), came.retry_after);
  if (!offer) {
    reply out{.meaning = std::unexpected(std::move(offer.error())), .retry_after = came.retry_after_text};
    co_return std::move(out);
  }
  const auto offered = net::boot_now();
  const auto prompt = prompt_of(*offer);
  if (!prompt) co_return not_sent(prompt.error(), true);
  show_(*prompt);
  auto out = co_await wait_for_person(via, std::move(*offer), offered);
  // The person would have to enter another code, for which a new command is due.
  if (!out.meaning) out.meaning.error().fatal = true;
  if (!out.meaning) out.meaning.error().doubtful = false;
  co_return std::move(out);
}

asio::awaitable<reply> device_code::wait_for_person(token_client& via, token::device_offer offer, mono_time offered) {
  const secret form = token::device_code_form(app().client_id, offer.device_code);
  token::device_polling polls(offer.interval, offer.valid_for, offered);
  while (const auto next = polls.next()) {
    for (auto now = net::boot_now(); now < *next; now = net::boot_now()) {
      const bool go_on = co_await via.pause(*next - now);
      if (!go_on) co_return refused(errc::interrupted, "the sign-in was interrupted");
    }
    const auto came = co_await post(via, "token", form);
    const auto now = net::boot_now();
    if (came.what == net::failure::cancelled) co_return refused(errc::interrupted, "the sign-in was interrupted");
    if (came.what != net::failure::none) {
      polls.failed(came.retry_after, now);
      continue;
    }
    switch (token::read_sign_in_state(came.status, came.body.reveal())) {
      case token::sign_in_state::pending:
        polls.pending(now);
        break;
      case token::sign_in_state::slow_down:
        polls.slow_down(now);
        break;
      case token::sign_in_state::failed:
        polls.failed(came.retry_after, now);
        break;
      case token::sign_in_state::over: {
        const auto lock = co_await lock_file(via);
        co_return take(came, offer.device_code, true);
      }
    }
  }
  co_return refused(errc::credentials,
                    "The code expired before a person had signed in. Run the same command again, and enter the new code.");
}

reply device_code::take(const exchanged& came, const secret& hidden, bool by_person) {
  reply out{.meaning = std::unexpected(token::refusal{})};
  out.retry_after = core::redact(came.retry_after_text, hidden.reveal());
  auto granted = token::read_user_grant(came.status, came.body.reveal(), came.retry_after, hidden.reveal(), came.at, who());
  if (!granted) {
    out.meaning = std::unexpected(std::move(granted.error()));
    if (came.what != net::failure::none) out.meaning.error().doubtful = true;
    return out;
  }
  if (const auto taken = session_->take(*granted); !taken) return not_sent(taken.error(), true);
  if (by_person || show_) session_->keep_fresh(granted->access, net::boot_now());
  out.meaning = std::move(granted->access);
  return out;
}

}  // namespace

std::unique_ptr<credential> by_device_code(std::shared_ptr<user_session> session, std::function<void(const sign_in_prompt&)> show,
                                           std::function<result<void>()> may_ask) {
  return std::make_unique<device_code>(std::move(session), std::move(show), std::move(may_ask));
}

}  // namespace convoke::auth
