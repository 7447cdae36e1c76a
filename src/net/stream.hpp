#pragma once

// One TCP or TLS byte stream, driven by hand: OpenSSL on a non-blocking socket, Asio only to wait for readiness. Compared with an
// asio::ssl::stream this saves the copies through BIO pairs and most of the handlers, and a write happens within the call.

#include <cstddef>
#include <cstdint>
#include <string>

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "net/tls_context.hpp"

namespace convoke::net {

using tcp_socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

enum class step : std::uint8_t { done, want_read, want_write, end, failed };

// What can be read from a stream at this moment.
enum class silence : std::uint8_t {
  quiet,    // nothing
  partial,  // a part of a TLS record: what it will be is not known yet
  data,     // bytes of an answer
  ended     // the peer has closed, or the stream is broken
};

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
  // Null without TLS.
  [[nodiscard]] const SSL* tls() const noexcept { return ssl_.get(); }

  // Without a limit the reader of a socket that is always ready would never return to the io_context. A turn is a number of bytes in and
  // out. When it is used up, every step reports that it must wait although the socket is ready, so that the io_context can run other
  // handlers.
  void new_turn() noexcept {
    turn_ = bytes_per_turn;
    turn_used_up_ = false;
  }
  [[nodiscard]] bool turn_used_up() const noexcept { return turn_used_up_; }
  // Bytes that came from the socket since it was connected, TLS's own included.
  [[nodiscard]] std::uint64_t received() const noexcept { return received_; }

  // At most `size` bytes; `count` says how many. `end`: the peer closed, cleanly or not.
  [[nodiscard]] step read(char* data, std::size_t size, std::size_t& count);
  [[nodiscard]] step write(const char* data, std::size_t size, std::size_t& count);

  // Reads only what carries no data, such as session tickets. One system call where nothing has come.
  [[nodiscard]] silence listen();
  // The same for what TLS has read ahead; the socket is not read.
  [[nodiscard]] silence left_over();

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
  [[nodiscard]] bool buffered() const noexcept;
  [[nodiscard]] silence peek();
  // recv and send within the turn: -1 and EAGAIN when it is used up.
  [[nodiscard]] std::ptrdiff_t receive(char* data, std::size_t size);
  [[nodiscard]] std::ptrdiff_t send(const char* data, std::size_t size);
  void spend(std::ptrdiff_t count) noexcept;

  static constexpr std::size_t bytes_per_turn = 64 * 1024;

  tcp_socket socket_;
  ssl_ptr ssl_;
  std::uint64_t received_ = 0;
  std::size_t turn_ = bytes_per_turn;
  bool turn_used_up_ = false;
  int errno_ = 0;
  bool eof_ = false;
  bool broken_ = false;
  std::string tls_reason_;
};

}  // namespace convoke::net
