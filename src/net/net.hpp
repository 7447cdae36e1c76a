#pragma once

// TLS connections that carry HTTP/1.1 exchanges one after the other. Beast and OpenSSL stay behind this header.
// Everything here runs on the one thread of its io_context.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include <convoke/error.hpp>
#include <convoke/time.hpp>

#include "os/clock.hpp"

namespace convoke::net {

using os::boot_now;
using os::wall_now;

struct proxy;  // net/proxy.hpp

// A parsed and checked root: https, or http where the caller allowed it and the host is loopback or, for the endpoint of a managed
// identity, link-local.
struct endpoint {
  bool tls = true;
  bool link_local = false;  // clear text may go to an address of this link (169.254.0.0/16), as to loopback
  std::string host;         // as for SNI and the Host header, without brackets for IPv6
  std::uint16_t port = 443;
  std::string base_path;    // without trailing slash, may be empty
  std::string host_header;  // host[:port], brackets for IPv6
  // Addresses to connect to in place of what `host` resolves to; empty: look `host` up.
  std::vector<std::string> dial;
  // Through this proxy; null: directly. Only with tls.
  std::shared_ptr<const proxy> through;
};
// errc::usage with the reason: another scheme, user info, query, http to a host that is not loopback or without allow_http.
[[nodiscard]] result<endpoint> parse_endpoint(std::string_view url, bool allow_http);
// Where a managed identity gets its tokens: http to a loopback name or address, or to an address in 169.254.0.0/16.
[[nodiscard]] result<endpoint> parse_metadata_endpoint(std::string_view url);

// One TLS context per thread: TLS 1.2+, peer verified against ca_file (else the system's), no renegotiation, sessions reused.
class tls_context {
 public:
  [[nodiscard]] static result<tls_context> create(const std::string& ca_file);  // errc::usage naming the file
  tls_context(tls_context&&) noexcept;
  ~tls_context();
  struct impl;
  impl& get() noexcept { return *impl_; }

 private:
  explicit tls_context(std::unique_ptr<impl>);
  std::unique_ptr<impl> impl_;
};

enum class failure : std::uint8_t {
  none,
  connect,
  proxy_login,  // the proxy on the way does not accept the user name and password, or requires them
  tls,
  timeout,
  closed,
  // The connection could not be used, which says nothing about the call: a reused connection closed before the first byte of an answer; or
  // nothing was sent, because the peer had closed the connection or bytes had come on it that belong to no request.
  stale,
  truncated,
  too_large,
  malformed,
  local_resources,
  cancelled
};

struct limits {
  std::size_t header = 64 * 1024;
  std::size_t body = 1024 * 1024;
  bool sensitive = false;  // what was read is overwritten after use: for token answers
};

// What came back. Views live until the connection's next exchange or end.
struct response {
  int status = 0;  // after a failure: set only where the whole header has come; a status is meaningful although the body is cut
  std::string_view body;
  std::string_view date, request_id, client_request_id, throttle_scope;
  std::vector<std::string_view> retry_after;  // every Retry-After line
  bool keep_alive = false;
};

struct outcome {
  failure what = failure::none;
  std::string message;  // for people, set where what != none
  bool sent = true;     // false: no byte of the request was given to the network, so the call may be made again at no risk
};

// Whether a look-up of this io_context is under way in the system. It cannot be stopped.
[[nodiscard]] bool lookups_under_way(boost::asio::io_context& context);

// One connection. Not reentrant: one operation at a time, and it must outlive the operation that is under way (close() ends it).
// The executor must be an io_context's, run by one thread.
class connection {
 public:
  connection(boost::asio::any_io_executor, const endpoint&, tls_context&, limits = {});
  ~connection();
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;

  // Looks the name up (net/name_cache.hpp), connects to one of its addresses, trying all of them, and does the TLS handshake, all within
  // `limit`.
  boost::asio::awaitable<outcome> connect(std::chrono::nanoseconds limit);
  // False after the peer closed while idle (a peek: end of file or unexpected data), when idle for 30 s, or when never connected.
  [[nodiscard]] bool usable() noexcept;
  [[nodiscard]] bool reused() const noexcept;  // has carried an answer
  // Writes `request` (a complete HTTP/1.1 request: the caller serialises it) and reads one final response (interim 1xx skipped,
  // 5 at most) into `into`. Any failure, timeout or cancellation closes the connection: it is not used again.
  // An answer is bound to its request: where anything can be read before the first byte is written, nothing is sent (`stale`). A
  // success (2xx) that begins before the whole request is written is not an answer to it (`malformed`). What comes after the answer closes
  // the connection. The raw bytes of an answer, with chunk framing and interim answers, are bounded: see reader::most_bytes.
  // The write is initiated before the coroutine first suspends.
  // `body`: the largest body of this answer, in bytes, in place of limits::body; absent: that one.
  boost::asio::awaitable<outcome> exchange(std::string_view request, response& into, std::chrono::nanoseconds limit,
                                           std::optional<std::size_t> body = {});
  void close() noexcept;

 private:
  friend class prober;  // net/probe.hpp: looks at the certificate
  struct impl;
  std::unique_ptr<impl> impl_;
};

// True where `text` may stand in a header value or a target: visible ASCII (and blank in values). Beast does not check.
[[nodiscard]] bool safe_header_value(std::string_view text) noexcept;
[[nodiscard]] bool safe_target(std::string_view text) noexcept;

}  // namespace convoke::net
