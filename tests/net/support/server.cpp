#include "net/support/server.hpp"

#include <netinet/tcp.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

namespace convoke::test {
namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

struct server::impl : std::enable_shared_from_this<server::impl> {
  impl(asio::io_context& context, std::vector<script> s)
      : acceptor(context, tcp::endpoint(asio::ip::address_v4::loopback(), 0)), scripts(std::move(s)) {}

  static asio::awaitable<void> serve(std::shared_ptr<impl> self);
  static asio::awaitable<void> talk(std::shared_ptr<impl> self, tcp::socket socket, script plot);
  template <class Stream>
  asio::awaitable<void> play(Stream& stream, tcp::socket& socket, const script& plot);
  template <class Stream>
  asio::awaitable<bool> take_request(Stream& stream, std::string& buffer);

  tcp::acceptor acceptor;
  std::vector<script> scripts;
  std::optional<asio::ssl::context> tls;
  seen log;
};

namespace {

std::size_t body_length(const std::string& head) {
  const auto at = head.find("Content-Length: ");
  return at == std::string::npos ? 0 : std::stoul(head.substr(at + 16));
}

// While it holds, what is written is collected.
void cork(tcp::socket& socket, bool holds) {
  const int value = holds ? 1 : 0;
  ::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_CORK, &value, sizeof value);
}

void farewell(tcp::socket& socket, bool rudely) {
  error_code ignored;
  if (rudely) socket.set_option(asio::socket_base::linger(true, 0), ignored);
  socket.close(ignored);
}

}  // namespace

template <class Stream>
asio::awaitable<bool> server::impl::take_request(Stream& stream, std::string& buffer) {
  const auto [ec, head] =
      co_await asio::async_read_until(stream, asio::dynamic_buffer(buffer), "\r\n\r\n", asio::as_tuple(asio::use_awaitable));
  if (ec) co_return false;
  const auto whole = head + body_length(buffer.substr(0, head));
  if (buffer.size() < whole) {
    const auto missing = asio::transfer_exactly(whole - buffer.size());
    const auto [cut, more] = co_await asio::async_read(stream, asio::dynamic_buffer(buffer), missing, asio::as_tuple(asio::use_awaitable));
    if (cut) co_return false;
  }
  log.requests.push_back(buffer.substr(0, whole));
  buffer.erase(0, whole);
  co_return true;
}

template <class Stream>
asio::awaitable<void> server::impl::play(Stream& stream, tcp::socket& socket, const script& plot) {
  asio::steady_timer timer(socket.get_executor());
  std::string buffer;
  const auto token = asio::as_tuple(asio::use_awaitable);
  for (const auto& action : plot.actions()) {
    if (std::holds_alternative<script::take_request>(action)) {
      const auto came = co_await take_request(stream, buffer);
      if (!came) co_return;
    } else if (const auto* put = std::get_if<script::put>(&action)) {
      const auto [ec, n] = co_await asio::async_write(stream, asio::buffer(put->bytes), token);
      if (ec) co_return;
    } else if (const auto* drip = std::get_if<script::drip>(&action)) {
      for (std::size_t i = 0; i < drip->bytes.size(); ++i) {
        const auto [ec, n] = co_await asio::async_write(stream, asio::buffer(drip->bytes.data() + i, 1), token);
        if (ec) co_return;
        timer.expires_after(std::chrono::milliseconds(1));
        co_await timer.async_wait(token);
      }
    } else if (const auto* raw = std::get_if<script::raw>(&action)) {
      const auto [ec, n] = co_await asio::async_write(socket, asio::buffer(raw->bytes), token);
      if (ec) co_return;
    } else if (const auto* in_one = std::get_if<script::in_one>(&action)) {
      cork(socket, true);
      for (const auto& record : in_one->records) {
        const auto [ec, n] = co_await asio::async_write(stream, asio::buffer(record), token);
        if (ec) co_return;
      }
      cork(socket, false);
    } else if (const auto* pause = std::get_if<script::pause>(&action)) {
      timer.expires_after(pause->time);
      co_await timer.async_wait(token);
    } else if (std::holds_alternative<script::hang_up>(action)) {
      farewell(socket, false);
    } else if (std::holds_alternative<script::break_off>(action)) {
      farewell(socket, true);
    } else if (std::holds_alternative<script::say_goodbye>(action)) {
      if constexpr (!std::is_same_v<Stream, tcp::socket>) {
        co_await stream.async_shutdown(token);  // ends when the client has closed
      }
      farewell(socket, false);
    }
  }
  // The connection stays until the client closes it.
  char rest[512];
  for (error_code ec; !ec;) {
    const auto [got, n] = co_await stream.async_read_some(asio::buffer(rest), token);
    ec = got;
  }
}

asio::awaitable<void> server::impl::talk(std::shared_ptr<impl> self, tcp::socket socket, script plot) {
  const bool silent = !plot.actions().empty() && std::holds_alternative<script::no_handshake>(plot.actions().front());
  if (!self->tls || silent) {
    co_await self->play(socket, socket, plot);
    co_return;
  }
  asio::ssl::stream<tcp::socket&> stream(socket, *self->tls);
  const auto [ec] = co_await stream.async_handshake(asio::ssl::stream_base::server, asio::as_tuple(asio::use_awaitable));
  const char* name = SSL_get_servername(stream.native_handle(), TLSEXT_NAMETYPE_host_name);
  self->log.server_names.emplace_back(name ? name : "");
  if (ec) co_return;
  ++self->log.handshakes;
  self->log.protocols.emplace_back(SSL_get_version(stream.native_handle()));
  if (SSL_session_reused(stream.native_handle()) == 1) ++self->log.resumed;
  co_await self->play(stream, socket, plot);
}

asio::awaitable<void> server::impl::serve(std::shared_ptr<impl> self) {
  for (std::size_t i = 0;; ++i) {
    auto [ec, socket] = co_await self->acceptor.async_accept(asio::as_tuple(asio::use_awaitable));
    if (ec) co_return;
    ++self->log.connections;
    socket.set_option(tcp::no_delay(true));
    // Connections beyond the scripts are closed at once.
    if (i >= self->scripts.size()) continue;
    asio::co_spawn(self->acceptor.get_executor(), talk(self, std::move(socket), self->scripts[i]), asio::detached);
  }
}

server::server(asio::io_context& context, std::vector<script> scripts, std::optional<tls_settings> tls)
    : impl_(std::make_shared<impl>(context, std::move(scripts))) {
  if (tls) {
    impl_->tls.emplace(asio::ssl::context::tls_server);
    SSL_CTX_set_security_level(impl_->tls->native_handle(), 0);
    impl_->tls->use_certificate_chain(asio::buffer(tls->who.certificate));
    impl_->tls->use_private_key(asio::buffer(tls->who.key), asio::ssl::context::pem);
    auto* native = impl_->tls->native_handle();
    static constexpr unsigned char id[] = "test";
    SSL_CTX_set_session_id_context(native, id, sizeof id - 1);
    SSL_CTX_set_min_proto_version(native, TLS1_VERSION);
    if (tls->most_version != 0) SSL_CTX_set_max_proto_version(native, tls->most_version);
  }
  asio::co_spawn(context, impl::serve(impl_), asio::detached);
}

server::~server() {
  error_code ignored;
  impl_->acceptor.close(ignored);
}

std::uint16_t server::port() const {
  return impl_->acceptor.local_endpoint().port();
}

net::endpoint server::address(const std::string& host) const {
  net::endpoint out;
  out.tls = impl_->tls.has_value();
  out.host = host;
  out.port = port();
  out.host_header = host + ":" + std::to_string(port());
  out.dial = {"127.0.0.1"};
  return out;
}

const seen& server::log() const {
  return impl_->log;
}

std::string answer_of(int status, const std::string& body, const std::string& header_lines) {
  return "HTTP/1.1 " + std::to_string(status) + " X\r\n" + header_lines + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         body;
}

}  // namespace convoke::test
