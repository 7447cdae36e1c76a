#pragma once

// One connection to Graph as a lane session uses it: an interface, so that tests run sessions without sockets.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include <convoke/secret.hpp>

#include "engine/types.hpp"
#include "graph/graph.hpp"
#include "net/net.hpp"

namespace convoke::run {

// One operation at a time; the link outlives the operation that is under way, unless the io_context ends first.
class graph_link {
 public:
  virtual ~graph_link() = default;
  virtual boost::asio::awaitable<net::outcome> connect(std::chrono::nanoseconds limit) = 0;
  // As graph::caller::call: the request is written before the coroutine first suspends, and `what` with everything that it refers to must
  // live until the answer is there.
  virtual boost::asio::awaitable<engine::answer> call(const graph::request& what, const secret& token, std::uint32_t token_number,
                                                      std::chrono::nanoseconds limit) = 0;
  // As graph::caller::batch.
  virtual boost::asio::awaitable<engine::batch_answer> batch(std::span<const graph::request> calls, const secret& token,
                                                             std::uint32_t token_number, std::chrono::nanoseconds limit) = 0;
  // As graph::caller::plain.
  virtual boost::asio::awaitable<graph::plain_answer> plain(graph::plain_request what, const secret& token, std::uint32_t token_number,
                                                            std::chrono::nanoseconds limit) = 0;
  // As net::connection::usable.
  [[nodiscard]] virtual bool usable() noexcept = 0;
  // Ends the operation that is under way: it fails with net::failure::cancelled.
  virtual void close() noexcept = 0;
};

using link_factory = std::function<std::unique_ptr<graph_link>(engine::connection_id)>;

// Links over net::connection and graph::caller. `seed` is of the client-request-ids; each link adds its number. `me`: see graph::caller.
// What is referred to must outlive the links.
[[nodiscard]] link_factory make_graph_links(boost::asio::io_context& io, net::endpoint root, net::tls_context& tls, std::uint64_t seed,
                                            std::string me = {});

}  // namespace convoke::run
