#pragma once

// One TCP or TLS byte stream, driven by hand: OpenSSL on a non-blocking socket, Asio only to wait for readiness. Compared with an
// asio::ssl::stream this saves the copies through BIO pairs and most of the handlers, and a write happens in the call that asks for it.

#include <cstddef>
#include <string>

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "net/tls_context.hpp"

namespace convoke::net {

using tcp_socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

enum class step : std::uint8_t { done, want_read, want_write, end, failed };

class stream {
 public:
  explicit stream(boost::asio::io_context::executor_type executor) : socket_(executor) {}
  ~stream() { close(); }
  stream(const stream&) = delete;
  stream& operator=(const stream&) = delete;

  [[nodiscard]] tcp_socket& socket() noexcept { return socket_; }
  [[nodiscard]] bool open() const noexcept { return socket_.is_open(); }

  // Begins TLS over the connected socket; handshake() then goes on until `done`. False when out of memory.
  [[nodiscard]] bool start_tls(ssl_ptr ssl, bool sensitive);
  [[nodiscard]] step handshake();

  // At most `size` bytes; `count` says how many. `end`: the peer closed, cleanly or not.
  [[nodiscard]] step read(char* data, std::size_t size, std::size_t& count);
  [[nodiscard]] step write(const char* data, std::size_t size, std::size_t& count);

  // False where the peer has closed, or said something nobody asked for. Session tickets are taken in and are no reason for doubt.
  [[nodiscard]] bool quiet();

  // After `failed`: the errno of the socket, or 0 where TLS failed; and the reason for people.
  [[nodiscard]] int error_number() const noexcept { return errno_; }
  [[nodiscard]] std::string reason() const;

  void close() noexcept;

 private:
  static BIO_METHOD* bio_method();
  static int bio_read(BIO* bio, char* data, int size);
  static int bio_write(BIO* bio, const char* data, int size);
  static long bio_ctrl(BIO* bio, int command, long number, void* pointer);
  [[nodiscard]] step understand(int returned);
  [[nodiscard]] step raw(std::ptrdiff_t returned, std::size_t& count);

  tcp_socket socket_;
  ssl_ptr ssl_;
  int errno_ = 0;
  bool eof_ = false;
  bool broken_ = false;
  std::string tls_reason_;
};

}  // namespace convoke::net
