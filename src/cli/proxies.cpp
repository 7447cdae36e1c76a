#include "cli/proxies.hpp"

#include <string>
#include <string_view>

#include "auth/auth.hpp"
#include "net/proxy.hpp"

namespace convoke::cli {
namespace {

// The name of a variable in upper or lower case: both are common, and the first one that is set is used.
std::string either_case(const settings& from, std::string_view upper, std::string_view lower) {
  auto out = from.environment(upper);
  return out.empty() ? from.environment(lower) : out;
}

}  // namespace

result<void> read_proxy(const settings& from, lane_options& lane) {
  // Programs that read these variables reach their own machine without a proxy.
  constexpr std::string_view this_machine = "localhost,127.0.0.0/8,::1";
  auto url = from.text("proxy");
  lane.no_proxy = either_case(from, "NO_PROXY", "no_proxy");
  if (url.empty()) {
    url = either_case(from, "HTTPS_PROXY", "https_proxy");
    lane.no_proxy.append(",").append(this_machine);
  }
  if (url.empty() || url == "none") return {};
  if (const auto file = from.text("proxy-credentials-file"); !file.empty()) {
    auto read = auth::read_secret_file(file);
    if (!read) return std::unexpected(read.error());
    lane.proxy_credentials = std::move(*read);
  }
  lane.proxy = secret(std::move(url));
  const auto valid = net::parse_proxy(lane.proxy.reveal(), lane.proxy_credentials.reveal());
  return valid ? result<void>() : std::unexpected(valid.error());
}

}  // namespace convoke::cli
