#include "net/proxy.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include <boost/asio/ip/address.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include <convoke/key.hpp>

#include "core/redact.hpp"
#include "core/text.hpp"

namespace convoke::net {
namespace {

namespace ip = boost::asio::ip;

// The scheme and `://` at the begin of a URL; empty where it has none. A password can have `://` too.
std::string_view scheme_of(std::string_view url) {
  const auto end = url.find("://");
  const auto part_of_scheme = [](char c) { return core::ascii_letter(c) || core::ascii_digit(c) || c == '+' || c == '-' || c == '.'; };
  if (end == std::string_view::npos || !std::ranges::all_of(url.substr(0, end), part_of_scheme)) return {};
  return url.substr(0, end + 3);
}

std::string with_scheme(std::string_view url) {
  return scheme_of(url).empty() ? "http://" + std::string(url) : std::string(url);
}

// Whether the part in front of the last `@` has a character that ends it: it would be taken for the end of the host's name.
bool has_special_in_login(std::string_view url) {
  const auto rest = url.substr(scheme_of(url).size());
  const auto end = rest.rfind('@');
  return end != std::string_view::npos && rest.find_first_of("/?#@") < end;
}

std::unexpected<error> refuse(std::string_view url, const std::string& why) {
  return fail(errc::usage, "the proxy '" + shown_proxy(url) + "' cannot be used: " + why);
}

// The value of Proxy-Authorization (RFC 7617): base64 with padding, in one allocation.
secret basic(std::string_view credentials) {
  constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  constexpr std::string_view scheme = "Basic ";
  std::string out;
  out.reserve(scheme.size() + (credentials.size() + 2) / 3 * 4);
  out += scheme;
  for (std::size_t i = 0; i < credentials.size(); i += 3) {
    const auto three = credentials.substr(i, 3);
    std::uint32_t bits = 0;
    for (std::size_t k = 0; k < 3; ++k) bits = bits << 8U | (k < three.size() ? static_cast<unsigned char>(three[k]) : 0U);
    for (std::size_t k = 0; k < 4; ++k) out += k <= three.size() ? letters[bits >> (18 - 6 * k) & 0x3FU] : '=';
  }
  return secret(std::move(out));
}

// `10.0.0.0/8` or `fd00::/8`.
bool in_range(std::string_view range, const ip::address& host) {
  const auto slash = range.find('/');
  unsigned length = 0;
  const auto text = range.substr(slash + 1);
  const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), length);
  boost::system::error_code wrong;
  const auto base = ip::make_address(range.substr(0, slash), wrong);
  if (wrong || bad != std::errc{} || end != text.data() + text.size() || base.is_v4() != host.is_v4()) return false;
  const auto same = [&](const auto& a, const auto& b) {
    if (length > 8 * a.size()) return false;
    for (std::size_t i = 0; i * 8 < length; ++i) {
      const unsigned kept = std::min<unsigned>(8, length - static_cast<unsigned>(i) * 8);
      const unsigned mask = 0xFFU << (8 - kept) & 0xFFU;
      if ((a[i] & mask) != (b[i] & mask)) return false;
    }
    return true;
  };
  return base.is_v4() ? same(base.to_v4().to_bytes(), host.to_v4().to_bytes()) : same(base.to_v6().to_bytes(), host.to_v6().to_bytes());
}

// An entry and the port behind it: `name:443`, `[::1]:443`, `[fd00::]/8`. An IPv6 address without brackets has no port.
struct entry {
  std::string name;
  std::optional<std::uint16_t> port;  // 0, which no host has, where it cannot be read
};

std::uint16_t port_of(std::string_view digits) {
  std::uint16_t port = 0;
  const auto [end, bad] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  return bad == std::errc{} && end == digits.data() + digits.size() ? port : 0;
}

entry split(std::string_view text) {
  if (const auto end = text.find(']'); text.starts_with('[') && end != std::string_view::npos) {
    const std::string inside(text.substr(1, end - 1));
    const auto behind = text.substr(end + 1);
    if (behind.empty()) return {.name = inside, .port = {}};
    if (behind.starts_with('/')) return {.name = inside + std::string(behind), .port = {}};
    return {.name = inside, .port = behind.starts_with(':') ? port_of(behind.substr(1)) : std::uint16_t{0}};
  }
  if (std::ranges::count(text, ':') != 1) return {.name = std::string(text), .port = {}};
  const auto colon = text.find(':');
  return {.name = std::string(text.substr(0, colon)), .port = port_of(text.substr(colon + 1))};
}

bool names(const entry& one, std::string_view host, std::uint16_t port) {
  if (one.port && *one.port != port) return false;
  std::string_view name = one.name;
  if (name == "*") return true;
  boost::system::error_code no_address;
  const auto address = ip::make_address(host, no_address);
  if (name.contains('/')) return !no_address && in_range(name, address);
  boost::system::error_code other;
  if (const auto listed_address = ip::make_address(name, other); !other) return !no_address && listed_address == address;
  if (!no_address) return false;  // nothing is below an address, as names are below a domain
  if (name.starts_with("*.")) name.remove_prefix(1);
  if (name.starts_with('.')) name.remove_prefix(1);
  if (name.ends_with('.')) name.remove_suffix(1);
  if (name.empty() || name.size() > host.size()) return false;
  if (!core::equal_ignoring_case(host.substr(host.size() - name.size()), name)) return false;
  return name.size() == host.size() || host[host.size() - name.size() - 1] == '.';
}

}  // namespace

std::string proxy::name() const {
  return (host.contains(':') ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::string proxy::shown(std::string_view text, std::size_t limit) const {
  const auto whole = login.reveal();
  const auto password = whole.substr(std::min(whole.find(':') + 1, whole.size()));
  auto encoded = authorization.reveal();
  encoded.remove_prefix(std::min(encoded.find(' ') + 1, encoded.size()));
  const auto clean = [&](std::string_view from) { return core::redact(core::redact(core::redact(from, encoded), whole), password); };
  // Redacted again, because the digits of an escape can complete a piece of the login.
  return clean(core::escape_for_people(clean(text), limit));
}

std::string shown_proxy(std::string_view url) {
  // Any other word may be the user's name, and what follows a password.
  constexpr std::array<std::string_view, 7> schemes{"http://",    "https://",  "socks://",  "socks4://",
                                                    "socks4a://", "socks5://", "socks5h://"};
  std::string out(url);
  const auto known = std::ranges::find(schemes, to_lower(scheme_of(url)));
  const auto from = known == schemes.end() ? 0 : known->size();
  if (const auto at = out.rfind('@'); at != std::string::npos && at >= from) out.replace(from, at - from, "…");
  return core::escape_for_people(out);
}

result<proxy> parse_proxy(std::string_view url, std::string_view credentials) {
  if (has_special_in_login(url))
    return refuse(url,
                  "its user name or password has one of the characters / ? # @; percent-encode them (%2F %3F %23 %40), or give "
                  "USER:PASSWORD as it is in a file with --proxy-credentials-file");
  const auto whole = with_scheme(url);
  const auto parsed = boost::urls::parse_uri({whole.data(), whole.size()});
  if (!parsed) return refuse(url, "it is not a URL; write it like http://proxy.example:3128, and percent-encode user and password");
  const auto scheme = to_lower(std::string_view(parsed->scheme()));
  if (scheme == "https")
    return refuse(url, "TLS to the proxy itself is not supported; write it with http://, the tunnel is encrypted anyway");
  if (scheme != "http") return refuse(url, "only HTTP proxies are supported; it must begin with http://");
  if (parsed->has_query() || parsed->has_fragment() || (!parsed->encoded_path().empty() && parsed->encoded_path() != "/"))
    return refuse(url, "a proxy has no path or query");
  proxy out;
  out.host = parsed->host_type() == boost::urls::host_type::ipv6 ? parsed->host_ipv6_address().to_string()
                                                                 : to_lower(std::string_view(parsed->encoded_host()));
  const auto host_valid = [](char c) {
    return core::ascii_letter(c) || core::ascii_digit(c) || c == '.' || c == '-' || c == '_' || c == ':';
  };
  if (out.host.empty() || !std::ranges::all_of(out.host, host_valid)) return refuse(url, "it names no host");
  if (parsed->has_port() && !parsed->port().empty()) {
    const std::string_view text = parsed->port();
    const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), out.port);
    if (bad != std::errc{} || end != text.data() + text.size() || out.port == 0) return refuse(url, "its port is not between 1 and 65535");
  }
  if (!credentials.empty()) {
    if (!credentials.contains(':')) return refuse(url, "the credentials for it are not USER:PASSWORD");
    out.login = secret(std::string(credentials));
  } else if (parsed->has_userinfo()) {
    out.login = secret(parsed->user() + ":" + parsed->password());
  }
  if (!out.login.empty()) out.authorization = basic(out.login.reveal());
  return out;
}

bool listed(std::string_view list, std::string_view host, std::uint16_t port) {
  while (!list.empty()) {
    const auto end = std::min(list.find_first_of(", \t"), list.size());
    const auto text = list.substr(0, end);
    list.remove_prefix(std::min(end + 1, list.size()));
    if (!text.empty() && names(split(text), host, port)) return true;
  }
  return false;
}

}  // namespace convoke::net
