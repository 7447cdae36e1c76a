#include "net/stream.hpp"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <string_view>

#include <openssl/err.h>
#include <sys/socket.h>

namespace convoke::net {
namespace {

constexpr std::size_t least_cost = 256;  // of a turn: a system call costs as much as this many bytes

int clamp(std::size_t size) {
  return static_cast<int>(std::min<std::size_t>(size, INT_MAX));
}

}  // namespace

// OpenSSL's own socket BIO writes without MSG_NOSIGNAL and loses errno; this one does neither.
BIO_METHOD* stream::bio_method() {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "convoke socket");
    BIO_meth_set_read(m, &stream::bio_read);
    BIO_meth_set_write(m, &stream::bio_write);
    BIO_meth_set_ctrl(m, &stream::bio_ctrl);
    return m;
  }();
  return method;
}

void stream::spend(std::ptrdiff_t count) noexcept {
  turn_ -= std::min(turn_, std::max(least_cost, static_cast<std::size_t>(count)));
}

std::ptrdiff_t stream::receive(char* data, std::size_t size) {
  if (turn_ == 0) {
    turn_used_up_ = true;
    errno = EAGAIN;
    return -1;
  }
  ssize_t n = 0;
  do n = ::recv(socket_.native_handle(), data, size, MSG_DONTWAIT);
  while (n < 0 && errno == EINTR);
  if (n > 0) {
    spend(n);
    received_ += static_cast<std::uint64_t>(n);
  }
  return n;
}

std::ptrdiff_t stream::send(const char* data, std::size_t size) {
  if (turn_ == 0) {
    turn_used_up_ = true;
    errno = EAGAIN;
    return -1;
  }
  ssize_t n = 0;
  do n = ::send(socket_.native_handle(), data, size, MSG_DONTWAIT | MSG_NOSIGNAL);
  while (n < 0 && errno == EINTR);
  if (n > 0) spend(n);
  return n;
}

int stream::bio_read(BIO* bio, char* data, int size) {
  auto* self = static_cast<stream*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  const auto n = self->receive(data, static_cast<std::size_t>(size));
  if (n == 0) self->eof_ = true;
  if (n < 0) {
    if (errno == EAGAIN)
      BIO_set_retry_read(bio);
    else
      self->errno_ = errno;
  }
  return static_cast<int>(n);
}

int stream::bio_write(BIO* bio, const char* data, int size) {
  auto* self = static_cast<stream*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  const auto n = self->send(data, static_cast<std::size_t>(size));
  if (n < 0) {
    if (errno == EAGAIN)
      BIO_set_retry_write(bio);
    else
      self->errno_ = errno;
  }
  return static_cast<int>(n);
}

long stream::bio_ctrl(BIO*, int command, long, void*) {
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

bool stream::start_tls(ssl_ptr ssl, bool sensitive) {
  BIO* bio = ssl ? BIO_new(bio_method()) : nullptr;
  if (!bio) return false;
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl.get(), bio, bio);
  if (sensitive) SSL_set_options(ssl.get(), SSL_OP_CLEANSE_PLAINTEXT);
  ssl_ = std::move(ssl);
  return true;
}

step stream::understand(int returned) {
  switch (SSL_get_error(ssl_.get(), returned)) {
    case SSL_ERROR_WANT_READ:
      return step::want_read;
    case SSL_ERROR_WANT_WRITE:
      return step::want_write;
    case SSL_ERROR_ZERO_RETURN:
      return step::end;
    default:
      broken_ = true;
      if (eof_ && errno_ == 0) {
        ERR_clear_error();
        return step::end;
      }
      if (errno_ == 0)
        tls_reason_ = openssl_reason();
      else
        ERR_clear_error();
      return step::failed;
  }
}

step stream::raw(std::ptrdiff_t returned, std::size_t& count) {
  if (returned > 0) {
    count = static_cast<std::size_t>(returned);
    return step::done;
  }
  if (returned == 0) return step::end;
  errno_ = errno;
  return step::failed;
}

step stream::handshake() {
  ERR_clear_error();
  const int returned = SSL_do_handshake(ssl_.get());
  return returned == 1 ? step::done : understand(returned);
}

step stream::read(char* data, std::size_t size, std::size_t& count) {
  count = 0;
  if (ssl_) {
    ERR_clear_error();
    const int returned = SSL_read(ssl_.get(), data, clamp(size));
    if (returned <= 0) return understand(returned);
    count = static_cast<std::size_t>(returned);
    return step::done;
  }
  const auto n = receive(data, size);
  return n < 0 && errno == EAGAIN ? step::want_read : raw(n, count);
}

step stream::write(const char* data, std::size_t size, std::size_t& count) {
  count = 0;
  if (ssl_) {
    ERR_clear_error();
    const int returned = SSL_write(ssl_.get(), data, clamp(size));
    if (returned <= 0) return understand(returned);
    count = static_cast<std::size_t>(returned);
    return step::done;
  }
  const auto n = send(data, size);
  return n < 0 && errno == EAGAIN ? step::want_write : raw(n, count);
}

// Whether OpenSSL holds bytes that it has not handed out: whole records, or the beginning of one. The five bytes of a record's header
// are no longer in its buffer once they are parsed; only its state shows them.
bool stream::buffered() const noexcept {
  return SSL_has_pending(ssl_.get()) == 1 || std::string_view(SSL_rstate_string(ssl_.get())) == "RB";
}

// Only TLS can say whether bytes are a ticket (which is processed here), an alert, or data.
silence stream::peek() {
  char byte = 0;
  ERR_clear_error();
  const int returned = SSL_peek(ssl_.get(), &byte, 1);
  if (returned > 0) return silence::data;
  if (understand(returned) != step::want_read) return silence::ended;
  return turn_used_up_ || buffered() ? silence::partial : silence::quiet;
}

silence stream::listen() {
  if (!socket_.is_open() || broken_) return silence::ended;
  char byte = 0;
  ssize_t n = 0;
  do n = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  while (n < 0 && errno == EINTR);
  if (n < 0 && errno != EAGAIN) errno_ = errno;
  if (n == 0 || (n < 0 && errno != EAGAIN)) return silence::ended;
  if (!ssl_) return n > 0 ? silence::data : silence::quiet;
  return n > 0 || buffered() ? peek() : silence::quiet;
}

silence stream::left_over() {
  return ssl_ && buffered() ? peek() : silence::quiet;
}

std::string stream::reason() const {
  if (errno_ != 0) return boost::system::error_code(errno_, boost::system::system_category()).message();
  return tls_reason_.empty() ? "connection closed by the peer" : tls_reason_;
}

void stream::close() noexcept {
  new_turn();
  if (ssl_) {
    // Without this OpenSSL takes the session for damaged and would not resume it.
    if (!broken_ && SSL_is_init_finished(ssl_.get()) == 1) {
      if (SSL_shutdown(ssl_.get()) < 0) ERR_clear_error();
      SSL_set_shutdown(ssl_.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    }
    ssl_.reset();
  }
  boost::system::error_code ignored;
  socket_.close(ignored);
  errno_ = 0;
  received_ = 0;
  eof_ = broken_ = false;
}

}  // namespace convoke::net
