#include <algorithm>
#include <utility>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <fmt/format.h>

#include "core/text.hpp"
#include "run/driver_state.hpp"

namespace convoke::run {
namespace {

using namespace std::chrono_literals;

// An idle connection is looked at this often, and before it is trusted with a call.
constexpr auto idle_check = 1s;
// Older ones are replaced: net::connection refuses them at 30 s, and by then a call may have been granted to it.
constexpr auto idle_limit = 25s;
// So many are kept ready; more of those that nobody needs would only be closed and opened again until a cooldown ends.
constexpr std::ptrdiff_t kept_idle = 2;

}  // namespace

asio::awaitable<void> driver::serve(slot& s) {
  for (;;) {
    const bool go_on = co_await await_turn_to_connect(s);
    if (!go_on) break;
    const auto connected = co_await s.connection.connect(job_.pace.connect_timeout);
    if (closing_) break;
    if (connected.what != net::failure::none) {
      engine::answer why;
      why.error = graph::translate(connected.what);
      why.error_message = connected.message;
      why.finished_at = net::wall_now();
      if (std::exchange(last_trouble_, connected.message) != connected.message) watch_.note(connected.message);
      engine_.connect_failed(0, s.id, why, net::boot_now());
      pump();
      continue;
    }
    co_await carry_calls(s);
    s.connection.close();
    if (closing_) break;
  }
  --serving_;
}

asio::awaitable<bool> driver::await_turn_to_connect(slot& s) {
  for (;;) {
    if (closing_) co_return false;
    const auto now = net::boot_now();
    const auto at = engine_.may_connect_at(0);
    const bool allowed = s.id < enabled_ && may_connect_ && !(s.resting && enough_idle());
    if (allowed && at <= now) {
      set_resting(s, false);
      co_return true;
    }
    s.wake.expires_after(allowed ? at - now : std::chrono::nanoseconds(idle_check));
    s.queued = true;
    boost::system::error_code woken;
    co_await s.wake.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    s.queued = false;
  }
}

void driver::set_resting(slot& s, bool resting) {
  if (s.resting != resting) resting ? ++resting_ : --resting_;
  s.resting = resting;
}

bool driver::enough_idle() const {
  return std::ranges::count_if(slots_, [](const auto& s) { return s->waiting && !s->grant; }) >= kept_idle;
}

void driver::rouse_one() {
  if (resting_ == 0 || enough_idle()) return;
  const auto found = std::ranges::find_if(slots_, [this](const auto& s) { return s->resting && s->id < enabled_; });
  if (found == slots_.end()) return;
  set_resting(**found, false);
  (*found)->wake.cancel();
}

void driver::wake_those_that_wait() {
  for (const auto& s : slots_)
    if (s->waiting || s->queued) s->wake.cancel();
}

void driver::ready(slot& s) {
  s.idle_since = net::boot_now();
  engine_.connection_ready(0, s.id, s.used, s.idle_since);
  pump();
}

void driver::tell_trouble(const engine::send_call& call, const engine::answer& got) {
  auto text = fmt::format("attempt {}:", call.attempt);
  if (got.status != 0) text += fmt::format(" {}", got.status);
  if (!got.error_code.empty()) text += fmt::format(" {}", core::escape_for_people(got.error_code));
  if (!got.error_message.empty()) text += fmt::format(" {}", core::escape_for_people(got.error_message));
  if (got.retry_after) text += fmt::format(", retry after {:.3f} s", std::chrono::duration<double>(*got.retry_after).count());
  if (!got.request_id.empty()) text += fmt::format(", request id {}", core::escape_for_people(got.request_id));
  watch_.trouble(ledger::line_of(call.row), text);
}

// Calls on one connection, one after the other, until it must be replaced.
asio::awaitable<void> driver::carry_calls(slot& s) {
  s.drop = s.used = false;
  ready(s);
  for (;;) {
    const bool granted = co_await await_grant(s);
    if (!granted) co_return;
    const auto grant = *std::exchange(s.grant, std::nullopt);
    const auto* token = tokens_->current();
    engine::answer answer;
    const bool idle_long = net::boot_now() - s.idle_since > idle_check;
    // Before its source has said so: no call is granted any more, and this one is the last to come back.
    if (token == nullptr)
      engine_.token_failed(0, {errc::credentials, "the token ran out before the next one came"}, false, std::nullopt, net::boot_now());
    if (token == nullptr || (idle_long && !s.connection.usable())) {
      answer.error = engine::attempt_error::stale;
      answer.sent = false;
      answer.error_message = token == nullptr ? "the token ran out before the call" : "the connection closed while it was idle";
      answer.finished_at = net::wall_now();
    } else {
      const auto number = tokens_->current_number();
      const auto& row = s.row.mapped();
      const graph::request request{.op = grant.op, .wanted = row.wanted, .meeting_id = row.meeting_id};
      answer = co_await s.caller.call(s.connection, request, *token, number, job_.pace.attempt_timeout);
    }
    if (closing_) co_return;
    rows_.insert(std::move(s.row));
    s.used = s.used || answer.sent;
    const bool keep = s.connection.usable();
    const auto now = net::boot_now();
    if (!answer.stored) tell_trouble(grant, answer);
    engine_.answered(grant.row, std::move(answer), now);
    // Actions first: one of them may be to drop this very connection, or to make do with fewer.
    pump();
    if (!keep || s.drop || s.id >= enabled_) co_return;
    ready(s);
  }
}

// False: the connection must be replaced, or all is over.
asio::awaitable<bool> driver::await_grant(slot& s) {
  while (!s.grant) {
    if (closing_ || s.drop) co_return false;
    s.wake.expires_after(idle_check);
    s.waiting = true;
    boost::system::error_code woken;
    co_await s.wake.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    s.waiting = false;
    const bool unasked = !s.grant && !s.drop && !closing_;
    const bool old = net::boot_now() - s.idle_since >= idle_limit;
    if (unasked && (s.id >= enabled_ || !may_connect_ || old || !s.connection.usable())) {
      set_resting(s, true);
      engine_.connection_lost(0, s.id, net::boot_now());
      pump();
      if (!s.grant) co_return false;
    }
  }
  co_return !closing_;
}

asio::awaitable<void> driver::report_progress() {
  while (!closing_) {
    progress_timer_.expires_after(200ms);
    boost::system::error_code woken;
    co_await progress_timer_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    if (closing_) break;
    watch_.advanced(meter_.look(engine_.numbers(), net::boot_now(), net::wall_now()));
  }
  --serving_;
}

}  // namespace convoke::run
