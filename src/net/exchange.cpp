#include <cerrno>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/experimental/parallel_group.hpp>

#include "core/saturating.hpp"
#include "net/connection.hpp"

namespace convoke::net {
namespace asio = boost::asio;

namespace {

std::string in_seconds(std::chrono::nanoseconds limit) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(limit).count();
  return ms % 1000 == 0 ? std::to_string(ms / 1000) + " s" : std::to_string(ms) + " ms";
}

bool hung_up(int number) {
  return number == ECONNRESET || number == EPIPE || number == ECONNABORTED;
}

}  // namespace

struct connection::impl::exchange_state {
  std::string_view request;  // what is left of it
  std::uint64_t most;        // that the stream may have received until it is over
  outcome ended{};
  tcp_socket::wait_type direction = tcp_socket::wait_read;
  bool writing = true;
  bool begun = false;  // part of the request may be out
  bool early = false;  // an answer came before all of it was
};

outcome connection::impl::lost(step how) const {
  const bool gone = how == step::end || hung_up(wire.error_number());
  if (gone && reused && answer.empty()) return {failure::stale, peer.name + " closed an idle connection"};
  if (short_of_resources(wire.error_number()))
    return {failure::local_resources, "the connection to " + peer.name + " failed: " + wire.reason()};
  return {failure::closed,
          "the connection to " + peer.name + " failed: " + (how == step::end ? "closed before the answer" : wire.reason())};
}

outcome connection::impl::wait_failed(const error_code& ec, std::chrono::nanoseconds limit) const {
  if (stopped) return {failure::cancelled, "the call to " + peer.name + " was stopped"};
  if (late || !ec) return {failure::timeout, peer.name + " did not answer within " + in_seconds(limit)};
  if (ec == asio::error::operation_aborted) return {failure::cancelled, "the call to " + peer.name + " was stopped"};
  return {failure::closed, "the connection to " + peer.name + " failed: " + ec.message()};
}

outcome connection::impl::look_before_request() {
  switch (wire.listen()) {
    case silence::quiet:
      return {};
    case silence::ended:
      return {failure::stale, peer.name + " closed an idle connection; nothing was sent", false};
    case silence::partial:
    case silence::data:
      break;
  }
  return {failure::stale, peer.name + " sent an answer that belongs to no request; nothing was sent, and the connection is not used again",
          false};
}

bool connection::impl::look_for_early_answer(exchange_state& t) {
  switch (wire.listen()) {
    case silence::ended:
      t.ended = lost(wire.error_number() == 0 ? step::end : step::failed);
      return false;
    case silence::data:
      t.writing = false;
      t.early = true;
      return true;
    case silence::quiet:
    case silence::partial:  // perhaps a ticket: the rest of the record decides
      break;
  }
  return true;
}

bool connection::impl::advance(exchange_state& t) {
  for (;;) {
    if (t.begun && t.writing && !look_for_early_answer(t)) return false;
    std::size_t count = 0;
    const auto how = t.writing ? wire.write(t.request.data(), t.request.size(), count) : wire.read(answer.space(), answer.room(), count);
    if (wire.received() > t.most) {
      t.ended = {failure::too_large, "the answer is too large with what TLS adds to it"};
      return false;
    }
    if (how == step::end || how == step::failed) {
      t.ended = how == step::end && !t.writing && !answer.empty() ? answer.end() : lost(how);
      return false;
    }
    t.direction = how == step::want_write ? tcp_socket::wait_write : tcp_socket::wait_read;
    if (how != step::done) {
      t.begun = true;
      return true;
    }
    if (t.writing) {
      t.begun = true;
      t.request.remove_prefix(count);
      if (!t.request.empty()) continue;
      // The answer has not come yet. Waiting first saves a read that would return nothing.
      t.writing = false;
      return true;
    }
    t.ended = answer.feed(count);
    if (t.ended.what != failure::none || answer.complete()) return false;
    if (t.early && !answer.begun()) {  // it was an interim answer: the request goes on
      t.early = false;
      t.writing = true;
    }
  }
}

// Waits until the socket takes more bytes, or bytes come that may be an early answer. Only for requests that are not written at once.
asio::awaitable<boost::system::error_code> connection::impl::wait_for_either() {
  auto either = asio::experimental::make_parallel_group(wire.socket().async_wait(tcp_socket::wait_write, asio::deferred),
                                                        wire.socket().async_wait(tcp_socket::wait_read, asio::deferred));
  const auto [order, writable, readable] = co_await either.async_wait(asio::experimental::wait_for_one(), asio::as_tuple(asio::deferred));
  co_return order[0] == 0 ? writable : readable;
}

asio::awaitable<outcome> connection::impl::exchange(std::string_view request, response& into, std::chrono::nanoseconds limit,
                                                    std::optional<std::size_t> body) {
  auto allowed = caps;
  allowed.body = body.value_or(caps.body);
  answer.begin(into, allowed.body);
  if (!ready) co_return outcome{failure::closed, "not connected to " + peer.name, false};
  ready = late = stopped = false;
  wire.new_turn();
  // TLS's records take their share.
  exchange_state t{.request = request, .most = wire.received() + 2 * reader::most_bytes(allowed)};
  t.ended = look_before_request();
  if (t.ended.what != failure::none) {
    close();
    co_return std::move(t.ended);
  }
  const auto until = core::after(boot_now(), limit);
  deadlines.arm(*this, until);
  while (advance(t)) {
    error_code ec;
    if (over(until)) {
      t.ended = wait_failed(ec, limit);
      break;
    }
    if (t.writing && t.direction == tcp_socket::wait_write) {
      ec = co_await wait_for_either();
    } else {
      const auto [waited] = co_await wire.socket().async_wait(t.direction, asio::as_tuple(asio::deferred));
      ec = waited;
    }
    wire.new_turn();
    if (ec || stopped) {
      t.ended = wait_failed(ec, limit);
      break;
    }
  }
  deadlines.disarm(*this);
  if (t.ended.what == failure::none && t.early && into.status < 300)
    t.ended = {failure::malformed, peer.name + " sent an answer before it had the whole request, so it answers something else"};
  if (t.ended.what == failure::none) {
    reused = true;
    into.keep_alive = into.keep_alive && !t.early && wire.left_over() == silence::quiet;
    ready = into.keep_alive;
    idle_since = boot_now();
  } else {
    answer.abandon();
  }
  if (!ready) close();
  co_return std::move(t.ended);
}

}  // namespace convoke::net
