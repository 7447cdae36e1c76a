#include "run/lookup_session.hpp"

#include <algorithm>
#include <exception>
#include <tuple>
#include <utility>

#include <fmt/format.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>

#include "wire/users.hpp"

namespace convoke::run {

namespace asio = boost::asio;

lookup_session::lookup_session(asio::io_context& io, clock& time, const lookup_terms& terms, lane_parts parts,
                               const std::vector<std::string>& upns, std::function<void(const std::string&)> note)
    : io_(io),
      clock_(time),
      terms_(terms),
      links_(std::move(parts.links)),
      login_(parts.one_first),
      tokens_(std::move(parts.tokens)),
      upns_(upns),
      note_(std::move(note)),
      policy_(terms.policy, upns.size(), time.now()) {}

lookup_session::~lookup_session() = default;

void lookup_session::start() {
  const auto envelopes = (upns_.size() + engine::user_lookups::most_users - 1) / engine::user_lookups::most_users;
  const auto connections = std::min<std::size_t>(envelopes, terms_.policy.most_in_flight);
  if (connections == 0) return;
  for (std::size_t i = 0; i < connections; ++i)
    slots_.push_back(std::make_unique<slot>(io_, clock_, links_(static_cast<engine::connection_id>(i))));
  const auto rethrow = [](const std::exception_ptr& failed) {
    if (failed) std::rethrow_exception(failed);
  };
  for (const auto& s : slots_) {
    ++serving_;
    asio::co_spawn(io_, serve(*s), rethrow);
  }
  // The source belongs to this session and calls no handler after its end.
  tokens_->start({.ready =
                      [this](std::uint32_t) {
                        login_.token_ended();
                        wake_all();
                      },
                  .failed = [this](const error& why, bool fatal, std::optional<mono_time> again) { on_token_failure(why, fatal, again); }});
}

void lookup_session::close() {
  if (std::exchange(closing_, true)) return;
  tokens_->stop();
  for (const auto& s : slots_) {
    s->alarm->cancel();
    s->wake.cancel();
    s->link->close();
  }
}

asio::awaitable<void> lookup_session::serve(slot& s) {
  while (!closing_ && !policy_.over()) {
    if (!s.connected || !s.link->usable()) {
      co_await connect(s);
      continue;
    }
    const auto token = tokens_->current();
    auto step = policy_.next(clock_.now(), token.has_value());
    if (step.what == engine::user_lookups::step::kind::over) break;
    if (step.what == engine::user_lookups::step::kind::wait) {
      co_await wait(s, step.until);
      continue;
    }
    auto users = std::move(step.users);
    co_await look_up(s, std::move(users), *token);
  }
  --serving_;
  // All users are known, or nothing can be done any more: what the others wait for is over, too.
  close();
}

asio::awaitable<void> lookup_session::wait(slot& s, mono_time until) {
  s.alarm->expire_at(until);
  co_await s.wake.async_wait(asio::as_tuple(asio::deferred));
  s.alarm->cancel();
}

asio::awaitable<void> lookup_session::connect(slot& s) {
  const auto now = clock_.now();
  // Also where no connection can be made the look-ups end in time.
  const auto patience = policy_.patience(now);
  if (policy_.over()) co_return;
  if (policy_.may_connect_at() > now) {
    const auto until = std::min(policy_.may_connect_at(), patience);
    co_await wait(s, until);
    co_return;
  }
  if (!login_.may_connect(trying_)) {
    co_await wait(s, patience);
    co_return;
  }
  s.link->close();
  trying_ = true;
  const auto connected = co_await s.link->connect(terms_.connect_timeout);
  trying_ = false;
  if (closing_) co_return;
  if (!login_.proven()) wake_all();
  s.connected = connected.what == net::failure::none;
  if (s.connected) {
    login_.connected();
    co_return;
  }
  say(connected.message);
  policy_.connect_failed(connected.message, connected.what == net::failure::proxy_login, clock_.now());
}

asio::awaitable<void> lookup_session::look_up(slot& s, std::vector<std::uint32_t> users, auth::usable_token token) {
  s.names.clear();
  for (const auto i : users) s.names.push_back(upns_[i]);
  const graph::plain_request request{.method = "POST", .target = wire::batch_path, .body = s.messages.request(s.names, ++envelopes_)};
  const auto came = co_await s.link->plain(request, *token.text, token.number, terms_.attempt_timeout);
  if (closing_) co_return;
  auto meaning = s.messages.understand(came);
  // What is not an answer to the request may be followed by the one that is.
  if (came.error != engine::attempt_error::none) s.link->close();
  const auto shown = meaning;
  policy_.answered(users, std::move(meaning), clock_.now());
  after_answer(shown);
}

void lookup_session::after_answer(const engine::lookup_answer& a) {
  const auto wait = policy_.closed_for(clock_.now());
  if (policy_.throttles() != std::exchange(throttles_reported_, policy_.throttles()) && wait <= terms_.policy.longest_wait)
    say(fmt::format("Look-ups of users are throttled; they go on in {:.0f} s.",
                    std::max(1.0, std::chrono::duration<double>(wait).count())));
  const auto fault = [](const engine::lookup_item& item) { return item.what == engine::lookup_item::kind::fault && !item.text.empty(); };
  const auto found = std::ranges::find_if(a.items, fault);
  if (found != a.items.end())
    say("A look-up of users is repeated: " + found->text);
  else if (a.items.empty() && fault(a.envelope))
    say("A look-up of users is repeated: " + a.envelope.text);
  if (const auto refused = policy_.take_refused_token(); refused && !policy_.over()) tokens_->rejected(*refused);
  wake_all();
}

void lookup_session::wake_all() {
  for (const auto& s : slots_) s->wake.cancel();
}

void lookup_session::on_token_failure(const error& why, bool fatal, std::optional<mono_time> again) {
  if (closing_) return;
  login_.token_ended();
  policy_.token_failed(why.message, fatal, again);
  // What ends the look-ups is reported as their end.
  std::ignore = policy_.patience(clock_.now());
  if (!policy_.over()) say(why.message);
  wake_all();
}

// The same line is not repeated: each connection would report it.
void lookup_session::say(const std::string& line) {
  if (std::exchange(last_line_, line) != line) note_(line);
}

}  // namespace convoke::run
