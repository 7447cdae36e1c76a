#pragma once

// One connection of the simulator, from handshake to end.

#include <chrono>
#include <cstdint>
#include <string>
#include <unordered_set>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>

#include <convoke/time.hpp>

#include "sim/server/http_request.hpp"
#include "sim/server/options.hpp"
#include "sim/service/world.hpp"

namespace convoke::sim {

using executor = boost::asio::io_context::executor_type;
using socket_type = boost::asio::basic_stream_socket<boost::asio::ip::tcp, executor>;
template <class T = void>
using task = boost::asio::awaitable<T, executor>;

[[nodiscard]] moment read_clocks() noexcept;

// A connection that can be closed when its deadline has passed.
class closable {
 public:
  closable() = default;
  closable(const closable&) = delete;
  closable& operator=(const closable&) = delete;
  virtual ~closable() = default;
  virtual void close() noexcept = 0;

  mono_time deadline = mono_time::max();  // of what it does now
};

// What all connections share. One thread.
struct hub {
  hub(world& s, const options& o) : graph(s), how(o) {}

  // An estimate that is never later than the true arrival of bytes just read: while the loop was stalled, they may have waited
  // in the socket.
  [[nodiscard]] mono_time arrival(mono_time now) const noexcept;

  world& graph;
  const options& how;
  request_limits limits;
  std::unordered_set<closable*> connections;
  mono_time last_beat = mono_time::max();
};

inline constexpr auto beat = std::chrono::milliseconds(10);

// Serves a connection until it ends. `h` and `tls` outlive it; tls is null for plain HTTP. `to_machine`: it came to the address of the
// managed identity.
task<> serve(socket_type socket, hub& h, boost::asio::ssl::context* tls, bool to_machine);

}  // namespace convoke::sim
