#include "cli/proxies.hpp"

#include <string>
#include <string_view>
#include <utility>

#include "auth/auth.hpp"
#include "cli/secret_files.hpp"
#include "net/net.hpp"
#include "net/proxy.hpp"

namespace convoke::cli {
namespace {

// The name of a variable in upper or lower case: both are common, and the first one that is set is used.
std::optional<setting> either_case(const settings& from, std::string_view upper, std::string_view lower) {
  for (const auto name : {upper, lower})
    if (auto value = from.environment(name); !value.empty())
      return setting{.text = std::move(value), .source = std::string(name), .kind = source_kind::variable};
  return std::nullopt;
}

// Whether Graph and the authority are both reached without the proxy. The lane's URLs are valid.
bool is_unused(const lane_options& lane) {
  for (const auto& url : {lane.graph_url, lane.authority_url})
    if (const auto at = net::parse_endpoint(url, lane.allow_http); !at || !net::listed(lane.no_proxy, at->host, at->port)) return false;
  return true;
}

}  // namespace

std::optional<setting> proxy_of_environment(const settings& from) {
  return either_case(from, "HTTPS_PROXY", "https_proxy");
}

result<void> read_proxy(const settings& from, lane_options& lane) {
  // Programs that read these variables reach their own machine without a proxy.
  constexpr std::string_view this_machine = "localhost,127.0.0.0/8,::1";
  if (const auto direct = either_case(from, "NO_PROXY", "no_proxy")) lane.no_proxy = direct->text;
  const auto* given = from.find("proxy");
  const bool of_variable = given == nullptr || given->text.empty();
  auto chosen = of_variable ? proxy_of_environment(from) : std::optional(*given);
  if (of_variable) lane.no_proxy.append(",").append(this_machine);
  if (!chosen || chosen->text == "none" || (of_variable && is_unused(lane))) return {};
  if (const auto file = from.text("proxy-credentials-file"); !file.empty()) {
    if (const auto named = check_secret_file(from, "proxy-credentials-file"); !named) return named;
    auto read = auth::read_line_file(file, "proxy login file");
    if (!read) return std::unexpected(read.error());
    if (read->empty()) return fail(errc::credentials, "the proxy login file " + file + " is empty: it should hold USER:PASSWORD");
    lane.proxy_credentials = std::move(*read);
  }
  lane.proxy = secret(std::move(chosen->text));
  const auto valid = net::parse_proxy(lane.proxy.reveal(), lane.proxy_credentials.reveal());
  return valid ? result<void>() : fail(valid.error().code, chosen->named() + ": " + valid.error().message);
}

}  // namespace convoke::cli
