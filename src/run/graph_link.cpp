#include "run/graph_link.hpp"

#include <utility>

namespace convoke::run {
namespace {

namespace asio = boost::asio;

class tls_link final : public graph_link {
 public:
  tls_link(asio::io_context& io, const net::endpoint& root, net::tls_context& tls, std::uint64_t seed, const std::string& me)
      : connection_(io.get_executor(), root, tls), caller_(root, seed, me) {}

  asio::awaitable<net::outcome> connect(std::chrono::nanoseconds limit) override { return connection_.connect(limit); }
  asio::awaitable<engine::answer> call(const graph::request& what, const secret& token, std::uint32_t token_number,
                                       std::chrono::nanoseconds limit) override {
    return caller_.call(connection_, what, token, token_number, limit);
  }
  asio::awaitable<engine::batch_answer> batch(std::span<const graph::request> calls, const secret& token, std::uint32_t token_number,
                                              std::chrono::nanoseconds limit) override {
    return caller_.batch(connection_, calls, token, token_number, limit);
  }
  asio::awaitable<graph::plain_answer> plain(graph::plain_request what, const secret& token, std::uint32_t token_number,
                                             std::chrono::nanoseconds limit) override {
    return caller_.plain(connection_, what, token, token_number, limit);
  }
  [[nodiscard]] bool usable() noexcept override { return connection_.usable(); }
  void close() noexcept override { connection_.close(); }

 private:
  net::connection connection_;
  graph::caller caller_;
};

}  // namespace

link_factory make_graph_links(asio::io_context& io, net::endpoint root, net::tls_context& tls, std::uint64_t seed, std::string me) {
  return [&io, root = std::move(root), &tls, seed, me = std::move(me)](engine::connection_id id) {
    return std::make_unique<tls_link>(io, root, tls, seed + id, me);
  };
}

}  // namespace convoke::run
