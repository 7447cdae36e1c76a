#pragma once

#include <ostream>
#include <string>

#include <boost/asio/as_tuple.hpp>

#include "net/net.hpp"
#include "net/support/server.hpp"

namespace convoke::net {

inline std::ostream& operator<<(std::ostream& out, failure f) {
  static constexpr const char* names[] = {"none",      "connect",   "tls",       "timeout",         "closed",   "stale",
                                          "truncated", "too_large", "malformed", "local_resources", "cancelled"};
  return out << names[static_cast<std::size_t>(f)];
}

}  // namespace convoke::net

namespace convoke::test {

using namespace std::chrono_literals;
using net::failure;

inline const std::string post = "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}";

// A context, a server in it, and a connection to it.
struct talk {
  explicit talk(std::vector<script> scripts, net::limits l = {})
      : server(context, std::move(scripts)), link(context.get_executor(), server.address(), tls, l) {}

  net::outcome connect(std::chrono::nanoseconds limit = 5s) { return run(context, link.connect(limit)); }
  net::outcome exchange(std::chrono::nanoseconds limit = 5s, const std::string& request = post) {
    return run(context, link.exchange(request, answer, limit));
  }
  // Connects where that is needed, as a caller does.
  net::outcome call(std::chrono::nanoseconds limit = 5s) {
    if (!link.usable()) {
      auto connected = connect();
      if (connected.what != failure::none) return connected;
    }
    return exchange(limit);
  }

  boost::asio::io_context context{1};
  net::tls_context tls = net::tls_context::create({}).value();
  server server;
  net::connection link;
  net::response answer;
};

}  // namespace convoke::test
