#pragma once

// A small blocking client, of Beast and OpenSSL only, that trusts a simulator's authority.

#include <memory>
#include <string>
#include <string_view>

#include <openssl/ssl.h>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include "sim/server/simulator.hpp"
#include "sim/service/text.hpp"

namespace sim_test {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;

struct answer {
  error_code ec;
  http::response<http::string_body> message;
  [[nodiscard]] int status() const { return static_cast<int>(message.result_int()); }
};

class client {
 public:
  client(const convoke::sim::simulator& server, const char* name = "localhost")
      : context_(asio::ssl::context::tls_client), stream_(io_, context_) {
    const auto pem = server.ca_pem();
    context_.add_certificate_authority(asio::buffer(pem));
    // The stream was made before the context had its certificates; it reads them from the context at the handshake.
    SSL_set_verify(stream_.native_handle(), SSL_VERIFY_PEER, nullptr);
    SSL_set1_host(stream_.native_handle(), name);
    SSL_set_tlsext_host_name(stream_.native_handle(), name);
    stream_.next_layer().connect({asio::ip::address_v4::loopback(), server.port()}, connected);
    if (!connected) stream_.handshake(asio::ssl::stream_base::client, connected);
  }

  answer ask(http::verb verb, const std::string& target, const std::string& type = {}, const std::string& body = {},
             const std::string& token = {}) {
    answer a;
    send(a, verb, target, type, body, token);
    if (!a.ec) http::read(stream_, buffer_, a.message, a.ec);
    return a;
  }

  void send(answer& a, http::verb verb, const std::string& target, const std::string& type, const std::string& body,
            const std::string& token) {
    http::request<http::string_body> q(verb, target, 11);
    q.set(http::field::host, "localhost");
    if (!type.empty()) q.set(http::field::content_type, type);
    if (!token.empty()) q.set(http::field::authorization, "Bearer " + token);
    q.body() = body;
    q.prepare_payload();
    http::write(stream_, q, a.ec);
  }

  std::string get_token(const convoke::sim::simulator& server, std::string_view secret) {
    std::string form = "grant_type=client_credentials&client_id=" + server.client_id() + "&client_secret=" + std::string(secret) +
                       "&scope=https%3A%2F%2Flocalhost%3A" + std::to_string(server.port()) + "%2F.default";
    const auto a = ask(http::verb::post, "/" + server.tenant() + "/oauth2/v2.0/token", "application/x-www-form-urlencoded", form);
    if (a.ec || a.status() != 200) return {};
    return std::string(boost::json::parse(a.message.body()).at("access_token").as_string());
  }

  answer create(const std::string& token, const std::string& external_id, bool wait = true) {
    static const std::string target = "/v1.0/users/aaaaaaaa-0000-4000-8000-000000000001/onlineMeetings/createOrGet";
    const auto body = R"({"externalId":")" + external_id + R"(","startDateTime":"2026-09-01T08:00:00Z"})";
    if (wait) return ask(http::verb::post, target, "application/json", body, token);
    answer none;
    send(none, http::verb::post, target, "application/json", body, token);
    return none;
  }

  // A request for a meeting by its id.
  answer meeting(http::verb verb, const std::string& token, std::string_view id, const std::string& body = {}) {
    std::string target = "/v1.0/users/aaaaaaaa-0000-4000-8000-000000000001/onlineMeetings/";
    convoke::sim::append_percent(target, id);
    return ask(verb, target, body.empty() ? "" : "application/json", body, token);
  }

  // Sends the bytes as they are, and returns what comes back until it ends in `until` or the server closes.
  std::string raw(std::string_view bytes, std::string_view until = "never") {
    error_code ec;
    asio::write(stream_, asio::buffer(bytes), ec);
    std::string all;
    for (char part[4096]; !ec && !all.ends_with(until);) {
      const auto n = stream_.read_some(asio::buffer(part), ec);
      all.append(part, n);
    }
    return all;
  }

  [[nodiscard]] SSL* native() { return stream_.native_handle(); }

  error_code connected;

 private:
  asio::io_context io_;
  asio::ssl::context context_;
  boost::beast::ssl_stream<asio::ip::tcp::socket> stream_;
  boost::beast::flat_buffer buffer_;
};

using convoke::sim::fault;
using convoke::sim::options;
using convoke::sim::simulator;

inline std::unique_ptr<simulator> start(const options& how = {}) {
  auto made = simulator::start(how);
  BOOST_REQUIRE(made.has_value());
  return std::move(*made);
}

inline std::string token_for(simulator& server) {
  client c(server);
  BOOST_REQUIRE(!c.connected);
  const auto secret = server.client_secret();
  auto token = c.get_token(server, secret.reveal());
  BOOST_REQUIRE(!token.empty());
  return token;
}

inline boost::json::value stats(simulator& server) {
  return boost::json::parse(server.stats_json());
}

inline options faulty(fault what) {
  options how;
  how.service.script = {{"hit", 1, what}};
  return how;
}

}  // namespace sim_test
