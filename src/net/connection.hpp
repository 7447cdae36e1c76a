#pragma once

// What a connection is made of. connection.cpp connects, exchange.cpp exchanges. Private to net.

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "net/lookup.hpp"
#include "net/net.hpp"
#include "net/reader.hpp"
#include "net/resolver.hpp"
#include "net/stream.hpp"
#include "net/watchdog.hpp"

namespace convoke::net {

struct connection::impl final : deadline {
  using error_code = boost::system::error_code;
  using address_type = boost::asio::ip::tcp::endpoint;

  impl(boost::asio::io_context& context, const endpoint& where, tls_context& tls, const limits& l);
  ~impl() { close(); }
  impl(const impl&) = delete;
  impl& operator=(const impl&) = delete;

  // Both may end a wait of the coroutine. A wait that has ended but was not resumed yet reports success all the same: after each wait the
  // coroutine must look at `stopped` and `late`.
  void expired() noexcept override;
  void close() noexcept;

  boost::asio::awaitable<error_code> resolve(mono_time limit);
  // What the attempt says about the addresses, for the next attempts of all connections to this host.
  void address_reached(std::size_t index);
  void connect_failed_with(const outcome& why);
  boost::asio::awaitable<outcome> connect(std::chrono::nanoseconds limit);
  boost::asio::awaitable<outcome> reach(mono_time limit);
  boost::asio::awaitable<error_code> dial(const address_type& address, mono_time limit);
  // Through the connected proxy to the host (tunnel.cpp).
  boost::asio::awaitable<outcome> open_tunnel(mono_time limit);
  boost::asio::awaitable<outcome> shake_hands(mono_time limit);
  boost::asio::awaitable<outcome> exchange(std::string_view request, response& into, std::chrono::nanoseconds limit,
                                           std::optional<std::size_t> body);

  struct exchange_state;  // how far an exchange has come
  // Whether the connection may carry a request: no bytes that would be taken for its answer have come already.
  outcome look_before_request();
  // Continues the exchange until it would have to wait. False: it is over.
  bool advance(exchange_state& t);
  // While the request is written. False: the peer has closed.
  bool look_for_early_answer(exchange_state& t);
  boost::asio::awaitable<error_code> wait_for_either();

  // What is looked up and dialled: the host, or the proxy.
  [[nodiscard]] const std::string& near_host() const noexcept;
  [[nodiscard]] std::uint16_t near_port() const noexcept;
  outcome cannot_connect(const error_code& why) const;
  outcome tunnel_lost(step how) const;
  outcome handshake_failed(step how) const;
  outcome lost(step how) const;
  outcome wait_failed(const error_code& ec, std::chrono::nanoseconds limit) const;
  bool usable() noexcept;
  // Also by the clock: while a socket is always ready the timer may not be served.
  bool over(mono_time limit) const noexcept { return late || (wire.turn_used_up() && boot_now() >= limit); }

  boost::asio::io_context::executor_type executor;
  watchdog& deadlines;
  endpoint to;
  tls_context::impl& tls_state;
  limits caps;
  tls_peer peer;
  stream wire;
  resolver& name_service;
  lookup name_lookup;
  reader answer;
  name_cache::answer addresses;  // of the attempt under way, or of the latest one
  mono_time idle_since{};
  bool ready = false;
  bool reused = false;
  bool late = false;
  bool stopped = false;  // closed since the operation began
};

// Whether an errno says that this machine lacks resources.
[[nodiscard]] bool short_of_resources(int number) noexcept;

}  // namespace convoke::net
