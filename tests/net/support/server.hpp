#pragma once

// A server on a loopback port that does, byte for byte, what a test says: one script for each connection, in order.

#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "net/net.hpp"
#include "net/support/certificates.hpp"

namespace convoke::test {

// What happens on one connection, after the TLS handshake where there is one. After the last step the connection stays open.
class script {
 public:
  struct take_request {};
  struct put {
    std::string bytes;
  };
  struct drip {  // one byte a millisecond
    std::string bytes;
  };
  struct raw {  // past TLS
    std::string bytes;
  };
  struct in_one {  // a TLS record each, in one segment
    std::vector<std::string> records;
  };
  struct pause {
    std::chrono::milliseconds time;
  };
  struct hang_up {};       // FIN, without TLS's goodbye
  struct say_goodbye {};   // close_notify, then FIN
  struct break_off {};     // RST
  struct no_handshake {};  // takes the connection and says nothing: first in a script
  using action = std::variant<take_request, put, drip, raw, in_one, pause, hang_up, say_goodbye, break_off, no_handshake>;

  script& request() { return add(take_request{}); }
  script& send(std::string bytes) { return add(put{std::move(bytes)}); }
  script& send_slowly(std::string bytes) { return add(drip{std::move(bytes)}); }
  script& send_raw(std::string bytes) { return add(raw{std::move(bytes)}); }
  script& records(std::vector<std::string> each) { return add(in_one{std::move(each)}); }
  script& wait(std::chrono::milliseconds time) { return add(pause{time}); }
  script& close() { return add(hang_up{}); }
  script& goodbye() { return add(say_goodbye{}); }
  script& reset() { return add(break_off{}); }
  script& silent() { return add(no_handshake{}); }
  // A request, and this answer to it.
  script& answer(std::string bytes) { return request().send(std::move(bytes)); }

  [[nodiscard]] const std::vector<action>& actions() const noexcept { return actions_; }

 private:
  script& add(action a) {
    actions_.push_back(std::move(a));
    return *this;
  }
  std::vector<action> actions_;
};

// What the server saw.
struct seen {
  std::vector<std::string> requests;
  unsigned connections = 0;
  unsigned handshakes = 0;
  unsigned resumed = 0;
  std::vector<std::string> server_names;  // SNI of each handshake; empty: none
  std::vector<std::string> protocols;     // of each handshake
};

struct tls_settings {
  identity who;
  int most_version = 0;  // TLS1_1_VERSION …; 0: the newest
};

class server {
 public:
  server(boost::asio::io_context& context, std::vector<script> scripts, std::optional<tls_settings> tls = {});
  ~server();
  server(const server&) = delete;
  server& operator=(const server&) = delete;

  [[nodiscard]] std::uint16_t port() const;
  // http://127.0.0.1:PORT, or https://HOST:PORT reached at 127.0.0.1.
  [[nodiscard]] net::endpoint address(const std::string& host = "127.0.0.1") const;
  [[nodiscard]] const seen& log() const;

 private:
  struct impl;
  std::shared_ptr<impl> impl_;
};

// `HTTP/1.1 200 OK` with these header lines, a length, and the body.
[[nodiscard]] std::string answer_of(int status, const std::string& body, const std::string& header_lines = {});

// Runs the context until `work` is done; throws what it throws, or when it takes longer than any test should.
template <class T>
T run(boost::asio::io_context& context, boost::asio::awaitable<T> work) {
  std::optional<T> out;
  std::exception_ptr thrown;
  boost::asio::co_spawn(context, std::move(work), [&](const std::exception_ptr& e, T value) {
    thrown = e;
    out = std::move(value);
  });
  context.restart();
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!out && std::chrono::steady_clock::now() < end) context.run_one_until(end);
  if (thrown) std::rethrow_exception(thrown);
  if (!out) throw std::runtime_error("the test's work does not end");
  return std::move(*out);
}

// Lets whatever is ready happen, until `done` or for 5 s.
template <class Predicate>
bool run_until(boost::asio::io_context& context, Predicate done) {
  context.restart();
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  while (!done() && std::chrono::steady_clock::now() < end) {
    if (context.run_one_for(std::chrono::milliseconds(5)) == 0) context.restart();
  }
  return done();
}

}  // namespace convoke::test
