#include <algorithm>
#include <charconv>

#include <boost/asio/ip/address.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include <convoke/key.hpp>

#include "core/text.hpp"
#include "net/address.hpp"
#include "net/net.hpp"

namespace convoke::net {
namespace {

// Messages quote the URL: control characters are escaped and a password is left out.
std::string quoted(std::string_view url) {
  std::string shown(url);
  const auto slashes = shown.find("//");
  const auto from = slashes == std::string::npos ? 0 : slashes + 2;
  if (const auto at = shown.substr(0, shown.find_first_of("/?#", from)).rfind('@'); at != std::string::npos && at >= from)
    shown.replace(from, at - from, "…");
  return "'" + core::escape_for_people(shown) + "'";
}

bool plain_host(std::string_view host) {
  return !host.empty() && host.size() <= 253 && std::ranges::all_of(host, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
  });
}

result<std::uint16_t> port_of(const boost::urls::url_view& url, bool tls) {
  if (url.port().empty()) return static_cast<std::uint16_t>(tls ? 443 : 80);
  const std::string_view text = url.port();
  unsigned value = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (ec != std::errc{} || end != text.data() + text.size() || value == 0 || value > 65535)
    return fail(errc::usage, "the port " + std::string(text.substr(0, 20)) + " is not between 1 and 65535");
  return static_cast<std::uint16_t>(value);
}

result<std::string> host_of(const boost::urls::url_view& url) {
  if (url.host_type() == boost::urls::host_type::ipv6) return url.host_ipv6_address().to_string();
  std::string host = to_lower(std::string_view(url.encoded_host()));
  if (host.ends_with('.')) host.pop_back();
  if (host.empty()) return fail(errc::usage, "it names no host");
  if (!plain_host(host)) return fail(errc::usage, "its host has characters that no host name has");
  return host;
}

// Whether http may be used.
enum class clear_text : std::uint8_t { never, to_loopback, to_metadata };

result<void> check_scheme(endpoint& of, clear_text allowed) {
  if (allowed == clear_text::to_metadata) {
    of.link_local = link_local_address(of.host);
    if (of.tls || (!of.link_local && !loopback_name(of.host)))
      return fail(errc::usage, "a managed identity's endpoint is http on this machine or at 169.254.x.y");
    return {};
  }
  if (of.tls) return {};
  if (allowed == clear_text::never)
    return fail(errc::usage, "http sends the token in clear; use https (--allow-http is for tests on this machine)");
  if (!loopback_name(of.host)) return fail(errc::usage, "http is allowed only to this machine (127.0.0.0/8, [::1], localhost); use https");
  return {};
}

result<endpoint> parse(std::string_view text, clear_text allowed) {
  const auto parsed = boost::urls::parse_uri({text.data(), text.size()});
  if (!parsed) return fail(errc::usage, "it is not a URL; write it like https://graph.microsoft.com");
  const auto& url = *parsed;
  endpoint out;
  const auto scheme = to_lower(std::string_view(url.scheme()));
  if (scheme != "https" && scheme != "http") return fail(errc::usage, "it does not begin with https://");
  if (!url.has_authority()) return fail(errc::usage, "it names no host");
  if (url.has_userinfo()) return fail(errc::usage, "a user name or password in it is not used: leave it out");
  if (url.has_query() || url.has_fragment()) return fail(errc::usage, "it has a query or fragment: leave it out");
  out.tls = scheme == "https";
  auto host = host_of(url);
  if (!host) return std::unexpected(host.error());
  out.host = std::move(*host);
  const auto port = port_of(url, out.tls);
  if (!port) return std::unexpected(port.error());
  out.port = *port;
  out.base_path = std::string(std::string_view(url.encoded_path()));
  // Boost.URL 1.81 takes `127.0.0.1.example` for the address 127.0.0.1 with the path `.example`: it must not count as loopback.
  if (!out.base_path.empty() && !safe_target(out.base_path))
    return fail(errc::usage, "its host begins like an address and goes on as something else");
  while (out.base_path.ends_with('/')) out.base_path.pop_back();
  if (const auto valid = check_scheme(out, allowed); !valid) return std::unexpected(valid.error());
  out.host_header = out.host.contains(':') ? "[" + out.host + "]" : out.host;
  if (out.port != (out.tls ? 443 : 80)) out.host_header += ":" + std::to_string(out.port);
  return out;
}

}  // namespace

bool loopback_name(std::string_view host) noexcept {
  if (host == "localhost") return true;
  boost::system::error_code ec;
  const auto address = boost::asio::ip::make_address(host, ec);
  return !ec && address.is_loopback();
}

bool link_local_address(std::string_view host) noexcept {
  boost::system::error_code ec;
  const auto address = boost::asio::ip::make_address_v4(host, ec);
  return !ec && (address.to_uint() >> 16U) == 0xA9FEU;
}

static result<endpoint> parse_or_explain(std::string_view url, clear_text allowed) {
  auto parsed = parse(url, allowed);
  if (!parsed) return fail(errc::usage, "the address " + quoted(url) + " cannot be used: " + parsed.error().message);
  return parsed;
}

result<endpoint> parse_endpoint(std::string_view url, bool allow_http) {
  return parse_or_explain(url, allow_http ? clear_text::to_loopback : clear_text::never);
}

result<endpoint> parse_metadata_endpoint(std::string_view url) {
  return parse_or_explain(url, clear_text::to_metadata);
}

bool safe_header_value(std::string_view text) noexcept {
  // No early exit: this runs over every token of every request, and a loop without one is vectorised.
  bool safe = true;
  for (const char c : text) safe = static_cast<bool>(static_cast<int>(safe) & static_cast<int>(c >= 0x20) & static_cast<int>(c <= 0x7e));
  return safe;
}

bool safe_target(std::string_view text) noexcept {
  return text.starts_with('/') && std::ranges::all_of(text, [](char c) { return c > 0x20 && c <= 0x7e && c != '#'; });
}

}  // namespace convoke::net
