// The token of a lane, and the sign-in of a person where one is needed for it.

#include <utility>

#include <fmt/format.h>

#include "auth/credentials.hpp"
#include "auth/user_session.hpp"
#include "core/text.hpp"
#include "diagnosis/assess.hpp"
#include "diagnosis/commands.hpp"
#include "net/net.hpp"
#include "run/doctor_lane.hpp"
#include "run/validate.hpp"
#include "token/claims.hpp"

namespace convoke::run {

namespace asio = boost::asio;

namespace {

diagnosis::token_seen seen_of(const secret& token) {
  diagnosis::token_seen out{.problem = {}, .claims = {}, .now = net::wall_now()};
  auto claims = token::read_claims(token.reveal());
  out.opaque = !claims;
  if (claims) out.claims = std::move(*claims);
  return out;
}

}  // namespace

// The saved sign-in of an earlier command is used; none is made, and none is deleted.
result<void> lane_examination::begin_sign_in() {
  const auto& lane = task_.lane;
  if (const auto named = lane_name(lane); !named) return std::unexpected(named.error());
  if (const auto valid = check_credentials(lane); !valid) return valid;
  auto app = app_identity_of(lane);
  if (!app) return std::unexpected(std::move(app.error()));
  session_ = std::make_shared<user_session>(std::move(*app), lane.sign_in_file, user_session::file_use::only_replaced);
  std::function<void(const sign_in_prompt&)> show;
  if (task_.sign_in_wanted)
    show = [this](const sign_in_prompt& prompt) {
      token_wait_.asked_to_sign_in(prompt.valid_for, net::boot_now());
      task_.sign_in_wanted(prompt);
    };
  parts_->tokens = auth::token_source::renewing(io_.get_executor(), tls_, auth::by_device_code(session_, std::move(show)),
                                                {.attempt_timeout = task_.pace.attempt_timeout, .max_cooldown = task_.pace.max_cooldown});
  return {};
}

// What may be different soon, such as a throttle, says nothing about the credential.
error lane_examination::why_no_token(const error& why, bool fatal) const {
  if (fatal || why.code != errc::credentials) return why;
  const bool wrong_file =
      facts_.credential == credential_kind::workload_identity && !auth::check_federated_token(task_.lane.federated_token_file);
  return wrong_file ? why : error{errc::network, why.message};
}

asio::awaitable<void> lane_examination::request_token() {
  auto& tokens = *parts_->tokens;
  bool done = false;
  // One token is enough. After stop() no event follows, and the token can be used all the same.
  const auto end = [&] {
    done = true;
    tokens.stop();
    timer_.cancel();
  };
  token_.problem = error{errc::network, "no access token: no answer within the time limit"};
  token_wait_.begin(net::boot_now());
  tokens.start({.ready =
                    [&](std::uint32_t) {
                      // One that has run out already is followed by the next one.
                      const auto token = tokens.current();
                      if (!token) return;
                      token_ = seen_of(*token->text);
                      end();
                    },
                .failed =
                    [&](const error& why, bool fatal, std::optional<mono_time> again) {
                      token_.problem = why_no_token(why, fatal);
                      if (!token_wait_.goes_on_after_failure(fatal, again, net::boot_now())) end();
                    }});
  for (auto now = net::boot_now(); !done && !stopped_ && now < token_wait_.until(); now = net::boot_now()) {
    co_await pause(token_wait_.until() - now);
  }
  tokens.stop();
}

asio::awaitable<void> lane_examination::get_token() {
  const auto kind = std::string(to_string(facts_.credential));
  token_.problem = error{errc::network, "there is no token"};
  if (!task_.credential_usable) {
    report(diagnosis::skipped("token", task_.name, kind, "there is no usable credential: see the check configuration"));
    co_return;
  }
  if (authority_is_used() && no_authority_) {
    report(diagnosis::skipped("token", task_.name, kind, "the authority cannot be reached"));
    co_return;
  }
  auto possible = parts_ ? result<void>() : std::unexpected(parts_.error());
  if (possible && task_.lane.delegated() && !task_.lane.session) possible = begin_sign_in();
  if (possible) {
    co_await request_token();
    diagnosis::learn_app(facts_, token_);
  } else {
    token_.problem = possible.error();
  }
  if (stopped_) co_return;
  report(diagnosis::assess_token(token_, facts_));
  if (!session_) co_return;
  if (const auto trouble = session_->take_trouble(); !trouble.empty())
    report({.check = "token",
            .lane = task_.name,
            .subject = "saved sign-in",
            .status = finding_status::warning,
            .seen = "its new refresh token could not be saved: " + core::escape_for_people(trouble),
            .advice = "Let this user write to the file and its folder. Where the authority accepts a refresh token only once, the next run "
                      "asks for a sign-in."});
}

// Of a lane in which a person signs in that person is the only organizer.
void lane_examination::take_user_as_organizer() {
  const auto& user = session_ ? session_->user() : task_.lane.user;
  for (const auto& one : std::exchange(task_.organizers, {}))
    if (!core::equal_ignoring_case(one, user))
      report(diagnosis::skipped("organizer", task_.name, core::escape_for_people(one),
                                "not read: in this tenant a person signs in, and is the only organizer"));
  if (!user.empty()) task_.organizers = {user};
}

}  // namespace convoke::run
