#include "ledger/postgres/url.hpp"

#include <libpq-fe.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string_view>

#include "core/text.hpp"
#include "ledger/open.hpp"

namespace convoke::ledger::postgres {
namespace {

struct free_options {
  void operator()(PQconninfoOption* options) const noexcept { PQconninfoFree(options); }
};
using parsed_options = std::unique_ptr<PQconninfoOption, free_options>;

std::string value_of(const parsed_options& options, std::string_view name) {
  for (const auto* option = options.get(); option->keyword != nullptr; ++option) {
    if (option->keyword == name) return option->val != nullptr ? option->val : "";
  }
  return {};
}

std::vector<std::string> split(const std::string& list) {
  std::vector<std::string> out;
  for (std::size_t begin = 0;;) {
    const auto end = list.find(',', begin);
    out.push_back(list.substr(begin, end - begin));
    if (end == std::string::npos) return out;
    begin = end + 1;
  }
}

std::unexpected<error> refuse(const std::string& url, const std::string& why) {
  return fail(errc::usage, "--ledger " + shown_ledger(url) + ": " + why);
}

bool digits_only(const std::string& text) {
  return std::ranges::all_of(text, core::ascii_digit);
}

// A list with fewer elements than there are hosts: a single one is for all of them.
const std::string& element(const std::vector<std::string>& list, std::size_t i) {
  return list[list.size() == 1 ? 0 : i];
}

bool local(const host_place& at) {
  if (at.host.starts_with('/') || at.host.starts_with('@')) return true;
  const auto& name = at.address.empty() ? at.host : at.address;
  return name.empty() || name == "localhost" || name == "::1" || name.starts_with("127.");
}

std::string or_environment(std::string value, const char* name) {
  if (!value.empty()) return value;
  const char* set = std::getenv(name);
  return set != nullptr ? set : "";
}

}  // namespace

result<parsed_url> parse_url(const std::string& url) {
  constexpr auto encode = "a password must be percent-encoded where it has other characters than letters, digits and -._~";
  // libpq's own message can hold a part of a password.
  char* message = nullptr;
  const parsed_options options(PQconninfoParse(url.c_str(), &message));
  PQfreemem(message);
  if (!options) return refuse(url, std::string("libpq does not understand this URL; check its parameters and their values; ") + encode);
  const auto hosts = split(value_of(options, "host")), addresses = split(value_of(options, "hostaddr")),
             ports = split(value_of(options, "port"));
  const auto in_a_password = [](const std::string& name) { return name.contains('@') && !name.starts_with('@'); };
  if (std::ranges::any_of(hosts, in_a_password) || in_a_password(value_of(options, "dbname")))
    return refuse(url, std::string("a host or the database has an @ in its name; ") + encode);
  if (!std::ranges::all_of(ports, digits_only)) return refuse(url, std::string("a port is not a number; ") + encode);
  const auto count = std::max(hosts.size(), addresses.size());
  const auto fits = [&](const std::vector<std::string>& list) { return list.size() == 1 || list.size() == count; };
  if (!fits(hosts) || !fits(addresses) || !fits(ports)) return refuse(url, "its hosts, addresses and ports do not go together");
  // libpq itself refuses it only when it connects.
  constexpr std::string_view ssl_modes[] = {"", "disable", "allow", "prefer", "require", "verify-ca", "verify-full"};
  if (std::ranges::find(ssl_modes, value_of(options, "sslmode")) == std::end(ssl_modes))
    return refuse(url, "its sslmode is none of disable, allow, prefer, require, verify-ca and verify-full; use verify-full");
  parsed_url out{.hosts = {}, .ssl_mode = value_of(options, "sslmode")};
  for (std::size_t i = 0; i < count; ++i) {
    out.hosts.push_back({.host = element(hosts, i), .address = element(addresses, i), .port = element(ports, i)});
  }
  return out;
}

std::vector<std::string> network_exposures(const std::string& url) {
  const auto parsed = parse_url(url);
  if (!parsed) return {};
  auto hosts = parsed->hosts;
  if (hosts.size() == 1 && hosts[0].host.empty() && hosts[0].address.empty()) {
    hosts[0].host = or_environment({}, "PGHOST");
    hosts[0].address = or_environment({}, "PGHOSTADDR");
  }
  const auto mode = or_environment(parsed->ssl_mode, "PGSSLMODE");
  if (mode == "verify-full" || std::ranges::all_of(hosts, local)) return {};
  return {"The connection to " + shown_ledger(url) +
          " does not check who answers (sslmode=" + (mode.empty() ? std::string("prefer") : core::escape_for_people(mode, 20)) +
          "): others on the network can read and change what is sent; add ?sslmode=verify-full&sslrootcert=FILE."};
}

}  // namespace convoke::ledger::postgres
