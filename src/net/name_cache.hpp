#pragma once

// The addresses of the hosts that a run connects to. Pure: time is an argument.
//
// An answer serves for 60 s. It is dropped before that where a connection could not be made with it: no address took a TCP connection
// within the time to connect, or the TLS handshake failed. Attempts that were cancelled, or failed because this machine lacks resources,
// say nothing about an answer. A failed look-up is not kept: the next connection starts another one.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/ip/tcp.hpp>
#include <convoke/time.hpp>

namespace convoke::net {

class name_cache {
 public:
  static constexpr std::chrono::seconds lifetime{60};

  using address = boost::asio::ip::tcp::endpoint;
  struct answer {
    std::shared_ptr<const std::vector<address>> addresses;  // null: there is none; otherwise not empty
    std::size_t first = 0;                                  // the address to try first
  };

  [[nodiscard]] answer find(const std::string& host, std::uint16_t port, mono_time now) const;
  // A look-up succeeded. `addresses` is not empty.
  answer keep(const std::string& host, std::uint16_t port, std::vector<address> addresses, mono_time now);
  // A TCP connection was made to this address of `used`: the next connections try it first.
  void reached(const std::string& host, std::uint16_t port, const answer& used, std::size_t index);
  // No connection could be made with `used`, whose address `index` was the first, or failed in the TLS handshake. The next attempt looks
  // the name up again and begins with the address after it. Nothing changes where another answer has replaced `used` meanwhile.
  void failed(const std::string& host, std::uint16_t port, const answer& used, std::size_t index);

 private:
  struct entry {
    std::shared_ptr<const std::vector<address>> addresses;
    mono_time until{};
    std::size_t first = 0;  // outlives the addresses: a host that answers in the same order again is tried in another one
  };
  std::map<std::pair<std::string, std::uint16_t>, entry> entries_;
};

}  // namespace convoke::net
