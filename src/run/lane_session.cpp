#include "run/lane_session.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>

namespace convoke::run {

namespace asio = boost::asio;

lane_session::lane_session(asio::io_context& io, clock& time, const session_settings& settings, lane_parts parts, session_events& events)
    : io_(io),
      clock_(time),
      settings_(settings),
      links_(std::move(parts.links)),
      one_first_(parts.one_first),
      tokens_(std::move(parts.tokens)),
      events_(events),
      timer_(time.make_timer([this] { resume_those_due(); })) {}

lane_session::~lane_session() = default;

void lane_session::start(unsigned connections) {
  if (connections == 0 || closing_) return;
  pool_ = connection_pool(connections, one_first_);
  for (engine::connection_id id = 0; id < connections; ++id) slots_.push_back(std::make_unique<connection_slot>(io_, id, links_(id)));
  const auto rethrow = [](const std::exception_ptr& failed) {
    if (failed) std::rethrow_exception(failed);
  };
  for (auto& s : slots_) {
    ++serving_;
    asio::co_spawn(io_, serve(*s), rethrow);
  }
  // The source belongs to this session and calls no handler after its end.
  tokens_->start({.ready = [this](std::uint32_t number) { on_token(number); },
                  .failed = [this](const error& why, bool fatal, std::optional<mono_time> again) { on_token_failure(why, fatal, again); }});
}

void lane_session::send(engine::connection_id c, const graph::request& what) {
  auto& s = *slots_[c];
  s.call.emplace(what);
  resume(s);
  if (const auto next = pool_.granted(c)) resume(*slots_[*next]);
}

void lane_session::send_batch(engine::connection_id c, std::vector<graph::request> calls) {
  auto& s = *slots_[c];
  s.batch = std::move(calls);
  resume(s);
  if (const auto next = pool_.granted(c)) resume(*slots_[*next]);
}

void lane_session::replace(engine::connection_id c) {
  pool_.replace(c);
  resume(*slots_[c]);
}

void lane_session::refresh_token(std::uint32_t rejected) {
  if (!slots_.empty() && !closing_) tokens_->rejected(rejected);
}

void lane_session::close() {
  if (std::exchange(closing_, true)) return;
  timer_->cancel();
  tokens_->stop();
  for (const auto& s : slots_) {
    s->wake.cancel();
    s->link->close();
  }
}

// ---- waiting

void lane_session::begin_wait(connection_slot& s, mono_time resume_at) {
  s.waiting = true;
  s.resume_at = resume_at;
  if (timer_at_ && *timer_at_ <= resume_at) return;
  timer_at_ = resume_at;
  timer_->expire_at(resume_at);
}

void lane_session::resume(connection_slot& s) {
  if (s.waiting) s.wake.cancel();
}

void lane_session::resume_those_due() {
  timer_at_.reset();
  const auto now = clock_.now();
  auto next = mono_time::max();
  for (const auto& s : slots_) {
    if (!s->waiting) continue;
    if (s->resume_at <= now)
      resume(*s);
    else
      next = std::min(next, s->resume_at);
  }
  if (next == mono_time::max()) return;
  timer_at_ = next;
  timer_->expire_at(next);
}

// ---- connections

asio::awaitable<void> lane_session::serve(connection_slot& s) {
  for (;;) {
    const bool may_connect = co_await wait_to_connect(s);
    if (!may_connect) break;
    const auto connected = co_await s.link->connect(settings_.connect_timeout);
    if (closing_) break;
    if (connected.what != net::failure::none) {
      report_failure(s, connected);
      continue;
    }
    co_await carry_calls(s);
    s.link->close();
    if (closing_) break;
  }
  --serving_;
}

// False: the session closes.
asio::awaitable<bool> lane_session::wait_to_connect(connection_slot& s) {
  while (!closing_) {
    const auto allowed_at = events_.may_connect_at(settings_.lane);
    const auto turn = pool_.ask_to_connect(s.id, allowed_at, clock_.now());
    if (turn.connect) co_return true;
    begin_wait(s, turn.ask_again);
    co_await s.wake.async_wait(asio::as_tuple(asio::deferred));
    s.waiting = false;
  }
  co_return false;
}

void lane_session::report_failure(const connection_slot& s, const net::outcome& connected) {
  pool_.connect_failed(s.id);
  engine::answer why;
  why.error = graph::translate(connected.what);
  why.error_message = connected.message;
  why.finished_at = clock_.wall_now();
  if (std::exchange(last_trouble_, connected.message) != connected.message) events_.note(settings_.lane, connected.message);
  events_.connect_failed(settings_.lane, s.id, why);
}

void lane_session::report_ready(connection_slot& s, bool carried) {
  const auto now = clock_.now();
  if (pool_.ready(s.id, now, carried)) resume_all();
  s.resume_at = pool_.next_check(now);
  events_.connection_ready(settings_.lane, s.id, s.used);
}

engine::answer lane_session::unsent(const char* why) const {
  engine::answer a;
  a.error = engine::attempt_error::stale;
  a.sent = false;
  a.error_message = why;
  a.finished_at = clock_.wall_now();
  return a;
}

// Calls on one connection, one after the other, until it must be replaced or is not needed.
asio::awaitable<void> lane_session::carry_calls(connection_slot& s) {
  s.used = false;
  report_ready(s, true);
  for (;;) {
    const bool granted = co_await wait_for_call(s);
    if (!granted) co_return;
    const bool alone = s.call.has_value();
    bool usable = false;
    if (alone) {
      usable = co_await carry_out(s);
    } else {
      usable = co_await carry_out_batch(s);
    }
    if (closing_) co_return;
    if (!pool_.keep_after_call(s.id, usable)) {
      pool_.closed(s.id);
      co_return;
    }
    report_ready(s, s.carried);
  }
}

// Why a call cannot be made on this connection now.
std::optional<engine::answer> lane_session::obstacle(connection_slot& s, bool has_token) {
  if (!has_token) {
    // The token ran out before its source reported that. After this event the engine grants no more calls.
    events_.token_failed(settings_.lane, {errc::credentials, "the token ran out before the next one came"}, false, std::nullopt);
    return unsent("the token ran out before the call");
  }
  if (pool_.check_before_call(s.id, clock_.now()) && !s.link->usable()) return unsent("the connection closed while it was idle");
  return std::nullopt;
}

// Makes the call and reports its answer. Whether the connection was usable after it.
asio::awaitable<bool> lane_session::carry_out(connection_slot& s) {
  engine::answer answer;
  const auto token = tokens_->current();
  auto hindered = obstacle(s, token.has_value());
  if (hindered) {
    answer = *std::move(hindered);
  } else {
    answer = co_await s.link->call(*s.call, *token->text, token->number, settings_.attempt_timeout);
  }
  if (closing_) co_return false;
  s.call.reset();
  s.carried = answer.sent;
  s.used = s.used || s.carried;
  const bool usable = s.link->usable();
  // The answer first: what follows from it may be to replace this very connection, to use fewer, or to close the session.
  events_.answered(settings_.lane, s.id, std::move(answer));
  co_return usable;
}

// The same for several calls in one request.
asio::awaitable<bool> lane_session::carry_out_batch(connection_slot& s) {
  engine::batch_answer answer;
  const auto token = tokens_->current();
  auto hindered = obstacle(s, token.has_value());
  if (hindered) {
    answer.items.resize(s.batch.size());
    answer.envelope = std::move(hindered);
  } else {
    answer = co_await s.link->batch(s.batch, *token->text, token->number, settings_.attempt_timeout);
  }
  if (closing_) co_return false;
  s.batch.clear();
  s.carried = !answer.envelope || answer.envelope->sent;
  s.used = s.used || s.carried;
  const bool usable = s.link->usable();
  events_.batch_answered(settings_.lane, s.id, std::move(answer));
  co_return usable;
}

// False: the connection is to be closed, or the session closes.
asio::awaitable<bool> lane_session::wait_for_call(connection_slot& s) {
  while (!s.has_work()) {
    if (closing_) co_return false;
    begin_wait(s, s.resume_at);
    co_await s.wake.async_wait(asio::as_tuple(asio::deferred));
    s.waiting = false;
    if (s.has_work() || closing_) continue;
    const auto now = clock_.now();
    const bool usable = s.link->usable();
    switch (pool_.check_idle(s.id, usable, now)) {
      case connection_pool::check_result::keep:
        s.resume_at = pool_.next_check(now);
        break;
      case connection_pool::check_result::replace:
        co_return false;
      case connection_pool::check_result::rest:
        events_.connection_lost(settings_.lane, s.id);
        co_return false;
    }
  }
  co_return !closing_;
}

// ---- tokens

void lane_session::resume_all() {
  for (const auto& s : slots_) resume(*s);
}

void lane_session::on_token(std::uint32_t number) {
  if (closing_) return;
  pool_.token_ended();
  events_.token_ready(settings_.lane, number);
  // Where the request for the token needed their descriptors, connections may be made again.
  resume_all();
}

void lane_session::on_token_failure(const error& why, bool fatal, std::optional<mono_time> again) {
  if (closing_) return;
  events_.note(settings_.lane, why.message);
  if (fatal) {
    // A lane whose credential is wrong needs no connections.
    pool_.suspend(true);
    resume_all();
  }
  if (pool_.token_ended()) resume_all();
  events_.token_failed(settings_.lane, why, fatal, again);
}

}  // namespace convoke::run
