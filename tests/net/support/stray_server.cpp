#include "net/support/stray_server.hpp"

#include <random>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "net/support/arrival.hpp"

namespace convoke::test {
namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

constexpr int statuses[] = {100, 200, 201, 204, 307, 400, 401, 403, 404, 409, 429, 500, 503};

std::string mark_of(const std::string& request) {
  const auto at = request.find("mark: ");
  return at == std::string::npos ? "" : request.substr(at + 6, request.find("\r\n", at) - at - 6);
}

}  // namespace

struct stray_server::impl : std::enable_shared_from_this<stray_server::impl> {
  impl(asio::io_context& context, std::uint64_t seed)
      : acceptor(context, tcp::endpoint(asio::ip::address_v4::loopback(), 0)), random(seed) {}

  bool chance(double p) { return std::uniform_real_distribution<double>(0, 1)(random) < p; }
  // The bytes of a stray answer, which is written down as sent now.
  std::string make(stray_place place);
  static asio::awaitable<void> serve(std::shared_ptr<impl> self);
  static asio::awaitable<void> talk(std::shared_ptr<impl> self, tcp::socket socket);
  template <class Stream>
  asio::awaitable<void> play(Stream& stream);
  template <class Stream>
  asio::awaitable<bool> answer(Stream& stream, const std::string& mark);
  template <class Stream>
  asio::awaitable<bool> put(Stream& stream, std::string bytes);

  tcp::acceptor acceptor;
  std::mt19937_64 random;
  std::optional<asio::ssl::context> tls;
  std::vector<std::string> marks;
  std::vector<sent_answer> sent;
  std::uint64_t ticks = 0;
  int current = -1;  // the socket of the connection that is served
  bool waits = false;
};

std::string stray_server::impl::make(stray_place place) {
  const int status = statuses[std::uniform_int_distribution<std::size_t>(0, std::size(statuses) - 1)(random)];
  const auto id = "stray " + std::to_string(sent.size());
  sent.push_back({id, place, ++ticks});
  if (status == 100 || status == 204) return "HTTP/1.1 " + std::to_string(status) + " X\r\nrequest-id: " + id + "\r\n\r\n";
  return answer_of(status, "{}", "request-id: " + id + "\r\n");
}

template <class Stream>
asio::awaitable<bool> stray_server::impl::put(Stream& stream, std::string bytes) {
  const auto whole = asio::buffer(bytes);
  const auto [ec, n] = co_await asio::async_write(stream, whole, asio::as_tuple(asio::use_awaitable));
  co_return !ec;
}

template <class Stream>
asio::awaitable<bool> stray_server::impl::answer(Stream& stream, const std::string& mark) {
  const auto own = answer_of(200, "{}", "request-id: " + mark + "\r\n");
  sent.push_back({mark, std::nullopt, ++ticks});
  if (!chance(0.5)) {
    const bool whole = co_await put(stream, own);
    co_return whole;
  }
  const auto place = static_cast<stray_place>(std::uniform_int_distribution<int>(1, 3)(random));
  if (place == stray_place::same_segment) {
    const bool whole = co_await put(stream, own + make(place));
    co_return whole;
  }
  const bool whole = co_await put(stream, own);
  if (!whole) co_return false;
  if (place == stray_place::moment_later) {
    asio::steady_timer timer(acceptor.get_executor(), std::chrono::microseconds(std::uniform_int_distribution<int>(0, 2000)(random)));
    co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
  }
  const bool more = co_await put(stream, make(place));
  co_return more;
}

template <class Stream>
asio::awaitable<void> stray_server::impl::play(Stream& stream) {
  if (chance(0.2)) {
    const bool whole = co_await put(stream, make(stray_place::before_any_request));
    if (!whole) co_return;
  }
  std::string buffer;
  for (;;) {
    waits = true;
    const auto into = asio::dynamic_buffer(buffer);
    const auto [ec, head] = co_await asio::async_read_until(stream, into, "\r\n\r\n", asio::as_tuple(asio::use_awaitable));
    if (ec) co_return;
    waits = false;
    marks.push_back(mark_of(buffer.substr(0, head)));
    buffer.erase(0, head);
    const bool go_on = co_await answer(stream, marks.back());
    if (!go_on) co_return;
  }
}

asio::awaitable<void> stray_server::impl::talk(std::shared_ptr<impl> self, tcp::socket socket) {
  const int number = self->current = socket.native_handle();
  self->waits = false;
  if (self->tls) {
    asio::ssl::stream<tcp::socket&> stream(socket, *self->tls);
    const auto [ec] = co_await stream.async_handshake(asio::ssl::stream_base::server, asio::as_tuple(asio::use_awaitable));
    if (!ec) {
      co_await self->play(stream);
    }
  } else {
    co_await self->play(socket);
  }
  // A connection that came meanwhile may have been given the same number only after this one is closed.
  if (self->current == number) self->current = -1;
}

asio::awaitable<void> stray_server::impl::serve(std::shared_ptr<impl> self) {
  for (;;) {
    auto [ec, socket] = co_await self->acceptor.async_accept(asio::as_tuple(asio::use_awaitable));
    if (ec) co_return;
    socket.set_option(tcp::no_delay(true));
    asio::co_spawn(self->acceptor.get_executor(), talk(self, std::move(socket)), asio::detached);
  }
}

stray_server::stray_server(asio::io_context& context, std::uint64_t seed, std::optional<tls_settings> tls)
    : impl_(std::make_shared<impl>(context, seed)) {
  if (tls) {
    impl_->tls.emplace(asio::ssl::context::tls_server);
    impl_->tls->use_certificate_chain(asio::buffer(tls->who.certificate));
    impl_->tls->use_private_key(asio::buffer(tls->who.key), asio::ssl::context::pem);
    if (tls->most_version != 0) SSL_CTX_set_max_proto_version(impl_->tls->native_handle(), tls->most_version);
  }
  asio::co_spawn(context, impl::serve(impl_), asio::detached);
}

stray_server::~stray_server() {
  boost::system::error_code ignored;
  impl_->acceptor.close(ignored);
}

net::endpoint stray_server::address(const std::string& host) const {
  net::endpoint out;
  out.tls = impl_->tls.has_value();
  out.host = host;
  out.port = impl_->acceptor.local_endpoint().port();
  out.host_header = host + ":" + std::to_string(out.port);
  out.dial = {"127.0.0.1"};
  return out;
}

const std::vector<std::string>& stray_server::marks() const {
  return impl_->marks;
}

const std::vector<sent_answer>& stray_server::sent() const {
  return impl_->sent;
}

bool stray_server::delivered() const {
  return impl_->current < 0 || arrived(impl_->current);
}

bool stray_server::waits() const {
  return impl_->current < 0 || impl_->waits;
}

std::uint64_t stray_server::tick() {
  return ++impl_->ticks;
}

}  // namespace convoke::test
