// The way through a proxy: CONNECT, before TLS begins.

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>

#include <convoke/key.hpp>

#include "core/text.hpp"
#include "net/connection.hpp"
#include "net/proxy.hpp"

namespace convoke::net {
namespace asio = boost::asio;
namespace http = boost::beast::http;

namespace {

constexpr std::size_t longest_head = 16 * 1024;

secret connect_request(const std::string& to, const proxy& through) {
  const auto begin = "CONNECT " + to + " HTTP/1.1\r\nHost: " + to + "\r\n";
  constexpr std::string_view name = "Proxy-Authorization: ";
  const auto value = through.authorization.reveal();
  std::string out;
  out.reserve(begin.size() + name.size() + value.size() + 4);
  out += begin;
  if (!value.empty()) out.append(name).append(value).append("\r\n");
  out += "\r\n";
  return secret(std::move(out));
}

// Whether the proxy refuses the login. tinyproxy answers 401 to a wrong user name or password.
bool refuses_login(unsigned status, bool sent_credentials) {
  return status == 407 || (status == 401 && sent_credentials);
}

// The ways to log in that the proxy offers, separated by commas: the first word of each challenge (RFC 9110, section 11.6.1). Parameters of
// a challenge are separated by commas, too, but have `=`.
std::string offered(const http::fields& head) {
  std::string out;
  const auto [first, last] = head.equal_range(http::field::proxy_authenticate);
  for (auto line = first; line != last; ++line) {
    std::string_view left = line->value();
    while (!left.empty()) {
      const auto part = core::trim_http(left.substr(0, left.find(',')));
      left.remove_prefix(std::min(left.find(','), left.size() - 1) + 1);
      const auto scheme = part.substr(0, part.find_first_of(" \t"));
      if (!scheme.empty() && !scheme.contains('=') && !scheme.contains('"')) out.append(out.empty() ? "" : ", ").append(scheme);
    }
  }
  return out;
}

bool offers_basic(std::string_view schemes) {
  return to_lower(schemes).contains("basic");
}

// What the operator can do about a proxy's refusal.
std::string advice(unsigned status, bool sent_credentials, const std::string& schemes) {
  if (status == 407 && !schemes.empty() && !offers_basic(schemes))
    return ": it accepts " + schemes +
           " only, and convoke can log in with Basic only; ask its administrator to allow Basic, or use a "
           "local proxy that logs in there";
  if (refuses_login(status, sent_credentials) && sent_credentials)
    return ": it does not accept the user name and password; check --proxy and --proxy-credentials-file";
  if (status == 407) return ": it requires a user name and a password; give them with --proxy-credentials-file FILE (USER:PASSWORD)";
  if (status == 403 || status == 405)
    return ": it does not allow this connection; ask its administrator to allow it, or name the host in NO_PROXY";
  if (status == 502 || status == 503 || status == 504) return ": it cannot reach the host";
  return ": is it an HTTP proxy?";
}

outcome decide(const std::string& head, const std::string& host, const proxy& through) {
  http::response_parser<http::empty_body> parser;
  parser.skip(true);
  parser.header_limit(longest_head);
  boost::system::error_code bad;
  const auto used = parser.put(asio::buffer(head), bad);
  const std::string begin = "the proxy " + through.name() + " ";
  if (bad || !parser.is_header_done())
    return {failure::connect, begin + "did not answer as an HTTP proxy does; check its address and port"};
  const unsigned status = parser.get().result_int();
  if (status / 100 != 2) {
    const auto reason = through.shown(std::string_view(parser.get().reason()), 60);
    const bool sent_credentials = !through.authorization.empty();
    const auto schemes = through.shown(offered(parser.get()), 60);
    return {refuses_login(status, sent_credentials) ? failure::proxy_login : failure::connect,
            begin + "refused a connection to " + host + " with HTTP " + std::to_string(status) + (reason.empty() ? "" : " " + reason) +
                advice(status, sent_credentials, schemes)};
  }
  // The other side of the tunnel waits for TLS to begin.
  if (used != head.size()) return {failure::connect, begin + "sent data before the tunnel was used"};
  return {};
}

}  // namespace

outcome connection::impl::tunnel_lost(step how) const {
  const std::string begin = "the proxy " + to.through->name() + " closed the connection instead of connecting to " + peer.name;
  if (short_of_resources(wire.error_number())) return {failure::local_resources, begin + ": " + wire.reason()};
  return {failure::connect, how == step::end ? begin : begin + ": " + wire.reason()};
}

asio::awaitable<outcome> connection::impl::open_tunnel(mono_time limit) {
  const secret request = connect_request(peer.name, *to.through);
  auto left = request.reveal();
  std::string head;
  std::array<char, 2048> piece{};
  late = false;
  deadlines.arm(*this, limit);
  for (;;) {
    wire.new_turn();
    std::size_t count = 0;
    const bool writing = !left.empty();
    const auto how = writing ? wire.write(left.data(), left.size(), count) : wire.read(piece.data(), piece.size(), count);
    if (how == step::end || how == step::failed) co_return tunnel_lost(how);
    if (how == step::done && writing) {
      left.remove_prefix(count);
      continue;
    }
    if (how == step::done) {
      head.append(piece.data(), count);
      if (head.contains("\r\n\r\n")) co_return decide(head, peer.name, *to.through);
      if (head.size() < longest_head) continue;
      co_return outcome{failure::connect, "the proxy " + to.through->name() + " sent a header without an end"};
    }
    if (over(limit)) break;
    const auto event = writing ? tcp_socket::wait_write : tcp_socket::wait_read;
    const auto [ec] = co_await wire.socket().async_wait(event, asio::as_tuple(asio::deferred));
    if (stopped || (ec && !late)) co_return outcome{failure::cancelled, "connecting to " + peer.name + " was stopped"};
    if (late) break;
  }
  co_return outcome{failure::timeout,
                    "the proxy " + to.through->name() + " did not connect to " + peer.name + " within the time to connect"};
}

}  // namespace convoke::net
