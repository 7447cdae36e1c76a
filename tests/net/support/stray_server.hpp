#pragma once

// A server that answers every request and also sends unsolicited answers: which, where and when is chosen by a seed.

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "net/support/server.hpp"

namespace convoke::test {

enum class stray_place : std::uint8_t {
  before_any_request,
  same_segment,  // as the answer before it, and in the same TLS record
  record_after,  // a segment and a TLS record of its own, at once
  moment_later,  // up to 2 ms after the answer: while the connection is idle, or while the next request is on its way
};
constexpr std::size_t stray_places = 4;

// An answer, solicited or not, by its `request-id`.
struct sent_answer {
  std::string id;
  std::optional<stray_place> stray;
  std::uint64_t at;  // of stray_server::tick
};

class stray_server {
 public:
  stray_server(boost::asio::io_context& context, std::uint64_t seed, std::optional<tls_settings> tls);
  ~stray_server();
  stray_server(const stray_server&) = delete;
  stray_server& operator=(const stray_server&) = delete;

  [[nodiscard]] net::endpoint address(const std::string& host) const;
  // The marks of the requests that came, each from its line `mark: `.
  [[nodiscard]] const std::vector<std::string>& marks() const;
  // The answer to a request has its mark as id.
  [[nodiscard]] const std::vector<sent_answer>& sent() const;
  // What was sent so far lies in the client's socket.
  [[nodiscard]] bool delivered() const;
  // Nothing more will be sent unless a request comes.
  [[nodiscard]] bool waits() const;
  // Grows with every call: says what came before what.
  std::uint64_t tick();

 private:
  struct impl;
  std::shared_ptr<impl> impl_;
};

}  // namespace convoke::test
