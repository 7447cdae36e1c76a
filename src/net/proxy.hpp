#pragma once

// HTTP proxies that make tunnels (CONNECT, RFC 9110, section 9.3.6), and the hosts that are reached without one.

#include <memory>
#include <string>
#include <string_view>

#include <convoke/error.hpp>
#include <convoke/secret.hpp>

#include "net/net.hpp"

namespace convoke::net {

struct proxy {
  std::string host;  // without brackets for IPv6
  std::uint16_t port = 80;
  secret authorization;  // the value of Proxy-Authorization; empty: none
  secret login;          // USER:PASSWORD, from which it was made

  // host:port, for messages. The user is left out.
  [[nodiscard]] std::string name() const;
  // What the proxy says, for people: on one line, at most `limit` characters, with `***` for the login where the proxy quotes it.
  [[nodiscard]] std::string shown(std::string_view text, std::size_t limit) const;
};

// `http://[USER:PASSWORD@]HOST:PORT`, also without `http://`. User and password are percent-decoded. `credentials`: `USER:PASSWORD` from
// elsewhere; it comes before the URL's. errc::usage with the reason, and without user and password.
[[nodiscard]] result<proxy> parse_proxy(std::string_view url, std::string_view credentials = {});
// The URL without user and password, for people: without everything up to the last `@`, except for a scheme of a proxy.
[[nodiscard]] std::string shown_proxy(std::string_view url);

// Whether a list names the host, as NO_PROXY does: names separated by commas or blanks, each of which also stands for the names below it
// (`graph.microsoft.com`, `.contoso.com`, `*.contoso.com`); addresses; ranges of addresses (`10.0.0.0/8`, `fd00::/8`); `*` for every host.
// `:PORT` behind a name restricts it to that port. What cannot be read names nothing.
[[nodiscard]] bool listed(std::string_view list, std::string_view host, std::uint16_t port);

}  // namespace convoke::net
